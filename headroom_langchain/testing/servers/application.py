"""The ASGI application of the fake servers: receive, ask the script, send."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeAlias

from headroom_langchain.testing.servers.dialect import dump
from headroom_langchain.testing.servers.query import Query, Received
from headroom_langchain.testing.servers.reply import Failure, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from headroom_langchain.testing.servers.dialect import Dialect
    from headroom_langchain.testing.servers.query import Json
    from headroom_langchain.testing.servers.reply import Script

_Message: TypeAlias = MutableMapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[_Message]]
_Send: TypeAlias = Callable[[_Message], Awaitable[None]]

_POLL_SECONDS = 0.002
"""How often a held stream looks whether it may go on."""


class Application:
    """Plays a script to whoever speaks one of its dialects.

    Attributes:
        requests: Every request that was read, in the order of arrival.
        sent: For each of them, how many events of the stream went out.
        left: Set once a client went away in the middle of a stream.
    """

    def __init__(
        self, script: Script, dialects: Sequence[Dialect], closing: threading.Event
    ) -> None:
        """Prepare to play.

        Args:
            script: What to answer.
            dialects: The protocols to speak.
            closing: Set when the server stops, to let held streams go.
        """
        self.requests: list[Query] = []
        self.sent: list[int] = []
        self.left = threading.Event()
        self._dialects = dialects
        self._closing = closing
        self._answers = None if callable(script) else deque(script)
        self._router = script if callable(script) else self._next

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: _Receive, send: _Send
    ) -> None:
        """Serve one request."""
        raw = await _body(receive)
        dialect = self._dialect(scope["path"])
        if dialect is None:
            paths = ", ".join(dialect.path for dialect in self._dialects)
            said = f"this server has only {paths}"
            answer: Json = {"error": {"message": said}}
            await _respond(send, 404, answer)
            return
        headers = {
            k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]
        }
        try:
            body = json.loads(raw)
            received = Received(path=scope["path"], headers=headers, raw=raw, body=body)
            query = dialect.read(received)
        except (LookupError, TypeError, ValueError) as error:
            said = f"the request cannot be read: {error!r}"
            await _refuse(send, dialect, Failure(status=400, message=said))
            return
        await self._answer(dialect, query, receive, send)

    def _dialect(self, path: str) -> Dialect | None:
        spoken = (d for d in self._dialects if fnmatchcase(path, d.path))
        return next(spoken, None)

    async def _answer(
        self, dialect: Dialect, query: Query, receive: _Receive, send: _Send
    ) -> None:
        self.requests.append(query)
        self.sent.append(0)
        number = len(self.requests)
        reply = self._reply(query)
        if isinstance(reply, Failure):
            await _refuse(send, dialect, reply)
        elif query.stream:
            await send(_start(200, dialect.stream_type))
            frames = _frames(dialect, reply, query, number)
            await self._stream(send, receive, reply, frames, number)
        else:
            if reply.hold:
                await self._held(reply.hold.until)
            await _respond(send, 200, dialect.whole(reply, query, number))

    def _next(self, query: Query) -> Reply | Failure:
        if not self._answers:
            said = f"the script has no answer left; the user said {query.user!r}"
            return Failure(status=400, message=said)
        answer = self._answers.popleft()
        return Reply(text=answer) if isinstance(answer, str) else answer

    def _reply(self, query: Query) -> Reply | Failure:
        # A 4xx reaches the test at once; clients repeat what fails with 5xx.
        unpaired = query.unpaired
        if unpaired is not None:
            said = f"the tool call {unpaired!r} lacks its result, or its call"
            return Failure(status=400, message=said)
        try:
            return self._router(query)
        except Exception as error:  # noqa: BLE001 - whatever the test's router raises
            return Failure(status=400, message=f"the router raised {error!r}")

    async def _stream(
        self,
        send: _Send,
        receive: _Receive,
        reply: Reply,
        frames: Iterator[bytes],
        number: int,
    ) -> None:
        gone = asyncio.ensure_future(receive())
        try:
            for index, data in enumerate(frames):
                if reply.hold and reply.hold.after == index:
                    await self._held(reply.hold.until, gone)
                if gone.done():
                    self.left.set()
                    return
                await send(_part(data, more=True))
                self.sent[number - 1] += 1
                await asyncio.sleep(0)
        finally:
            gone.cancel()
        cut = reply.breaks and reply.breaks.how == "cut"
        if not cut:  # a response left open makes the server drop the connection
            await send(_part(b"", more=False))

    async def _held(
        self, until: threading.Event, gone: asyncio.Future[_Message] | None = None
    ) -> None:
        while not (until.is_set() or self._closing.is_set()):
            if gone is not None and gone.done():
                return
            await asyncio.sleep(_POLL_SECONDS)


def _frames(
    dialect: Dialect, reply: Reply, query: Query, number: int
) -> Iterator[bytes]:
    breaks = reply.breaks
    for index, data in enumerate(dialect.events(reply, query, number)):
        if breaks and breaks.after == index:
            if breaks.how == "error":
                overloaded = Failure(status=529, message="scripted failure")
                yield dialect.error_event(overloaded)
            return
        yield data


async def _body(receive: _Receive) -> bytes:
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _start(
    status: int, content_type: str, headers: Sequence[tuple[str, str]] = ()
) -> _Message:
    # Closing after each answer leaves no idle socket behind in the client's pool.
    all_headers = [("content-type", content_type), ("connection", "close"), *headers]
    encoded = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in all_headers]
    return {"type": "http.response.start", "status": status, "headers": encoded}


def _part(data: bytes, *, more: bool) -> _Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def _refuse(send: _Send, dialect: Dialect, failure: Failure) -> None:
    headers = dialect.error_headers(failure)
    await _respond(send, failure.status, dialect.error(failure), headers)


async def _respond(
    send: _Send, status: int, answer: Json, headers: Mapping[str, str] | None = None
) -> None:
    pairs = tuple((headers or {}).items())
    await send(_start(status, "application/json", pairs))
    await send(_part(dump(answer).encode(), more=False))
