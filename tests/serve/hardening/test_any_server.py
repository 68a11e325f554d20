"""The application under other servers, and within other applications."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardening.sockets import SocketUpstream
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.serve import (
    App,
    Handled,
    Limits,
    StreamEnd,
    StreamHooks,
    Upstreams,
)
from headroom_langchain.serve.client import Client, Left, Message, Refused
from headroom_langchain.serve.findings import Findings
from headroom_langchain.serve.hooks import Stream
from headroom_langchain.serve.http_upstream import HttpUpstream
from headroom_langchain.serve.upstream import Outgoing, UpstreamError
from headroom_langchain.serve.wire.target import joined


class Backend:
    """Answers with what it is asked."""

    def __init__(self) -> None:
        self.seen: list[Client] = []
        self.closed = False

    async def serve(self, client: Client, findings: Findings) -> None:
        """Answer."""
        self.seen.append(client)
        body = await client.body()
        await client.respond(200, [], client.target + b" " + body)

    async def close(self) -> None:
        """Note it."""
        self.closed = True


class Waiting(Backend):
    """Begins a stream, and never ends it."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    async def serve(self, client: Client, findings: Findings) -> None:
        """Answer."""
        await client.body()
        await client.begin("chat", "m", stream=True)
        await client.start(200, [])
        self.begun.set()
        await asyncio.Event().wait()


class Ends(StreamHooks):
    """Hooks that keep the ends, which take a moment."""

    def __init__(self) -> None:
        self.ends: list[StreamEnd] = []

    async def on_error(self, stream: Stream, problem: object) -> None:
        await asyncio.sleep(0)

    async def on_end(self, stream: Stream, end: StreamEnd) -> None:
        await asyncio.sleep(0)
        self.ends.append(end)


def scope(path: str, **more: Any) -> dict[str, Any]:
    """Return what a server says of a request."""
    return {"type": "http", "method": "POST", "path": path, "headers": [], **more}


class Server:
    """A server with one request, which it was sent in parts."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = list(parts)
        self.left = asyncio.Event()
        self.sent: list[Message] = []
        self.gone = False

    async def receive(self) -> Message:
        """Return the next part."""
        if not self._parts:
            await self.left.wait()
            return {"type": "http.disconnect"}
        part, more = self._parts.pop(0), bool(self._parts)
        return {"type": "http.request", "body": part, "more_body": more}

    async def send(self, message: Message) -> None:
        """Keep what is sent, or say that nobody is there."""
        if self.gone:
            msg = "nobody is there"
            raise OSError(msg)
        self.sent.append(message)


@pytest.mark.parametrize(
    ("root", "path", "raw", "below"),
    [
        ("", "/v1/a/b", b"/v1/a%2Fb", b"/v1/a%2Fb"),
        ("/llm", "/llm/v1/a/b", b"/llm/v1/a%2Fb", b"/v1/a%2Fb"),
        ("/l m", "/l m/v1/x", b"/l%20m/v1/x", b"/v1/x"),
        ("/llm", "/llm/v1/a b", b"/ll%6D/v1/a%20b", b"/v1/a%20b"),
        ("/llm", "/v1/messages", b"/v1/messages", b"/v1/messages"),
        ("/llm", "/llms/x", b"/llms/x", b"/llms/x"),
    ],
)
async def test_within_another_application(
    root: str, path: str, raw: bytes, below: bytes
) -> None:
    """The path is the one below where it is mounted, as the client wrote it."""
    server = Server(b"hi")
    app = App(Backend(), limits=Limits())
    request = scope(path, root_path=root, raw_path=raw, query_string=b"q=%20")
    await app(request, server.receive, server.send)
    assert server.sent[1]["body"] == below + b"?q=%20 hi"


async def test_a_server_that_does_not_tell_how_the_path_was_written() -> None:
    """It is written anew."""
    backend, server = Backend(), Server(b"hi")
    app = App(backend, limits=Limits())
    await app(scope("/v1/a b\u00e9"), server.receive, server.send)
    assert server.sent[1]["body"] == b"/v1/a%20b%C3%A9 hi"


class Observer:
    """Keeps what it is told."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.handled: list[Handled] = []
        self._trouble = trouble

    def began(self) -> None:
        """Fail, perhaps."""
        if self._trouble is not None:
            raise self._trouble

    def ended(self, handled: Handled) -> None:
        """Keep it, and fail, perhaps."""
        self.handled.append(handled)
        self.began()


async def test_a_server_that_raises_when_the_client_has_left() -> None:
    """It means what a message would have meant."""
    server, observer = Server(b""), Observer()
    server.gone = True
    app = App(Backend(), limits=Limits(), observers=[observer])
    await app(scope("/x"), server.receive, server.send)
    assert [(one.outcome, one.status) for one in observer.handled] == [("left", 0)]


async def test_an_observer_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """It is named in the log, and neither clients nor other observers notice."""
    server, observers = Server(b""), [Observer(ValueError("mine")), Observer()]
    app = App(Backend(), limits=Limits(), observers=observers)
    await app(scope("/x"), server.receive, server.send)
    assert [one.outcome for one in observers[1].handled] == ["ok"]
    assert server.sent[0]["status"] == 200
    assert "the observer Observer failed" in caplog.text


async def test_a_server_that_is_stopped() -> None:
    """What is under way is cancelled, and its hooks are told all the same."""
    backend, server, hooks = Waiting(), Server(b""), Ends()
    app = App(backend, limits=Limits(), hooks=[hooks])
    task = asyncio.ensure_future(app(scope("/x"), server.receive, server.send))
    await backend.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [end.outcome for end in hooks.ends] == ["failed"]


async def test_a_client_that_leaves_is_no_failure_of_the_task() -> None:
    """A server sees the application return."""
    backend, server, hooks = Waiting(), Server(b""), Ends()
    app = App(backend, limits=Limits(), hooks=[hooks])
    task = asyncio.ensure_future(app(scope("/x"), server.receive, server.send))
    await backend.begun.wait()
    server.left.set()
    await task
    assert task.cancelling() == 0
    assert [end.outcome for end in hooks.ends] == ["left"]


async def test_sockets_are_not_spoken() -> None:
    """They are closed before they are open."""
    server = Server()
    await App(Backend(), limits=Limits())(
        {"type": "websocket", "path": "/"}, server.receive, server.send
    )
    assert [message["type"] for message in server.sent] == ["websocket.close"]


async def test_the_lifespan() -> None:
    """The application lives as long as its server."""
    backend, server = Backend(), Server()
    said = iter(["startup", "shutdown"])

    async def receive() -> Message:
        return {"type": f"lifespan.{next(said)}"}

    await App(backend, limits=Limits())({"type": "lifespan"}, receive, server.send)
    assert backend.closed
    assert [message["type"] for message in server.sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


@pytest.mark.parametrize("length", [b"9" * 5000, b"1001", b"-1", b"x", b"\xb2"])
async def test_lengths_that_a_server_lets_through(length: bytes) -> None:
    """They are no numbers, or too large ones."""
    server = Server(b"12")
    client = Client(
        scope("/x", headers=[(b"content-length", length)]),
        server.receive,
        server.send,
        limits=Limits(max_body=1000),
    )
    if length.startswith((b"9", b"1")):
        with pytest.raises(Refused) as refused:
            await client.body()
        assert refused.value.problem.status == 413
    else:
        assert await client.body() == b"12"
    client.let_go()


@pytest.mark.parametrize(
    ("parts", "whole"), [([b"", b"a", b"b"], False), ([b"ab"], True), ([b""], True)]
)
async def test_a_body_that_nobody_reads(parts: Sequence[bytes], *, whole: bool) -> None:
    """It is in one piece if it came in one."""
    server = Server(*parts)
    client = Client(scope("/x"), server.receive, server.send, limits=Limits())
    content = await client.content()
    assert isinstance(content, bytes) is whole
    assert await _joined(content) == b"".join(parts)
    assert client.bytes_in == len(b"".join(parts))
    client.let_go()


async def test_a_body_whose_client_leaves() -> None:
    """Whoever reads it is told."""
    server = Server(b"a", b"b")
    server._parts.pop()
    server._parts.append(b"")
    server.left.set()

    async def receive() -> Message:
        return {**await server.receive(), "more_body": True}

    client = Client(scope("/x"), receive, server.send, limits=Limits())
    with pytest.raises(Left):
        await client.body()


async def test_an_upstream_that_is_closed_keeps_no_connection() -> None:
    """Not even those that were in use when it was closed."""
    with SocketUpstream() as server:
        upstream = HttpUpstream(server.url, Limits())
        sent = Outgoing(method="GET", target=b"/", headers=[], body=b"")
        first, second = await upstream.open(sent), await upstream.open(sent)
        assert [chunk async for chunk in first.chunks()] == [b"{}"]
        await first.close()
        await first.close()
        await upstream.close()
        assert [chunk async for chunk in second.chunks()] == [b"{}"]
        await second.close()
        assert await asyncio.to_thread(server.idle)


@pytest.mark.parametrize("name", [b"x y", b"x"])
async def test_what_cannot_be_written(name: bytes) -> None:
    """It is refused, and not even the cause repeats it."""
    with SocketUpstream() as server:
        upstream = HttpUpstream(server.url, Limits())
        headers = [(name, b"secret\n")]
        sent = Outgoing(method="GET", target=b"/", headers=headers, body=b"")
        with pytest.raises(UpstreamError) as raised:
            await upstream.open(sent)
        assert raised.value.status == 400
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__
        assert "secret" not in str(raised.value)
        await upstream.close()


@pytest.mark.parametrize(
    "address",
    [
        *("", "api.openai.com", "ftp://x", "http://", "http:///v1", "http://x?y=1"),
        *(
            "http://x:99999",
            "http://x:0",
            "http://x:port",
            "http://[::1",
            "http://x/a b",
        ),
        *("http://x/\u00e9", "http://a..b", "http://x/#f", f"http://{'l' * 64}.org"),
    ],
)
def test_addresses_that_are_none(address: str) -> None:
    """They are found when the server starts, and not by its clients."""
    with pytest.raises(ConfigurationError, match="openai"):
        Upstreams(openai=address)


def test_an_address_with_credentials() -> None:
    """They are not repeated in the error."""
    with pytest.raises(ConfigurationError) as raised:
        Upstreams(anthropic="https://me:secret@host")
    assert "secret" not in str(raised.value)


@given(
    st.lists(
        st.sampled_from(["a", "..", ".", "%2e", "%25", "2e", "/", "%2f", ";", "\\"])
    )
)
def test_no_way_up(parts: Iterable[str]) -> None:
    """However often a server decodes a path that was let through, it leads down."""
    target = "/" + "".join(parts)
    try:
        sent = joined("/base", target.encode()).decode()
    except ValueError:
        return
    from urllib.parse import unquote

    for _ in range(3):
        for between in ("/", "\\"):
            assert ".." not in sent.split(between)
        sent = unquote(sent)


async def _joined(content: bytes | AsyncIterator[bytes]) -> bytes:
    if isinstance(content, bytes):
        return content
    return b"".join([part async for part in content])
