"""What goes wrong with an upstream is told as its own provider would tell it."""

from __future__ import annotations

import gzip
import json
import socket
from contextlib import ExitStack

import pytest

from hardening.conftest import Door
from hardening.sockets import OK, SocketUpstream, post, says, says_and_closes
from hardening.troubles import CHUNKED, EVENT, SOON, STREAM, TROUBLES, Trouble
from headroom_langchain.serve import Limits

READ = (b"/v1/messages", b"/v1/chat/completions", b"/v1/responses")
BODY = (
    b'{"model":"m","stream":true,"input":"x",'
    b'"messages":[{"role":"user","content":"x"}]}'
)


def told(body: bytes, target: bytes) -> str:
    """Return the type of an error, written as its provider writes it."""
    said = json.loads(body)
    anthropic = target.startswith(b"/v1/messages")
    assert said.keys() == ({"type", "error"} if anthropic else {"error"})
    assert "127.0.0.1" not in said["error"]["message"]
    kind: str = said["error"]["type"]
    return kind


@pytest.mark.parametrize("target", [*READ, b"/v1/models"])
@pytest.mark.parametrize("name", TROUBLES)
def test_an_upstream_that_breaks(
    door: Door, upstream: SocketUpstream, target: bytes, name: str
) -> None:
    """The client is told, or its connection breaks as well; the next one is served."""
    trouble: Trouble = TROUBLES[name]
    door.serve(limits=trouble.limits)
    upstream.answer = trouble.answer
    if trouble.status is None:
        with pytest.raises(ConnectionError):
            door.ask(post(target, BODY))
    else:
        answer = door.ask(post(target, BODY))
        assert answer.start == (trouble.status,)
        late, failed = "timeout_error", "api_error"
        if not target.startswith(b"/v1/messages"):
            late = failed = "server_error"
        assert told(answer.body, target) == (failed if trouble.status == 502 else late)
    assert len(upstream.seen) == 1
    upstream.answer = says(OK)
    if trouble.limits != Limits():
        door.serve()
    assert door.ask(post(target, BODY)).body == b"{}"


@pytest.mark.parametrize("target", [*READ, b"/v1/models"])
def test_nobody_is_there(door: Door, target: bytes) -> None:
    """An upstream that cannot be reached is the upstream's fault."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    door.serve(f"http://127.0.0.1:{port}")
    answer = door.ask(post(target, BODY))
    assert answer.start == (502,)
    told(answer.body, target)


def test_nobody_opens(door: Door) -> None:
    """Connecting takes no longer than the limits say."""
    with ExitStack() as held:
        listener = held.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        # More than the queue holds: whoever comes next is not let in.
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        port = listener.getsockname()[1]
        door.serve(f"http://127.0.0.1:{port}", limits=Limits(connect_timeout=0.05))
        answer = door.ask(post(READ[0], BODY))
    assert answer.start == (504,)
    assert told(answer.body, READ[0]) == "timeout_error"


@pytest.mark.parametrize("target", READ)
@pytest.mark.parametrize(
    "end", ["stops", "closes", "ends early", "bad chunk", "too short"]
)
def test_a_stream_that_breaks_off(
    door: Door, upstream: SocketUpstream, target: bytes, end: str
) -> None:
    """What came is kept, and an error that clients understand is its last event."""
    answers = {
        "stops": says(CHUNKED),
        "closes": says_and_closes(CHUNKED),
        "ends early": says(CHUNKED + b"0\r\n\r\n"),
        "bad chunk": says(CHUNKED + b"zz\r\n"),
        "too short": says_and_closes(STREAM + b"content-length: 999\r\n\r\n" + EVENT),
    }
    upstream.answer = answers[end]
    door.serve(limits=SOON)
    answer = door.ask(post(target, BODY))
    assert answer.start == (200,)
    assert answer.body.startswith(EVENT)
    assert b"error" in answer.body.removeprefix(EVENT)


def test_a_packed_stream_that_breaks_off(door: Door, upstream: SocketUpstream) -> None:
    """Nothing can be added to it, so it breaks off for the client as well."""
    packed = gzip.compress(EVENT)
    head = STREAM + b"content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n"
    upstream.answer = says_and_closes(head + b"%x\r\n%b\r\n" % (len(packed), packed))
    with pytest.raises(ConnectionError):
        door.ask(post(READ[0], BODY))


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("target", READ)
def test_a_stream_that_ends_with_its_connection(
    door: Door, upstream: SocketUpstream, target: bytes, *, ended: bool
) -> None:
    """It is whole if its last event has come."""
    last = {
        READ[0]: b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
        READ[1]: b"data: [DONE]\n\n",
        READ[2]: b'event: response.completed\ndata: {"type":"response.completed"}\n\n',
    }[target]
    stream = EVENT + last if ended else EVENT
    upstream.answer = says_and_closes(STREAM + b"\r\n" + stream)
    answer = door.ask(post(target, BODY))
    assert answer.body.startswith(stream)
    assert (answer.body == stream) is ended


@pytest.mark.parametrize("behind", [b"\r\n", b"x", OK.replace(b"{}", b"[]")])
def test_what_comes_behind_an_answer(
    door: Door, upstream: SocketUpstream, behind: bytes
) -> None:
    """It is nobody's: no other client ever gets it for an answer."""
    upstream.answer = says(OK + behind)
    assert door.ask(post(READ[0], BODY)).body == b"{}"
    assert door.ask(post(READ[0], BODY)).body == b"{}"


def test_a_connection_that_the_upstream_has_closed(
    door: Door, upstream: SocketUpstream
) -> None:
    """It is not used again."""
    upstream.answer = says_and_closes(OK)
    assert door.ask(post(READ[0], BODY)).start == (200,)
    assert upstream.idle()
    assert door.ask(post(READ[0], BODY)).start == (200,)


def test_a_connection_that_closes_under_a_request(
    door: Door, upstream: SocketUpstream
) -> None:
    """Nobody knows whether it was served, so it is not sent twice."""
    assert door.ask(post(READ[0], BODY)).start == (200,)
    upstream.answer = says_and_closes()
    assert door.ask(post(READ[0], BODY)).start == (502,)
    assert len(upstream.seen) == 2


def test_connections_are_used_again(door: Door, upstream: SocketUpstream) -> None:
    """One is enough for requests that follow each other."""
    ports = []

    def answer(connection: socket.socket, _: object) -> None:
        ports.append(connection.getpeername())
        connection.sendall(OK)

    upstream.answer = answer
    for target in READ[1:] * 3:
        door.ask(post(target, BODY))
    assert len(set(ports)) == 1
