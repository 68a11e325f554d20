"""Bad requests are answered as the provider would answer, and harm nobody else."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from typing import Final

import h11
import pytest

from hardening.conftest import Door
from hardening.sockets import OK, PATIENCE, Seen, SocketUpstream, post, received, says
from headroom_langchain.serve import Limits

MESSAGES: Final = b"/v1/messages"
CHAT: Final = b"/v1/chat/completions"
READ: Final = (MESSAGES, CHAT, b"/v1/responses")


def error_of(answer: Seen, target: bytes) -> str:
    """Return the type of an error, which is written as its provider writes it."""
    assert answer.values(b"content-type") == [b"application/json"]
    said = json.loads(answer.body)
    assert said["error"]["message"]
    if target.startswith(MESSAGES):
        assert said["type"] == "error"
    else:
        assert {"type", "message", "param", "code"} == said["error"].keys()
    kind: str = said["error"]["type"]
    return kind


@pytest.mark.parametrize("target", READ)
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b'{"messages":[{"role":"user","content":', b"null", b"[]", b"{}"),
        *(b"\xff\xfe{}", b"\xef\xbb\xbf{}", b'{"messages": NaN}', b'{"a":1}{"a":2}'),
        *(b"[" * 100_000, b'{"messages":' + b"[" * 3000 + b"]" * 3000 + b"}"),
        *(b'{"messages":"x","input":7}', b'{"messages":[[],7,null],"input":[[]]}'),
        b'{"messages":[{"role":"tool","content":{}}],"input":[{"type":"message"}]}',
        b'{"model":[],"stream":"yes","tools":{},"messages":[{}],"input":[{}]}',
        b'{"messages":[{"role":"user","content":"\\ud800"}],"input":"\\udfff"}',
        b'{"x":' + b"9" * 5000 + b"}",
    ],
    ids=lambda value: repr(value[:20]),
)
def test_a_body_that_nobody_understands(
    door: Door, upstream: SocketUpstream, target: bytes, body: bytes
) -> None:
    """It goes on as it is, since the provider knows best what is wrong with it."""
    upstream.answer = says(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nno")
    answer = door.ask(post(target, body, b"content-type: text/plain"))
    assert (answer.start, answer.body) == ((400,), b"no")
    assert upstream.seen[0].body == body


@pytest.mark.parametrize("target", READ)
@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large(
    door: Door, upstream: SocketUpstream, target: bytes, *, declared: bool
) -> None:
    """It is refused at its head, or as soon as it is too much; nothing goes on."""
    door.serve(limits=Limits(max_body=1000))
    with socket.create_connection(("127.0.0.1", door.port), PATIENCE) as connection:
        if declared:
            connection.sendall(post(target, b"", b"content-length: 100000000"))
        else:
            head = b"POST %b HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
            connection.sendall(head % target + b"3e9\r\n" + b" " * 1001 + b"\r\n")
        answer = received(connection, h11.CLIENT)
    assert answer is not None
    assert answer.start == (413,)
    kind = error_of(answer, target)
    assert kind == (
        "request_too_large" if target == MESSAGES else "invalid_request_error"
    )
    assert answer.values(b"connection") == [b"close"]
    assert upstream.seen == []


def test_a_client_that_sends_all_before_it_listens(
    door: Door, upstream: SocketUpstream
) -> None:
    """It gets to know that its body was too large."""
    door.serve(limits=Limits(max_body=1000))
    answer = door.ask(post(MESSAGES, b" " * 5_000_000))
    assert answer.start == (413,)
    assert upstream.seen == []


def test_what_is_not_read_may_be_large(door: Door, upstream: SocketUpstream) -> None:
    """Only what would be held in memory is bounded."""
    door.serve(limits=Limits(max_body=1000))
    assert door.ask(post(b"/v1/files", b" " * 300_000)).start == (200,)
    assert len(upstream.seen[0].body) == 300_000


@pytest.mark.parametrize("target", [*READ, b"/v1/files"])
def test_a_body_that_stops(door: Door, upstream: SocketUpstream, target: bytes) -> None:
    """It is not waited for longer than the limits say."""
    door.serve(limits=Limits(body_timeout=0.01))
    answer = door.ask(post(target, b"{", b"content-length: 9"))
    assert answer.start == (408,)
    kind = error_of(answer, target)
    assert kind == ("timeout_error" if target == MESSAGES else "invalid_request_error")
    assert answer.values(b"connection") == [b"close"]
    assert upstream.seen == []


@pytest.mark.parametrize("target", READ)
def test_too_many_at_a_time(
    door: Door, upstream: SocketUpstream, target: bytes
) -> None:
    """Those beyond the limit are told to come again, and the others are served."""
    door.serve(limits=Limits(max_requests=1))
    refused: list[Seen] = []

    def meanwhile(connection: socket.socket, _: Seen) -> None:
        refused.append(door.ask(post(target, b"{}")))
        connection.sendall(OK)

    upstream.answer = meanwhile
    assert door.ask(post(target, b"{}")).start == (200,)
    upstream.answer = says(OK)
    assert door.ask(post(target, b"{}")).start == (200,)
    (answer,) = refused
    assert answer.start == ((529,) if target == MESSAGES else (503,))
    assert answer.values(b"retry-after") == [b"1"]
    kind = error_of(answer, target)
    assert kind == ("overloaded_error" if target == MESSAGES else "server_error")


@pytest.mark.parametrize("target", [MESSAGES, CHAT, b"/v1/models"])
@pytest.mark.parametrize("method", [b"TRACE", b"CONNECT"])
def test_methods_that_are_for_proxies(
    door: Door, upstream: SocketUpstream, method: bytes, target: bytes
) -> None:
    """No upstream ever sees them."""
    answer = door.ask(post(target, b"", method=method))
    assert answer.start == (405,)
    assert error_of(answer, target) == "invalid_request_error"
    assert door.ask(b"CONNECT elsewhere:443 HTTP/1.1\r\n\r\n").start == (400,)
    assert upstream.seen == []


@pytest.mark.parametrize(
    "target",
    [
        *(b"/v1/../admin", b"/v1/%2e%2e/admin", b"/v1/.%2E/admin", b"/v1/..%2fadmin"),
        *(b"/v1/%252e%252e/admin", b"/v1/%25252e./admin", b"/v1/..%5cadmin", b"/.."),
        *(b"/v1/..;/admin", b"/v1/..\\admin", b"/v1/x/%2e%2e%2f..", b"/v1/a%00b"),
        *(b"/v1/messages/../../admin", b"/..%2f..%2fv1/messages", b"/v1/%2e/x"),
    ],
)
def test_no_path_leads_out_of_the_upstream(
    door: Door, upstream: SocketUpstream, target: bytes
) -> None:
    """What could lead upwards is refused, however it is written."""
    answer = door.ask(post(target, b"{}"))
    assert answer.start == (400,)
    error_of(answer, MESSAGES if b"messages" in target else CHAT)
    assert upstream.seen == []


@pytest.mark.parametrize(
    ("target", "seen"),
    [
        (b"http://127.0.0.1:1/v1/models", b"/v1/models"),
        (b"https://user:key@elsewhere:1/v1/models?x=1", b"/v1/models?x=1"),
        (b"//elsewhere/v1/models", b"//elsewhere/v1/models"),
        (b"/http://elsewhere/v1/models", b"/http://elsewhere/v1/models"),
        (b"/v1/models?url=http://elsewhere", b"/v1/models?url=http://elsewhere"),
        (b"/v1/models", b"/v1/models"),
    ],
)
def test_nothing_in_a_request_chooses_the_upstream(
    door: Door, upstream: SocketUpstream, target: bytes, seen: bytes
) -> None:
    """The address is the operator's; a request only says what it wants there."""
    headers = (
        b"X-Forwarded-Host: elsewhere\r\nX-Forwarded-Proto: https\r\nForwarded: host=e",
        b"X-Upstream: http://127.0.0.1:1\r\nx-base-url: http://127.0.0.1:1",
        b"X-Original-URL: http://127.0.0.1:1/\r\nx-headroom-upstream: http://e",
    )
    request = post(target, b"", *headers, method=b"GET")
    answer = door.ask(request.replace(b"host: x", b"Host: 127.0.0.1:1"))
    assert answer.start == (200,)
    (one,) = upstream.seen
    assert one.start[1] in (seen, b"/v1" + seen)
    assert one.values(b"host") == [f"127.0.0.1:{upstream.port}".encode()]


_TWICE: Final = b"POST /v1/messages HTTP/1.1\r\nhost: x\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        _TWICE
        + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{} GET / HTTP/1.1\r\n\r\n",
        _TWICE + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        _TWICE + b"transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
        _TWICE + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        _TWICE + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        _TWICE + b"transfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
        _TWICE + b"content-length: -1\r\n\r\n",
        _TWICE + b"content-length: 0x2\r\n\r\n{}",
        _TWICE + b"content-length : 2\r\n\r\n{}",
        _TWICE + b"x-a: b\r\n folded: c\r\ncontent-length: 0\r\n\r\n",
        _TWICE + b"x-a: a\0b\r\ncontent-length: 0\r\n\r\n",
        _TWICE + b"x-a: a\rb: c\r\ncontent-length: 0\r\n\r\n",
        _TWICE + b"x a: b\r\ncontent-length: 0\r\n\r\n",
        _TWICE + b": b\r\ncontent-length: 0\r\n\r\n",
        b"POST /v1/messages HTTP/3.7\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
    ],
    ids=lambda value: repr(value.removeprefix(_TWICE)[:40]),
)
def test_a_request_that_is_not_framed(
    door: Door, upstream: SocketUpstream, request_: bytes
) -> None:
    """Where it ends is not clear to everybody, so it is refused and not passed on."""
    answer = door.ask(request_)
    assert answer.start == (400,)
    assert upstream.seen == []


@pytest.mark.parametrize("count", [1, 2000])
def test_many_and_large_headers(
    door: Door, upstream: SocketUpstream, count: int
) -> None:
    """They go on, or are refused; the next request is served either way."""
    headers = [b"x-%d: " % i + b"v" * (60_000 // count) for i in range(count)]
    assert door.ask(post(MESSAGES, b"{}", *headers)).start == (200,)
    names = [name for name, _ in upstream.seen[0].headers if name.startswith(b"x-")]
    assert len(names) == count


def test_a_good_request_in_the_middle_of_bad_ones(
    door: Door, upstream: SocketUpstream
) -> None:
    """Whatever else is going on, it is served."""
    door.serve(limits=Limits(max_body=1000, body_timeout=30))
    with ExitStack() as held:
        body, head, large = (
            held.enter_context(
                socket.create_connection(("127.0.0.1", door.port), PATIENCE)
            )
            for _ in range(3)
        )
        body.sendall(post(MESSAGES, b"{", b"content-length: 999"))
        head.sendall(b"POST /v1/messages HTTP/1.1\r\nx-a: ")
        large.sendall(post(MESSAGES, b" " * 2000, b"content-length: 100000000"))
        door.ask(b"rubbish\r\n\r\n")
        for target in READ:
            assert door.ask(post(target, b"{}")).start == (200,)
    assert [seen.body for seen in upstream.seen] == [b"{}"] * 3
