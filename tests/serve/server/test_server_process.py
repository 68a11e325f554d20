"""One process that serves: what it answers, and how it ends."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import httpx
import pytest
from running_servers import SECONDS, running

from headroom_langchain.serve.server import protocol
from headroom_langchain.serve.server.settings import ServerSettings
from headroom_langchain.serve.settings import Upstreams
from headroom_langchain.testing.servers import FakeAnthropic, Hold, Reply

ASKED = {
    "model": "claude-x",
    "max_tokens": 9,
    "stream": True,
    "messages": [{"role": "user", "content": "Hello"}],
}


def _settings(upstream: str, **given: object) -> ServerSettings:
    return ServerSettings(
        upstreams=Upstreams(anthropic=upstream),
        log=None,
        **given,  # type: ignore[arg-type] # the test's own
    )


def test_a_running_stream_ends_before_the_server_does() -> None:
    """A server that is told to stop takes no one new, and ends what it serves."""
    held = Hold(after=2, until=threading.Event())
    with (
        FakeAnthropic([Reply(text="Hello there.", hold=held)]) as upstream,
        running(_settings(upstream.url)) as server,
        httpx.stream("POST", f"{server.address}/v1/messages", json=ASKED) as answer,
    ):
        pieces = answer.iter_text()
        told = next(pieces)
        server.process.stop()
        _refused(server.port)
        assert server.thread.is_alive()
        held.until.set()
        told += "".join(pieces)
        assert "message_stop" in told
        server.ends()


def test_a_second_stop_is_at_once() -> None:
    """A server that is told twice to stop waits for no stream."""
    held = Hold(after=2, until=threading.Event())
    with (
        FakeAnthropic([Reply(text="Hello there.", hold=held)]) as upstream,
        running(_settings(upstream.url)) as server,
        httpx.stream("POST", f"{server.address}/v1/messages", json=ASKED) as answer,
    ):
        pieces = answer.iter_text()
        next(pieces)
        server.process.stop()
        server.process.stop()
        server.ends()
        with pytest.raises(httpx.RemoteProtocolError):
            list(pieces)


def test_the_grace_of_a_stream_comes_to_an_end() -> None:
    """A stream that does not end is dropped when the grace is over."""
    held = Hold(after=2, until=threading.Event())
    with (
        FakeAnthropic([Reply(text="Hello there.", hold=held)]) as upstream,
        running(_settings(upstream.url, grace=1)) as server,
        httpx.stream("POST", f"{server.address}/v1/messages", json=ASKED) as answer,
    ):
        pieces = answer.iter_text()
        next(pieces)
        server.process.stop()
        server.ends()
        with pytest.raises(httpx.RemoteProtocolError):
            list(pieces)


def test_the_server_adds_no_headers_of_its_own() -> None:
    """Neither `server` nor `date` comes from here, where the upstream sent none."""
    with running(_settings("http://127.0.0.1:9")) as server:
        health = httpx.get(f"{server.address}/healthz")
    assert health.json()["status"] == "ok"
    assert not {"server", "date"} & set(health.headers)


def test_the_page_may_be_left_out() -> None:
    """Without a page there is none at `/`, and metrics stay."""
    with running(_settings("http://127.0.0.1:9", page=False)) as server:
        metrics = httpx.get(f"{server.address}/metrics")
        page = httpx.get(f"{server.address}/")
    assert metrics.status_code == 200
    # It is passed on, and nobody is there.
    assert page.status_code == 502


def test_a_head_without_end_is_refused() -> None:
    """Headers that go on and on are cut off, and others are served."""
    with running(_settings("http://127.0.0.1:9")) as server:
        with _connected(server.port) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n")
            with pytest.raises(ConnectionError):
                client.sendall(b"x-much: %s\r\n" % (b"x" * 50_000_000))
        assert httpx.get(f"{server.address}/healthz").status_code == 200


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nho"])
def test_a_head_that_does_not_come_is_not_waited_for(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who connects and sends no whole head is disconnected."""
    monkeypatch.setattr(protocol, "_SECONDS", 0.01)
    with (
        running(_settings("http://127.0.0.1:9")) as server,
        _connected(server.port) as client,
    ):
        client.sendall(said)
        assert client.recv(100) == b""


def test_a_connection_that_was_served_is_kept() -> None:
    """After a request nothing waits for the head of the next one."""
    with running(_settings("http://127.0.0.1:9")) as server, httpx.Client() as client:
        assert client.get(f"{server.address}/healthz").status_code == 200
        (kept,) = server.process._server.server_state.connections
        assert isinstance(kept, protocol.BoundedProtocol)
        assert kept._timer is None


def test_originals_are_where_the_settings_say(tmp_path: Path) -> None:
    """The file of originals is made, and closed with the server."""
    file = tmp_path / "originals.db"
    with running(_settings("http://127.0.0.1:9", store=str(file))) as server:
        assert httpx.get(f"{server.address}/healthz").status_code == 200
        assert file.exists()
    assert not file.with_name("originals.db-wal").exists()


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), SECONDS)


def _refused(port: int) -> None:
    """Wait until the server takes no more connections."""
    while True:
        try:
            _connected(port).close()
        except ConnectionRefusedError:
            return
        except ConnectionResetError:
            continue  # it came between


def test_headers_behind_the_body_are_none() -> None:
    """What comes as a trailer does not pass for a header."""
    head = "POST /v1/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    asked = json.dumps({**ASKED, "stream": False})
    body = f"{len(asked):x}\r\n{asked}\r\n0\r\nx-late: 1\r\n\r\n"
    with (
        FakeAnthropic([Reply(text="Hello.")]) as upstream,
        running(_settings(upstream.url)) as server,
        socket.create_connection(("127.0.0.1", server.port), SECONDS) as client,
    ):
        client.sendall((head + body).encode())
        assert client.recv(12) == b"HTTP/1.1 200"
        (seen,) = upstream.requests
        assert "x-late" not in seen.received.headers
