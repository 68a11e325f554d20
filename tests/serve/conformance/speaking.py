"""A conversation in words that are the same for all protocols, and who leads it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, TypeAlias

Asked: TypeAlias = dict[str, Any]
"""What a client's method is called with."""

How: TypeAlias = Literal["stream", "whole"]
"""Whether an answer is asked for as a stream, or in one piece."""

TOOLS: Final = ("look", "Read")
SCHEMA: Final = {"type": "object", "properties": {"at": {"type": "string"}}}


def rows(count: int = 80, first: int = 0) -> str:
    """Return what a tool writes: many records, of which one is odd."""
    made = [
        {"id": n, "name": f"host-{n}", "state": "ok", "sum": _digest(n)}
        for n in range(first, first + count)
    ]
    made[count // 2]["state"] = f"lost-{first}"
    return json.dumps(made)


def secret(first: int = 0) -> str:
    """Return what stands in a row of `rows` that its excerpt does not show.

    The row has the name `host-44`, if the first is 0.
    """
    return _digest(first + 44)


def _digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An answer, in words that are the same for all protocols."""

    text: str
    calls: tuple[tuple[str, str, Any], ...]
    """Of each call its id, the tool, and the arguments."""
    stop: str
    """`end`, `call` or `length`."""
    usage: tuple[int, int] | None
    """Tokens read and written."""
    id: str
    whole: Any
    """The client's own object."""
    events: tuple[Any, ...] = ()
    """The client's own events, of a stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a tool of the client wrote, in a conversation that begins."""

    text: str = field(default_factory=rows)
    tool: str = "look"


class Speaker(Protocol):
    """A client of a provider, and how its users go on."""

    name: str
    path: str
    first_text: int
    """Which event of an upstream's stream comes behind the first piece of text."""
    errors: tuple[type[Exception], ...]
    """What the client raises for an answer that went wrong."""

    def begin(self, *results: Result, **more: Any) -> Asked:
        """Write a request: a question, calls of tools, their results."""
        ...

    def ask(self, asked: Asked, how: How) -> Heard:
        """Ask, and read the answer to its end."""
        ...

    def opened(self, asked: Asked) -> Any:
        """Ask for a stream; a context manager of the client's events."""
        ...

    def text_of(self, event: Any) -> str:
        """Return the text of an event of a stream."""
        ...

    def go_on(
        self,
        asked: Asked,
        heard: Heard,
        *,
        say: str | None = None,
        results: Mapping[str, str] | None = None,
    ) -> Asked:
        """Write the next request."""
        ...
