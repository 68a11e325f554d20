"""What differs between the providers' protocols, and what does not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from headroom_langchain.testing.servers.query import Json, Query, Received
    from headroom_langchain.testing.servers.reply import Failure, Reply, ToolUse

CREATED = 1_700_000_000
"""When every answer was made, in seconds since 1970: tests have no clock."""


class Dialect(Protocol):
    """One protocol: how requests are read and answers written.

    `number` counts the requests of a server from 1; ids are made of it.
    """

    path: str
    """Where it is spoken; `*` stands for any text."""

    stream_type: str = "text/event-stream; charset=utf-8"
    """The content type of a stream."""

    def read(self, received: Received) -> Query:
        """Read a request."""
        ...

    def whole(self, reply: Reply, query: Query, number: int) -> Json:
        """Write the answer to a request that asked for no stream."""
        ...

    def events(self, reply: Reply, query: Query, number: int) -> Iterator[bytes]:
        """Write the events of an answer, one frame each."""
        ...

    def error(self, failure: Failure) -> Json:
        """Write the body of an HTTP error."""
        ...

    def error_headers(self, failure: Failure) -> Mapping[str, str]:
        """Return what the headers of an HTTP error say of it."""
        return dict(failure.headers)

    def error_event(self, failure: Failure) -> bytes:
        """Write the event of an error in the middle of a stream."""
        ...


def dump(value: Json) -> str:
    """Write JSON the way the providers do: compact, no escapes beyond need."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def frame(data: Json, event: str | None = None) -> bytes:
    """Write one server-sent event."""
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {dump(data)}\n\n".encode()


def pieces(text: str, size: int) -> Iterator[str]:
    """Cut a text into deltas of `size` characters."""
    for start in range(0, len(text), size):
        yield text[start : start + size]


def arguments(call: ToolUse) -> str:
    """Return the arguments of a call as JSON text."""
    return call.args if isinstance(call.args, str) else dump(call.args)


def text_of(content: object) -> str:
    """Return the text of a message's content, whatever shape it has.

    Args:
        content: A string, a list of blocks, or None.
    """
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        inner: Any = content.get("text", content.get("content", ""))
        return text_of(inner)
    if isinstance(content, list):
        return "\n".join(filter(None, map(text_of, content)))
    return ""
