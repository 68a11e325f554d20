"""Where nothing is compressed, going through the application is going direct."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from upstreams import Got, Plain, Retrieve, StrictUpstream, Way
from upstreams.script import said

from conformance.house import House
from conformance.raw_client import HEADERS, PATHS, Answer, dumped, exchanged
from conformance.speaking import How, Result, Speaker, rows
from headroom_langchain import CompressionPolicy

_NEWLINES = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}
_TEXT = "Straße ☂ \u2028 and 12345678 \U0001f600. "
_FRAMING = {"host", "connection", "content-length", "transfer-encoding"}


def _headers(got: Got) -> list[tuple[str, str]]:
    """Return the headers of a request, without those between two servers."""
    lower = [(name.lower(), value) for name, value in got.headers]
    return [pair for pair in lower if pair[0] not in _FRAMING]


def _same(direct: Answer, through: Answer, upstream: StrictUpstream) -> bool:
    """Check that both sides saw the same, direct and through the application."""
    assert through == direct
    one, other = upstream.got[-2:]
    assert other.body == one.body
    assert _headers(other) == _headers(one)
    assert (other.method, other.target) == (one.method, one.target)
    return True


def _ping(client: Speaker, newline: str) -> bytes:
    """Return the ping of a protocol's upstream."""
    ping = b": ping\n\n"
    if client.path == "messages":
        ping = b'event: ping\ndata: {"type": "ping"}\n\n'
    return ping.replace(b"\n", _NEWLINES[newline])


@pytest.mark.parametrize("cut", [0, 1, 3])
@pytest.mark.parametrize("newline", _NEWLINES)
def test_streams(
    house: House, upstream: StrictUpstream, client: Speaker, newline: str, cut: int
) -> None:
    """The events of a stream are the upstream's very bytes, however it cuts them."""
    way = Way(newline=_NEWLINES[newline], cut=cut, pings=(1,))
    turn = said(_TEXT, way=way)
    upstream.play(turn)
    body = dumped(client.begin(Result(text="short")), stream=True)
    answer = exchanged(house.url, PATHS[client.path], body)
    (got,) = upstream.got
    assert got.body == body
    plain = answer.body.replace(_ping(client, newline), b"", 1)
    assert plain == upstream.written(turn, got)


@pytest.mark.parametrize("cut", [0, 1, 3])
@pytest.mark.parametrize("newline", _NEWLINES)
def test_streams_that_are_read(
    upstream: StrictUpstream, client: Speaker, newline: str, cut: int
) -> None:
    """A stream that is watched for hidden calls means the same however it is cut."""
    way = Way(newline=_NEWLINES[newline], cut=cut)
    upstream.play(
        said(_TEXT, Retrieve("host-44"), way=way, piece=30),
        said(_TEXT.upper(), way=way, piece=30),
    )
    heard = client.ask(client.begin(Result()), "stream")
    assert heard.text == _TEXT + _TEXT.upper()


@pytest.mark.parametrize("what", ["stream", "whole", "refused"])
def test_headers_of_both_directions(
    house: House, upstream: StrictUpstream, client: Speaker, what: str
) -> None:
    """Names, values and order of all headers are kept, also of those that repeat."""
    sent = (
        ("X-First", "1"),
        ("anthropic-beta", "one-2025-01-01,two-2025-02-02"),
        ("anthropic-beta", "three-2025-03-03"),
        *HEADERS,
        ("User-Agent", "my-agent/1.2 (x; y)"),
        ("accept", "application/json"),
        ("Accept-Encoding", "gzip, br"),
        ("x-stainless-retry-count", "0"),
        ("OpenAI-Organization", "org-1"),
        ("cookie", "a=1; b=2"),
        ("X-Last", "ü".encode().decode("latin-1")),
    )
    told = (
        ("request-id", "req_1"),
        ("set-cookie", "a=1; Path=/"),
        ("anthropic-ratelimit-requests-remaining", "99"),
        ("set-cookie", "b=2; Path=/"),
        ("date", "Sun, 22 Nov 2026 01:00:00 GMT"),
        ("server", "cloudflare"),
        ("x-ratelimit-reset-tokens", "6m0s"),
    )
    turn = said("Hello", way=Way(headers=told))
    body = dumped(client.begin(Result(text="short")), stream=what == "stream")
    if what == "refused":
        answer: Any = Plain(status=429, headers=told, body=b'{"error":{}}')
    else:
        answer = turn
    upstream.play(answer, answer)
    path = PATHS[client.path]
    direct = exchanged(upstream.url, path, body, headers=sent)
    through = exchanged(house.url, path, body, headers=sent)
    number = str(len(upstream.got)).encode()
    # The second answer has ids of its own.
    again = through.body.replace(b"_" + number, b"_1").replace(b"-" + number, b"-1")
    through = Answer(status=through.status, headers=through.headers, body=again)
    assert _same(direct, through, upstream)


def test_headers_of_a_request_that_is_changed(
    house: House, upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """Where something is compressed, all else of the headers is kept too."""
    sent = (("X-First", "1"), *HEADERS, ("user-agent", "me"), ("X-Last", "2"))
    told = (("request-id", "req_1"), ("set-cookie", "a=1"), ("set-cookie", "b=2"))
    upstream.play(said("Hello", way=Way(headers=told)))
    body = dumped(client.begin(Result()), stream=how == "stream")
    answer = exchanged(house.url, PATHS[client.path], body, headers=sent)
    names = [name.lower() for name, _ in sent]
    kept = [pair for pair in _headers(upstream.got[0]) if pair[0] in names]
    assert kept == [(name.lower(), value) for name, value in sent]
    assert [pair for pair in answer.headers if pair in told] == list(told)
    encodings = upstream.got[0].header("accept-encoding")
    assert encodings in ([], ["identity"])


@pytest.mark.parametrize(
    "target",
    [
        "/v1/models?limit=2&after_id=a%20b",
        "/v1/models/claude-x",
        "/v1/files/f%2F1/content?x=1&x=2&empty=",
        "/v1/unknown;v=1/~x?q=%C3%A9+%26",
        "/v1/messages/batches/b_1/results",
        "/v1/responses/resp_1?include[]=a",
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
def test_other_requests(
    house: House, upstream: StrictUpstream, target: str, method: str
) -> None:
    """Everything else is passed on unread, with its query as it was written."""
    headers = (("content-type", "text/plain"), ("x-page", "1"), ("x-page", "2"))
    body = b"" if method == "HEAD" else b"\x00\xff any bytes"
    upstream.play(*[Plain(status=203, headers=headers, body=body)] * 2)
    direct = exchanged(upstream.url, target, method=method)
    through = exchanged(house.url, target, method=method)
    assert _same(direct, through, upstream)


@pytest.mark.parametrize(
    "target",
    ["/v1/messages/count_tokens?beta=true", "/v1/embeddings", "/v1/messages/batches"],
)
def test_other_bodies(house: House, upstream: StrictUpstream, target: str) -> None:
    """Bodies of other requests are not read, whatever they are."""
    body = b'{"messages": ' + json.dumps(rows()).encode() + b", \xff\x00"
    upstream.play(*[Plain(body=b'{"input_tokens": 7}', pieces=5)] * 2)
    direct = exchanged(upstream.url, target, body)
    through = exchanged(house.url, target, body)
    assert _same(direct, through, upstream)


def test_packed_answers(
    house: House, upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """A packed answer of which nothing is read stays packed."""
    packed = gzip.compress(b'{"id": "x"}', mtime=0)
    headers = (("content-encoding", "gzip"), ("content-type", "application/json"))
    upstream.play(*[Plain(headers=headers, body=packed)] * 2)
    body = dumped(client.begin(Result(text="short")), stream=how == "stream")
    path = PATHS[client.path]
    direct = exchanged(upstream.url, path, body)
    assert _same(direct, exchanged(house.url, path, body), upstream)


def test_packed_answers_that_are_read(
    upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """An upstream that packs its answers unasked is understood."""
    way = Way(gzip=True)
    upstream.play(said("One. ", Retrieve("host-44"), way=way), said("Done.", way=way))
    heard = client.ask(client.begin(Result()), how)
    assert heard.text == "One. Done."


@pytest.mark.parametrize("tool", ["Read", "look"])
def test_what_is_cut_and_what_is_not(
    upstream: StrictUpstream, client: Speaker, tool: str
) -> None:
    """Results of tools that agents edit from go out letter by letter."""
    upstream.play(said("Done."))
    client.ask(client.begin(Result(tool=tool)), "whole")
    (got,) = upstream.got
    assert (rows() in got.seen) is (tool == "Read")
    assert bool(got.keys) is (tool != "Read")


def test_only_the_texts_change(
    house: House, upstream: StrictUpstream, client: Speaker
) -> None:
    """Of a request that is compressed, all other bytes are as the client wrote them."""
    house.serve(policy=CompressionPolicy(retrieval=False, lossy=True))
    upstream.play(said("Done."))
    body = dumped(client.begin(Result()), temperature=1.0, metadata={"x": "☂"})
    exchanged(house.url, PATHS[client.path], body)
    (got,) = upstream.got
    shown = next(text for text in got.seen if "hidden]" in text)
    before = json.dumps(rows()).encode()
    assert before in body
    start = body.index(before)
    assert got.body.startswith(body[:start])
    assert got.body.endswith(body[start + len(before) :])
    assert (
        json.loads(got.body[start : len(got.body) - len(body) + start + len(before)])
        == shown
    )
