"""The client's side of one request: its body, and what it is sent.

Here it is counted what the client sent and got, and noticed when it leaves: the task
that serves it is then cancelled, which closes whatever is open upstream.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    MutableMapping,
    Sequence,
)
from contextlib import suppress
from typing import Any, Final, TypeAlias
from urllib.parse import quote
from uuid import uuid4

from headroom_langchain.serve.hooks import HookedStream, Stream, StreamHooks
from headroom_langchain.serve.settings import Limits
from headroom_langchain.serve.wire.headers import Headers
from headroom_langchain.serve.wire.problems import Problem

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Asgi: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI application."""

_GONE: Final = "http.disconnect"
_BODILESS: Final = (204, 304)
"""Statuses of answers without a body; the length that a 304 may tell is another's."""
_TIMED_OUT: Final = 408
_TOO_LARGE: Final = 413
_DIGITS: Final = 18
"""Digits of a length that are read; more of them are too many bytes anyway."""
_LINGER: Final = 2.0
"""Seconds for which the rest of a body is read that was refused: a connection that is
closed on unread bytes is reset, and its client may not see why."""


class Refused(Exception):  # noqa: N818 - the client is at fault, not this server
    """A request is not served."""

    def __init__(self, problem: Problem) -> None:
        """Say why."""
        super().__init__(problem.message)
        self.problem = problem


class Left(Exception):  # noqa: N818 - that a client leaves is no error
    """The client has left."""


class Client:
    """Who sent a request."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        limits: Limits,
        hooks: Sequence[StreamHooks] = (),
    ) -> None:
        """Begin to serve a request.

        Args:
            scope: What is known of the request.
            receive: Waits for the next piece of its body.
            send: Sends a piece of the answer.
            limits: What the request may take.
            hooks: Who is told of the answer, if it is a stream.
        """
        self.id = uuid4().hex
        self.at = time.time()
        self.method: str = scope["method"]
        self.path = path_of(scope)
        """Without that of the application this one is mounted in."""
        self.target = _target(scope, self.path)
        self.headers: Headers = scope["headers"]
        self.status = 0
        self.bytes_in = self.bytes_out = self.chunks = 0
        self.first_byte: float | None = None
        self.left = False
        self.over = False
        """Whether the answer has been sent to its end."""
        self.hooked: HookedStream | None = None
        """The hooks of the answer, when it is a stream and there are any."""
        self._hooks = hooks
        self._began = time.perf_counter()
        self._receive, self._send = receive, send
        self._limits = limits
        self._serving = asyncio.current_task()
        self._watch: asyncio.Task[None] | None = None
        """Notices when the client leaves; begun at the end of its body."""
        self._http1 = scope.get("http_version", "1.1").startswith("1")

    @property
    def seconds(self) -> float:
        """Seconds since the request came."""
        return time.perf_counter() - self._began

    async def body(self) -> bytes:
        """Return the whole body.

        Raises:
            Refused: It is too large, or does not come.
            Left: The client has left.
        """
        most = self._limits.max_body
        if _declared(self.headers) > most:
            raise Refused(_too_large(most))
        parts = []
        while self._watch is None:
            parts.append(await self._read())
            if self.bytes_in > most:
                raise Refused(_too_large(most))
        return b"".join(parts)

    async def content(self) -> bytes | AsyncIterator[bytes]:
        """Return the body for somebody who does not read it, however large it is.

        Returns:
            The body, if all of it is there, as it is where there is none; else its
            pieces as they come, which raise what `body` does.

        Raises:
            Refused: It does not come.
            Left: The client has left.
        """
        first = await self._read()
        return first if self._watch is not None else self._pieces(first)

    async def begin(self, dialect: str, model: str, stream: bool) -> None:  # noqa: FBT001 - what was found out, in its order
        """Note what the client wants, before an upstream is asked."""
        if not stream or not self._hooks:
            return
        begins = Stream(
            id=self.id, dialect=dialect, path=self.path, model=model, at=self.at
        )
        self.hooked = HookedStream(self._hooks, begins)
        await self.hooked.start()

    async def start(self, status: int, headers: Headers) -> None:
        """Send the head of the answer.

        Raises:
            Left: The client has left; so for all that is sent.
        """
        if self.hooked is not None:
            headers = await self.hooked.headers(status, headers)
        await self._head(status, headers)

    async def send(self, data: bytes) -> None:
        """Send a piece of the answer's body; none when it is empty."""
        if self.hooked is not None:
            data = await self.hooked.chunk(data)
        if data:
            await self._part(data)

    async def end(self) -> None:
        """End the answer."""
        if self.hooked is not None and (data := await self.hooked.last()):
            await self._part(data)
        await self._last()

    async def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Send an answer in one piece."""
        await self.start(status, headers)
        await self.send(body)
        await self.end()

    async def decline(self, status: int, headers: Headers, body: bytes) -> None:
        """Send an answer in one piece that is not the upstream's.

        Hooks are not asked about it. If the body has not come, or is not wanted, the
        connection cannot be used again.
        """
        unread = self._watch is None and status in (_TIMED_OUT, _TOO_LARGE)
        if unread and self._http1:
            headers = [*headers, (b"connection", b"close")]
        await self._head(status, headers)
        await self._part(body)
        if unread and status == _TOO_LARGE:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LINGER):
                    await self._skip()
        await self._last()

    def let_go(self) -> None:
        """Stop noticing whether the client leaves."""
        if self._watch is not None:
            self._watch.cancel()

    async def _read(self) -> bytes:
        """Return the next bytes of the body."""
        try:
            async with asyncio.timeout(self._limits.body_timeout):
                message = await self._receive()
        except TimeoutError as error:
            said = "The request's body did not arrive in time."
            raise Refused(Problem(status=_TIMED_OUT, message=said)) from error
        if message["type"] == _GONE:
            self.left = True
            raise Left
        data: bytes = message.get("body", b"")
        self.bytes_in += len(data)
        if not message.get("more_body", False):
            self._watch = asyncio.ensure_future(self._notice())
        return data

    async def _pieces(self, first: bytes) -> AsyncIterator[bytes]:
        yield first
        while self._watch is None:
            yield await self._read()

    async def _skip(self) -> None:
        """Read the rest of the body, and forget it."""
        while (await self._receive()).get("more_body", False):
            pass

    async def _head(self, status: int, headers: Headers) -> None:
        if status in _BODILESS:
            headers = [pair for pair in headers if pair[0] != b"content-length"]
        await self._emit(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        self.status = status

    async def _part(self, data: bytes) -> None:
        if self.first_byte is None:
            self.first_byte = self.seconds
        self.chunks += 1
        self.bytes_out += len(data)
        await self._emit(
            {"type": "http.response.body", "body": data, "more_body": True}
        )

    async def _last(self) -> None:
        self.over = True
        await self._emit({"type": "http.response.body", "body": b""})

    async def _emit(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError as error:
            self.left = True
            raise Left from error

    async def _notice(self) -> None:
        while (await self._receive())["type"] != _GONE:
            pass
        if not self.over and self._serving is not None:
            self.left = True
            self._serving.cancel()


def path_of(scope: Scope) -> str:
    """Return the path below that of the application this one is mounted in."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


def _target(scope: Scope, path: str) -> bytes:
    """Return path and query as they were written, below where this is mounted."""
    raw = (scope.get("raw_path") or b"").partition(b"?")[0]
    if path != scope["path"]:
        root = quote(scope["root_path"]).encode()
        raw = raw.removeprefix(root) if raw.startswith(root + b"/") else b""
    raw = raw or quote(path).encode()
    query: bytes = scope.get("query_string") or b""
    return raw + b"?" + query if query else raw


def _declared(headers: Headers) -> int:
    """Return the length that a body is said to have; 0 when none is told."""
    lengths = [value for name, value in headers if name == b"content-length"]
    told = lengths[0][:_DIGITS] if lengths else b""
    return int(told) if told.isdigit() else 0


def _too_large(most: int) -> Problem:
    said = f"The request's body is larger than the {most:,} bytes that are read here."
    return Problem(status=_TOO_LARGE, message=said)
