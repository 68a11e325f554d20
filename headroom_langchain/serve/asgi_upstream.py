"""An ASGI application of the same process as an upstream.

It is called as a server would call it. What a server tells an application when its
client leaves, it is told here: `receive` says so, and `send` raises. It is not
cancelled, so that what it does after its answer is done to the end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from urllib.parse import unquote

from headroom_langchain.serve.client import Asgi, Message, Scope
from headroom_langchain.serve.upstream import Incoming, Outgoing, UpstreamError
from headroom_langchain.serve.wire.headers import Headers

_log: Final = logging.getLogger("headroom_langchain.serve")

_SCOPE: ContextVar[Scope | None] = ContextVar("headroom_asgi_scope", default=None)


@contextmanager
def on_behalf_of(scope: Scope) -> Iterator[None]:
    """Let an application see a request's own scope, but for headers and body.

    It holds for what is opened in the context of the block.
    """
    token = _SCOPE.set(scope)
    try:
        yield
    finally:
        _SCOPE.reset(token)


class AsgiUpstream:
    """An application that answers requests."""

    def __init__(self, app: Asgi) -> None:
        """Set up.

        Args:
            app: The application; its lifespan is somebody else's.
        """
        self._app = app
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, request: Outgoing) -> Incoming:
        """Call the application, and return once the head of its answer is there."""
        answer = _Answer(request.body)
        task = asyncio.create_task(answer.run(self._app, _scope(request)))
        # Nobody else keeps what is done after an answer from being collected.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await answer.begun.wait()
        except asyncio.CancelledError:
            await answer.close()
            raise
        if answer.failed is not None and not answer.status:
            raise answer.failed
        return answer

    async def close(self) -> None:
        """Stop what is still running."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Answer:
    """An answer that an application is giving."""

    def __init__(self, body: bytes | AsyncIterator[bytes]) -> None:
        self.status = 0
        self.headers: Headers = ()
        self.begun = asyncio.Event()
        """Set once there is a head, or will be none."""
        self.failed: UpstreamError | None = None
        self._body: AsyncIterator[bytes] | None = _parts(body)
        self._left = asyncio.Event()
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=1)
        self._whole = False

    async def run(self, app: Asgi, scope: Scope) -> None:
        """Call the application."""
        try:
            await app(scope, self._receive, self._send)
            if not self._whole and not self._left.is_set():
                msg = "the application ended before its answer did"
                self.failed = UpstreamError(msg)
        except Exception as error:  # noqa: BLE001 - any application: who asked is told
            if self._whole or self._left.is_set():
                _log.debug("the application failed behind its answer", exc_info=True)
            else:
                _log.exception("the application failed")
                msg = "the application failed"
                self.failed = UpstreamError(msg, status=500)
                self.failed.__cause__ = error
        finally:
            self.begun.set()
            if not self._whole and not self._left.is_set():
                await self._chunks.put(None)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the body as the application sends them."""
        while (chunk := await self._chunks.get()) is not None:
            yield chunk
        if self.failed is not None:
            raise self.failed

    async def close(self) -> None:
        """Tell the application that nobody listens any more."""
        self._left.set()
        if not self._chunks.empty():
            # Who waits to send is let go, and told with the next piece.
            self._chunks.get_nowait()

    async def _receive(self) -> Message:
        if self._body is not None and not self._left.is_set():
            part = await anext(self._body, None)
            if part is not None:
                return {"type": "http.request", "body": part, "more_body": True}
            self._body = None
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._left.is_set() and not self._whole:
            msg = "nobody listens any more"
            raise OSError(msg)
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [
                (bytes(name).lower(), bytes(value))
                for name, value in message.get("headers", ())
            ]
            self.begun.set()
        elif message["type"] == "http.response.body" and not self._whole:
            if body := message.get("body", b""):
                await self._chunks.put(bytes(body))
            if not message.get("more_body", False):
                self._whole = True
                await self._chunks.put(None)


async def _parts(body: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    async for part in body:
        yield part


def _scope(request: Outgoing) -> Scope:
    headers = list(_framed(request))
    if (base := _SCOPE.get()) is not None:
        return {**base, "headers": headers}
    path, _, query = request.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path.decode("latin-1")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": headers,
        "client": None,
        "server": None,
        "extensions": {},
    }


def _framed(request: Outgoing) -> Iterator[tuple[bytes, bytes]]:
    """Yield the headers with the length that the body has now."""
    for name, value in request.headers:
        if name == b"content-length" and isinstance(request.body, bytes):
            yield name, str(len(request.body)).encode()
        else:
            yield name, value
