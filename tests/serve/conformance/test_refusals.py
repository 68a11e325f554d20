"""Errors of the upstream are the client's, with all that they say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from upstreams import Plain, Refusal, Retrieve, StrictUpstream
from upstreams.script import said

from conformance.house import House
from conformance.raw_client import PATHS, dumped, exchanged
from conformance.speaking import Asked, How, Result, Speaker
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME

BUSY = Refusal(status=529, message="too busy", headers=(("retry-after", "0"),))


@pytest.fixture(params=[True, False], ids=["compressed", "plain"])
def asked(request: pytest.FixtureRequest, client: Speaker) -> Asked:
    """A request of which something is cut away, and one that is passed on."""
    return client.begin(Result() if request.param else Result(text="short"))


@pytest.mark.parametrize("status", [401, 429, 529])
def test_before_the_answer(
    upstream: StrictUpstream, client: Speaker, asked: Asked, how: How, status: int
) -> None:
    """Status, headers and body are kept; the upstream is not asked twice."""
    headers = (("retry-after", "7"), ("request-id", "req_9"))
    upstream.play(Refusal(status=status, message="no, thanks", headers=headers))
    with pytest.raises(client.errors) as raised:
        client.ask(asked, how)
    error: Any = raised.value
    assert error.status_code == status
    assert error.response.headers["retry-after"] == "7"
    assert error.response.headers["request-id"] == "req_9"
    assert "no, thanks" in str(error)
    assert len(upstream.got) == 1


def test_that_is_no_json(
    house: House, upstream: StrictUpstream, client: Speaker, asked: Asked, how: How
) -> None:
    """A page of a gateway in between is passed on as it is."""
    page = b"<html>bad gateway</html>"
    headers = (("content-type", "text/html"), ("x-served-by", "edge"))
    upstream.play(Plain(status=502, headers=headers, body=page))
    body = dumped(asked, stream=how == "stream")
    answer = exchanged(house.url, PATHS[client.path], body)
    assert (answer.status, answer.body) == (502, page)
    assert ("x-served-by", "edge") in answer.headers


def test_a_stream_that_is_none(
    house: House, upstream: StrictUpstream, client: Speaker, asked: Asked
) -> None:
    """So is a good answer in one piece to somebody who asked for a stream."""
    plain = Plain(body=b'{"hello": 1}')
    upstream.play(plain)
    body = dumped(asked, stream=True)
    answer = exchanged(house.url, PATHS[client.path], body)
    assert (answer.status, answer.body) == (200, plain.body)


def test_in_a_hidden_round(upstream: StrictUpstream, client: Speaker, how: How) -> None:
    """What a later round is refused with reaches the client as its type says."""
    upstream.play(said("One. ", Retrieve("host-44")), rest=BUSY)
    with pytest.raises(client.errors) as raised:
        client.ask(client.begin(Result()), how)
    error: Any = raised.value
    assert "too busy" in str(error)
    assert RETRIEVE_TOOL_NAME not in str(error)
    if how == "whole":
        assert error.status_code == 529
    if client.path == "messages":
        assert "overloaded_error" in str(error)


def test_a_hidden_round_is_tried_again(
    upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """An upstream that is busy for a moment does not cost the whole answer."""
    upstream.play(said("One. ", Retrieve("host-44")), BUSY, said("Done."))
    heard = client.ask(client.begin(Result()), how)
    assert heard.text == "One. Done."
    first, second = (got.body for got in upstream.got[1:])
    assert first == second


def test_a_hidden_round_that_is_refused_for_good(
    upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """What would be refused again is not sent again."""
    upstream.play(
        said("One. ", Retrieve("host-44")), Refusal(status=400, message="too long")
    )
    with pytest.raises(client.errors, match="too long"):
        client.ask(client.begin(Result()), how)
    assert len(upstream.got) == 2


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"messages": 5}', b"\xff\xfe"]
)
def test_what_cannot_be_read_goes_on(
    house: House, upstream: StrictUpstream, client: Speaker, body: bytes
) -> None:
    """The provider says itself what is wrong with a body."""
    house.refusals = 1
    answer = exchanged(house.url, PATHS[client.path], body)
    assert answer.status == 400
    assert "error" in json.loads(answer.body)
    assert upstream.got[0].body == body
