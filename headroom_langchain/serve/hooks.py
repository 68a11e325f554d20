"""Hooks into streams: told of their start, headers, chunks, errors and end.

Whatever happens, a stream that started ends: `on_end` is called once for each
`on_start`, after `on_error` if there was one. A hook that fails is logged, and the
stream goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Final, Protocol

from headroom_langchain.serve.handled import Outcome
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.encodings import Decode, decoder_of
from headroom_langchain.serve.wire.headers import Headers
from headroom_langchain.serve.wire.problems import Problem

_log: Final = logging.getLogger("headroom_langchain.serve")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A stream that begins."""

    id: str
    """The id of the request, which is that of the log."""
    dialect: str
    """`messages`, `chat` or `responses`; empty for what is passed on unread."""
    path: str
    model: str
    """The model that the client names; empty where it was not read."""
    at: float
    """When the request came, in seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEnd:
    """A stream that is over."""

    status: int
    """The status that the client got; 0 when it got none."""
    outcome: Outcome
    seconds: float
    first_byte: float | None
    """Seconds to the first byte; `None` when there was none."""
    chunks: int
    """Pieces that were sent."""
    bytes: int
    rounds: int
    """Requests that were made of it."""
    usage: Json | None
    """What the provider counted over all rounds; `None` where it was not read."""


class StreamAdapter(Protocol):
    """Makes another format of a stream."""

    @property
    def content_type(self) -> str:
        """What the client is told it gets."""
        ...

    def feed(self, data: bytes) -> bytes:
        """Take in bytes of the stream; returns what the client gets for them."""
        ...

    def end(self) -> bytes:
        """Return what stands at the end."""
        ...


class StreamHooks:
    """What can be done about a stream; each method may be `async` as well."""

    def on_start(self, stream: Stream) -> Awaitable[None] | None:
        """A client wants a stream."""

    def on_headers(
        self, stream: Stream, status: int, headers: Headers
    ) -> Awaitable[StreamAdapter | None] | StreamAdapter | None:
        """The upstream has answered; an adapter changes the format of the answer.

        It is not called when this server answers in the upstream's place, since that
        one was not reached. The first adapter that a hook returns is taken.
        """

    def on_chunk(self, stream: Stream, data: bytes) -> Awaitable[None] | None:
        """The client is sent bytes: whole events, unless it is a stream unread."""

    def on_error(self, stream: Stream, problem: Problem) -> Awaitable[None] | None:
        """Something went wrong."""

    def on_end(self, stream: Stream, end: StreamEnd) -> Awaitable[None] | None:
        """It is over, however it ended."""


def wants_stream(body: Json | None, headers: Headers) -> bool:
    """Tell whether a client wants a stream.

    Args:
        body: The body of its request, when it is a JSON object.
        headers: Its headers, which decide only when the body does not.
    """
    flag = None if body is None else body.get("stream")
    if isinstance(flag, bool):
        return flag
    accepted = (value for name, value in headers if name.lower() == b"accept")
    return any(b"text/event-stream" in value.lower() for value in accepted)


class HookedStream:
    """The hooks of one stream."""

    def __init__(self, hooks: Sequence[StreamHooks], stream: Stream) -> None:
        """Watch over a stream."""
        self._hooks = hooks
        self._stream = stream
        self._adapter: StreamAdapter | None = None
        self._decode: Decode = bytes

    async def start(self) -> None:
        """Tell that it starts."""
        await self._tell("on_start")

    async def headers(self, status: int, headers: Headers) -> Headers:
        """Tell of the answer's head; returns the headers for the client."""
        said = await self._tell("on_headers", status, headers)
        adapter = next((one for one in said if one is not None), None)
        if adapter is None:
            return headers
        decode = decoder_of(headers)
        if decode is None:
            _log.warning("a stream is encoded in a way that no adapter can read")
            return headers
        self._adapter, self._decode = adapter, decode
        dropped = (b"content-type", b"content-length", b"content-encoding")
        kept = [(name, value) for name, value in headers if name not in dropped]
        return [*kept, (b"content-type", adapter.content_type.encode("latin-1"))]

    async def chunk(self, data: bytes) -> bytes:
        """Tell of bytes; returns those for the client."""
        if self._adapter is not None:
            data = self._adapter.feed(self._decode(data))
        if data:
            await self._tell("on_chunk", data)
        return data

    async def last(self) -> bytes:
        """Return what an adapter puts at the end."""
        data = b"" if self._adapter is None else self._adapter.end()
        if data:
            await self._tell("on_chunk", data)
        return data

    async def error(self, problem: Problem) -> None:
        """Tell that something went wrong."""
        await self._tell("on_error", problem)

    async def end(self, end: StreamEnd) -> None:
        """Tell that it is over."""
        await self._tell("on_end", end)

    async def _tell(self, method: str, *arguments: Any) -> list[Any]:
        said = []
        for hook in self._hooks:
            try:
                told = getattr(hook, method)(self._stream, *arguments)
                said.append(await told if isawaitable(told) else told)
            except Exception:  # noqa: BLE001 - the stream goes on, whatever a hook raises
                name = type(hook).__name__
                _log.exception("the stream hook %s.%s failed", name, method)
        return said
