"""What a protocol does for an upstream, and what all write alike."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from upstreams.script import Json, Refusal, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as a protocol reads it."""

    number: int
    """Which one of the upstream it is, from 1."""
    headers: Sequence[tuple[str, str]]
    """Names in lower case."""
    body: Json


class Wire(Protocol):
    """One protocol."""

    path: str
    """Where it is spoken."""

    def check(self, request: Request) -> Sequence[Json]:
        """Refuse a malformed request; returns the conversation that the model reads.

        Raises:
            MalformedError: The provider would answer with HTTP 400.
        """
        ...

    def whole(self, turn: Turn, request: Request) -> Json:
        """Write an answer in one piece."""
        ...

    def frames(self, turn: Turn, request: Request) -> Iterator[bytes]:
        """Write the events of an answer."""
        ...

    def ping(self) -> bytes:
        """Write what keeps a stream alive."""
        ...

    def error(self, refusal: Refusal) -> Json:
        """Write the body of an error."""
        ...

    def error_frame(self, refusal: Refusal) -> bytes:
        """Write an error in the middle of a stream."""
        ...


def event(data: Json, name: str = "") -> bytes:
    """Write an event, its characters as they are."""
    named = f"event: {name}\n" if name else ""
    return f"{named}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def chunks(text: str, size: int) -> Iterator[str]:
    """Cut a text into pieces of some characters."""
    for start in range(0, len(text), size):
        yield text[start : start + size]


def object_of(text: str) -> Json | None:
    """Read a JSON object; `None` when it is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
