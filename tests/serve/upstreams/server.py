"""The upstream itself: reads requests from a socket, checks them, plays the script.

It speaks HTTP by hand, so that what it sends is what the test wrote, and what it got
is kept as it came: the names of headers in their case, and all in their order.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import h11

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME, marked_keys
from upstreams.chat_wire import ChatWire
from upstreams.delivery import BrokenOff, body_of, delivered
from upstreams.malformed import MalformedError, refuse, texts
from upstreams.messages_wire import MessagesWire
from upstreams.responses_wire import ResponsesWire
from upstreams.script import (
    Answer,
    Call,
    Json,
    Plain,
    Refusal,
    Retrieve,
    Script,
    Turn,
)
from upstreams.wire import Request, Wire

UNKNOWN_HASH = "0123456789abcdef01234567"
"""A hash that no text has."""


@dataclass(slots=True, kw_only=True)
class Got:
    """A request that came, and what became of its answer."""

    method: str
    target: str
    """Path and query."""
    headers: list[tuple[str, str]]
    """As they came, in their order."""
    body: bytes
    conversation: Sequence[Json] = ()
    """The messages or items that the model reads, those that were kept included."""
    refused: str | None = None
    """Why it was answered with HTTP 400."""
    sent: bytes = b""
    """What went out of the answer, its head included."""
    over: threading.Event = field(default_factory=threading.Event)
    """Set once the answer has gone out, or nobody waits for it."""
    left: threading.Event = field(default_factory=threading.Event)
    """Set when the client went away before the end of the answer."""

    @property
    def json(self) -> Json:
        """The body, read."""
        value: Json = json.loads(self.body)
        return value

    @property
    def seen(self) -> list[str]:
        """The texts that the model reads."""
        return list(texts(self.conversation))

    @property
    def keys(self) -> list[str]:
        """The hashes that markers in it name."""
        return [key for text in self.seen for key in marked_keys(text)]

    def header(self, name: str) -> list[str]:
        """Return the values of a header."""
        return [value for key, value in self.headers if key.lower() == name]


class StrictUpstream:
    """A provider of all three protocols, on a port of loopback, in a thread."""

    def __init__(self) -> None:
        """Prepare an upstream with nothing to say."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connections: set[_Connection] = set()
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.got: list[Got] = []
        self._script: deque[Script] = deque()
        self._rest: Script | None = None
        wires: tuple[Wire, ...] = (MessagesWire(), ChatWire(), ResponsesWire())
        self._wires: Mapping[str, Wire] = {wire.path: wire for wire in wires}

    def play(self, *script: Script, rest: Script | None = None) -> None:
        """Say what is answered next.

        Args:
            script: Answers, or functions of the request, in their order.
            rest: What is answered when they are all used.
        """
        self._script.extend(script)
        self._rest = rest

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def refused(self) -> list[str]:
        """Why requests were answered with HTTP 400."""
        return [got.refused for got in self.got if got.refused is not None]

    def written(self, turn: Turn, got: Got) -> bytes:
        """Return the stream that a turn is for a request, without its framing."""
        number = 1 + next(i for i, one in enumerate(self.got) if one is got)
        request = _request(got, number)
        return body_of(turn, self._wires[got.target.partition("?")[0]], request)

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        serving = self._loop.create_server(self._connection, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result()
        self._port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        """Close everything."""
        asyncio.run_coroutine_threadsafe(self._closed(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _closed(self) -> None:
        self._server.close()
        for connection in list(self._connections):
            connection.abort()
        await asyncio.sleep(0)

    def _connection(self) -> _Connection:
        return _Connection(self, self._connections)

    def answer(self, got: Got) -> tuple[Answer, Wire | None, Request]:
        """Check a request, and say what it is answered."""
        self.got.append(got)
        wire = self._wires.get(got.target.partition("?")[0])
        request = _request(got, len(self.got))
        if wire is None or got.method != "POST":
            return self._next(got), None, request
        try:
            if not request.body:
                refuse("the body is no JSON object")
            got.conversation = wire.check(request)
            answer = self._next(got)
            if isinstance(answer, Turn):
                answer = _resolved(answer, got, request.body)
        except MalformedError as error:
            got.refused = str(error)
            return Refusal(status=400, message=str(error)), wire, request
        except (LookupError, TypeError, AttributeError) as error:
            got.refused = f"it cannot be read: {error!r}"
            return Refusal(status=400, message=got.refused), wire, request
        return answer, wire, request

    def _next(self, got: Got) -> Answer:
        if not self._script and self._rest is None:
            msg = "the script has no answer left"
            if got.method != "POST" or got.target.partition("?")[0] not in self._wires:
                return Plain(status=404, body=msg.encode())
            raise MalformedError(msg)
        script = self._script.popleft() if self._script else self._rest
        if isinstance(script, Turn | Refusal | Plain):
            return script
        assert callable(script)
        return script(got)


def _request(got: Got, number: int) -> Request:
    headers = [(name.lower(), value) for name, value in got.headers]
    try:
        body = json.loads(got.body)
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    return Request(number=number, headers=headers, body=body)


def _resolved(turn: Turn, got: Got, body: Json) -> Turn:
    """Let the model ask for what the markers name, if it was offered to ask."""
    blocks = tuple(
        _asked(block, got) if isinstance(block, Retrieve) else block
        for block in turn.blocks
    )
    offered = {
        tool.get("name") or tool["function"]["name"] for tool in body.get("tools") or ()
    }
    for block in blocks:
        if isinstance(block, Call) and block.name not in offered:
            msg = f"the script calls {block.name}, which is not offered"
            raise MalformedError(msg)
    return replace(turn, blocks=blocks)


def _asked(block: Retrieve, got: Got) -> Call:
    key = got.keys[block.which] if got.keys else UNKNOWN_HASH
    args = {"hash": key} | ({"query": block.query} if block.query else {})
    return Call(RETRIEVE_TOOL_NAME, args, letters=block.letters)


class _Connection(asyncio.Protocol):
    """One client: a request, its answer, the next request."""

    def __init__(self, upstream: StrictUpstream, connections: set[_Connection]) -> None:
        self._upstream = upstream
        self._connections = connections
        self._http = h11.Connection(h11.SERVER)
        self._head: h11.Request | None = None
        self._body = b""
        self._answering: asyncio.Task[None] | None = None
        self._got: Got | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        if self._answering is not None and self._got is not None:
            self._got.left.set()
            self._answering.cancel()

    def abort(self) -> None:
        """Let go of the client."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self._head, self._body = event, b""
            elif isinstance(event, h11.Data):
                self._body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self._answering = asyncio.get_running_loop().create_task(self._answer())
                return
            else:
                return

    async def _answer(self) -> None:
        assert self._head is not None
        self._got = got = Got(
            method=self._head.method.decode(),
            target=self._head.target.decode(),
            headers=[
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in self._head.headers.raw_items()
            ],
            body=self._body,
        )
        answer, wire, request = self._upstream.answer(got)
        try:
            async for data in delivered(answer, wire, request):
                self._transport.write(data)
                got.sent += data
                await asyncio.sleep(0)
        except BrokenOff:
            self._answering = None
            self._transport.close()
        finally:
            got.over.set()
        if self._answering is not None:
            self._answering = None
            self._next()

    def _next(self) -> None:
        more = self._http.trailing_data[0]
        self._http = h11.Connection(h11.SERVER)
        if more:
            self.data_received(more)
