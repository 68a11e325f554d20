"""What is passed on is what was sent: byte for byte, header for header."""

from __future__ import annotations

import gzip
import socket
from typing import Final

import h11
import pytest

from hardening.conftest import Door
from hardening.sockets import OK, PATIENCE, SocketUpstream, asked, post, received, says

_LARGE: Final = bytes(range(256)) * 4096
_PLAIN: Final = (
    b'{"model":"m","max_tokens":9,\r\n "messages":[{"role":"user",'
    b'"content":"h\\u00e9 \xc3\xa9"}],"input":"x","x":[1.0,1e400,0.10]}'
)
_CHUNKED: Final = b"POST %b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

REQUESTS: Final = {
    "messages": post(b"/v1/messages", _PLAIN, b"anthropic-version: 2023-06-01"),
    "chat": post(b"/v1/chat/completions", _PLAIN, b"Content-Type: application/json"),
    "responses": post(b"/v1/responses?x=%2F", _PLAIN),
    "no json": post(b"/v1/messages", b"\xff\xfe{["),
    "query": post(b"/v1/files/a%2fB%20c?q=a+b%26&&=;x[]=%E4%zz&e=#f", method=b"GET"),
    "empty": b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n",
    "head": b"HEAD /v1/models HTTP/1.1\r\nHost: x\r\n\r\n",
    "options": b"OPTIONS /v1/models HTTP/1.1\r\nHost: x\r\nOrigin: http://y\r\n\r\n",
    "delete": post(b"/v1/files/1", b'{"why": "\xc3\xa9"}', method=b"DELETE"),
    "patch": post(b"/v1/x", b"a", b"Content-Length: 1", method=b"PATCH"),
    "put nothing": post(b"/v1/x", method=b"PUT"),
    "chunked": _CHUNKED % b"/v1/messages" + b"3\r\n{ }\r\n2;ext=1\r\n\r\n\r\n0\r\n\r\n",
    "chunked upload": _CHUNKED % b"/v1/files" + b"3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n",
    "upload": post(b"/v1/files", _LARGE, b"Content-Type: application/octet-stream"),
    "multipart": post(
        b"/v1/files",
        b'--b\r\ncontent-disposition: form-data; name="f"\r\n\r\n\0\xff\r\n--b--\r\n',
        b'content-type: multipart/form-data; boundary="b"',
    ),
    "headers": post(
        b"/v1/messages",
        b"{}",
        *(b"X-Api-Key: sk-1", b"Authorization: Bearer \xc3\xa9\xff", b"X-Empty:"),
        *(b"anthropic-beta: a", b"x-mine: 1", b"anthropic-beta: b", b"Cookie: a=b"),
        *(b"accept-encoding: gzip, br", b"user-agent: ", b"x-tab: a\tb", b"Date: now"),
        *(b"x-forwarded-for: 1.2.3.4", b"content-encoding: zstd", b"Via: 1.1 z"),
        *(b"x-stainless-retry-count: 0", b"Accept: */*", b"x-long: " + b"l" * 20000),
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request(door: Door, upstream: SocketUpstream, name: str) -> None:
    """The upstream sees of it what it would have seen without a proxy."""
    request = REQUESTS[name]
    method = request.partition(b" ")[0].decode()
    upstream.answer = says(OK.removesuffix(b"{}") if method == "HEAD" else OK)
    port = asked(upstream.port, request, method), door.ask(request, method)
    direct, proxied = upstream.seen
    if name == "query":
        # A server never sees what is behind the #.
        assert direct.start[1] == b"/v1/files/a%2fB%20c?q=a+b%26&&=;x[]=%E4%zz&e=#f"
        direct = type(direct)(
            start=(direct.start[0], bytes(direct.start[1]).partition(b"#")[0]),
            headers=direct.headers,
            body=direct.body,
        )
    assert proxied.told == direct.told
    assert port[0].told == port[1].told


def test_no_body_is_made_of_nothing(door: Door, upstream: SocketUpstream) -> None:
    """A request without a body has none for the upstream either."""
    door.ask(REQUESTS["empty"])
    assert {b"transfer-encoding", b"content-length"}.isdisjoint(
        name for name, _ in upstream.seen[0].headers
    )


def test_what_is_of_one_connection_ends_with_it(
    door: Door, upstream: SocketUpstream
) -> None:
    """So do headers that a `connection` header names, both ways."""
    upstream.answer = says(
        b"HTTP/1.1 200 OK\r\nConnection: x-hop\r\nx-hop: 1\r\nkeep-alive: 5\r\n"
        b"x-stays: 1\r\ncontent-length: 0\r\n\r\n"
    )
    hop = b"Connection: keep-alive, X-Hop", b"x-hop: 1", b"te: trailers", b"x-stays: 1"
    answer = door.ask(post(b"/v1/x", b"", *hop, b"proxy-authorization: secret"))
    (seen,) = upstream.seen
    assert [name for name, _ in seen.headers] == [
        b"host",
        b"x-stays",
        b"content-length",
    ]
    assert seen.values(b"host") == [f"127.0.0.1:{upstream.port}".encode()]
    assert [name for name, _ in answer.headers] == [b"x-stays", b"content-length"]


def test_a_client_that_asks_before_it_sends(
    door: Door, upstream: SocketUpstream
) -> None:
    """It is told to go on, and its question ends here."""
    request = post(b"/v1/messages", b"{}", b"Expect: 100-continue")
    with socket.create_connection(("127.0.0.1", door.port), PATIENCE) as connection:
        connection.sendall(request.removesuffix(b"{}"))
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        answer = received(connection, h11.CLIENT)
    assert answer is not None
    assert answer.start == (200,)
    assert upstream.seen[0].values(b"expect") == []
    assert upstream.seen[0].body == b"{}"


_SSE: Final = b"Content-Type: text/event-stream; charset=utf-8\r\nRequest-Id: req_1\r\n"
_EVENTS: Final = (
    b'event: message_start\r\ndata: {"type":"message_start"}\r\n\r\n',
    b": ping\r\revent: x\rdata: \xe2\x80\xa8\xff\r\r",
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
)


def _chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))


ANSWERS: Final = {
    "json": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/json\r\n"
    b"Set-Cookie: a=b; Path=/\r\nset-cookie: c=d\r\nDate: now\r\nServer: cloud\r\n"
    b"Request-Id: req_\xc3\xa9\xff\r\nanthropic-ratelimit-x: 7\r\nX-Empty:\r\n\r\n{ }",
    "empty": b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\nx-a: b\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Same\r\nEtag: 1\r\nContent-Length: 9\r\n\r\n",
    "redirect": b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\n"
    b"content-length: 0\r\n\r\n",
    "refusal": b"HTTP/1.1 429 \r\nretry-after: 3\r\ncontent-length: 4\r\n\r\nslow",
    "own status": b"HTTP/1.1 529 \r\ncontent-length: 2\r\n\r\n{}",
    "early hints": b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK,
    "chunks": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nTrailer: x-t\r\n\r\n"
    + _chunked(b"ab", b"\0\xff"),
    "gzip": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n%b"
    % (len(gzip.compress(_LARGE, mtime=0)), gzip.compress(_LARGE, mtime=0)),
    "stream": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n%b\r\n%b"
    % (_SSE, _chunked(*_EVENTS)),
    "stream of a length": b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n%b\r\n%b"
    % (len(b"".join(_EVENTS)), _SSE, b"".join(_EVENTS)),
    "packed stream": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n"
    b"content-encoding: gzip\r\n%b\r\n%b"
    % (_SSE, _chunked(gzip.compress(b"".join(_EVENTS), mtime=0))),
}


@pytest.mark.parametrize("target", [b"/v1/messages", b"/v1/models"])
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer(
    door: Door, upstream: SocketUpstream, name: str, target: bytes
) -> None:
    """The client gets what it would have got without a proxy, read or unread."""
    upstream.answer = says(ANSWERS[name])
    request = post(target, _PLAIN)
    assert asked(upstream.port, request).told == door.ask(request).told


@pytest.mark.parametrize("target", [b"/v1/messages", b"/v1/models"])
def test_an_answer_in_many_pieces(
    door: Door, upstream: SocketUpstream, target: bytes
) -> None:
    """It makes no difference how the network cuts it."""
    whole = ANSWERS["stream"]
    upstream.answer = says(*(whole[at : at + 1] for at in range(len(whole))))
    request = post(target, _PLAIN)
    assert door.ask(request).body == b"".join(_EVENTS)


def test_the_head_of_an_answer(door: Door, upstream: SocketUpstream) -> None:
    """Its length is that of the body that is not sent."""
    upstream.answer = says(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nx-a: b\r\n\r\n")
    answer = door.ask(REQUESTS["head"], "HEAD")
    assert answer.values(b"content-length") == [b"1000"]
    assert door.ask(REQUESTS["head"], "HEAD").told == answer.told


@pytest.mark.parametrize("name", ["no content", "not modified", "empty", "refusal"])
def test_the_connection_stays(door: Door, upstream: SocketUpstream, name: str) -> None:
    """The end of an answer is the beginning of the next, whatever it had for a body."""
    upstream.answer = says(ANSWERS[name])
    with socket.create_connection(("127.0.0.1", door.port), PATIENCE) as connection:
        for _ in range(2):
            connection.sendall(post(b"/v1/models"))
            assert received(connection, h11.CLIENT) is not None
