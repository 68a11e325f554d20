"""A client that leaves takes its upstream with it, in every phase."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence

import pytest

from hardening.conftest import Door
from hardening.sockets import OK, PATIENCE, Seen, SocketUpstream, post, says
from hardening.troubles import CHUNKED, EVENT
from headroom_langchain.serve import App, Handled

TARGETS = (b"/v1/messages", b"/v1/chat/completions", b"/v1/models")
BODY = b'{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}'


class Witness:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.begun = 0
        self.handled: list[Handled] = []

    def began(self) -> None:
        """Count it."""
        self.begun += 1

    def ended(self, handled: Handled) -> None:
        """Keep it."""
        self.handled.append(handled)


class Left:
    """An upstream that says something, and notices when it is left alone."""

    def __init__(self, upstream: SocketUpstream, *said: bytes) -> None:
        self.asked, self.noticed = threading.Event(), threading.Event()
        self._said = said
        upstream.answer = self._answer

    def _answer(self, connection: socket.socket, seen: Seen) -> None:
        says(*self._said)(connection, seen)
        self.asked.set()
        if not connection.recv(1):
            self.noticed.set()
        raise OSError


@pytest.fixture
def witness(door: Door) -> Witness:
    """Somebody who is told what became of requests."""
    witness = Witness()
    app: App = door.serve()
    app._observers = (witness,)
    return witness


def _knock(door: Door, request: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", door.port), PATIENCE)
    connection.sendall(request)
    return connection


@pytest.mark.parametrize("target", TARGETS)
def test_within_its_body(
    door: Door, upstream: SocketUpstream, witness: Witness, target: bytes
) -> None:
    """Half a request is not served."""
    with _knock(door, post(target, b"{" * 200_000, b"content-length: 300000")):
        pass
    door.ask(post(target, b"{}"))
    door.over()
    assert sorted(one.outcome for one in witness.handled) == ["left", "ok"]
    assert [seen.body for seen in upstream.seen] == [b"{}"]


@pytest.mark.parametrize("target", TARGETS)
def test_while_the_upstream_thinks(
    door: Door, upstream: SocketUpstream, witness: Witness, target: bytes
) -> None:
    """The upstream need not think any longer."""
    left = Left(upstream)
    with _knock(door, post(target, BODY)):
        assert left.asked.wait(PATIENCE)
    assert left.noticed.wait(PATIENCE)
    door.over()
    assert [(one.outcome, one.status) for one in witness.handled] == [("left", 0)]
    _is_served(door, upstream, target)


@pytest.mark.parametrize("target", TARGETS)
def test_within_the_answer(
    door: Door, upstream: SocketUpstream, witness: Witness, target: bytes
) -> None:
    """What is not heard is not said."""
    left = Left(upstream, CHUNKED)
    with _knock(door, post(target, BODY)) as connection:
        heard = b""
        while EVENT not in heard:
            heard += connection.recv(65536)
    assert left.noticed.wait(PATIENCE)
    door.over()
    assert [(one.outcome, one.status) for one in witness.handled] == [("left", 200)]
    _is_served(door, upstream, target)


@pytest.mark.parametrize("target", TARGETS)
def test_when_it_does_not_read(
    door: Door, upstream: SocketUpstream, witness: Witness, target: bytes
) -> None:
    """A client that only ever asks holds up nobody, and is let go when it leaves."""
    chunk = b"%x\r\n%b\r\n" % (len(EVENT) * 10_000, EVENT * 10_000)
    stuck = threading.Event()

    def floods(connection: socket.socket, _: Seen) -> None:
        connection.sendall(CHUNKED)
        connection.settimeout(0.05)
        try:
            while True:
                connection.sendall(chunk)
        except TimeoutError:
            stuck.set()
        connection.settimeout(PATIENCE)
        connection.recv(1)
        raise OSError

    upstream.answer = floods
    with _knock(door, post(target, BODY)):
        assert stuck.wait(PATIENCE)
        _is_served(door, upstream, target)
    door.over()
    assert sorted(one.outcome for one in witness.handled) == ["left", "ok"]


def test_every_request_is_told_of(
    door: Door, upstream: SocketUpstream, witness: Witness
) -> None:
    """Observers hear of each of them once at its start and once at its end."""
    requests: Sequence[bytes] = (
        post(b"/v1/messages", BODY),
        post(b"/v1/../x", BODY),
        post(b"/v1/models", b"", method=b"TRACE"),
    )
    for request in requests:
        door.ask(request)
    door.over()
    assert witness.begun == len(witness.handled) == len(requests)
    assert [one.outcome for one in witness.handled] == ["ok", "refused", "refused"]


def _is_served(door: Door, upstream: SocketUpstream, target: bytes) -> None:
    upstream.answer = says(OK)
    assert door.ask(post(target, b"{}")).body == b"{}"
