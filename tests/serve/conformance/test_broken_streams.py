"""Whatever goes wrong upstream, the client is told, in the provider's own way."""

from __future__ import annotations

import pytest
from upstreams import Refusal, Retrieve, StrictUpstream, Way
from upstreams.script import said

from conformance.house import House
from conformance.speaking import Asked, Result, Speaker

BUSY = Refusal(status=529, message="too busy")
TEXT = "This is what the model says."


@pytest.fixture(params=[True, False], ids=["compressed", "plain"])
def asked(request: pytest.FixtureRequest, client: Speaker) -> Asked:
    """A request of which something is cut away, and one that is passed on."""
    return client.begin(Result() if request.param else Result(text="short"))


def _fails(client: Speaker, asked: Asked) -> Exception:
    with pytest.raises(client.errors) as raised:
        client.ask(asked, "stream")
    return raised.value


def _told(client: Speaker, error: Exception, house: House) -> None:
    """Check that it is the upstream's error that arrived."""
    assert "too busy" in str(error) or b"too busy" in house.sent[-1].body
    if client.path == "messages":
        assert "overloaded_error" in str(error)


@pytest.mark.parametrize("at", [0, 1, 5])
def test_an_error_in_the_first_round(
    house: House, upstream: StrictUpstream, client: Speaker, asked: Asked, at: int
) -> None:
    """An error event is passed on wherever it comes."""
    upstream.play(said(TEXT, way=Way(error=(at, BUSY))))
    _told(client, _fails(client, asked), house)


@pytest.mark.parametrize("at", [0, 1, 5])
def test_an_error_in_a_hidden_round(
    house: House, upstream: StrictUpstream, client: Speaker, at: int
) -> None:
    """So is one in a later round."""
    upstream.play(
        said("One. ", Retrieve("host-44")), said(TEXT, way=Way(error=(at, BUSY)))
    )
    _told(client, _fails(client, client.begin(Result())), house)
    assert len(upstream.got) == 2


@pytest.mark.parametrize("at", [0, 4])
@pytest.mark.parametrize("size", [0, 9, 40])
def test_a_connection_that_breaks(
    upstream: StrictUpstream, client: Speaker, asked: Asked, at: int, size: int
) -> None:
    """A stream that is cut off, in an event or between two, is no answer."""
    upstream.play(said(TEXT, way=Way(breaks=(at, size))))
    _fails(client, asked)


@pytest.mark.parametrize("at", [0, 4])
@pytest.mark.parametrize("size", [0, 40])
def test_a_connection_that_breaks_in_a_hidden_round(
    upstream: StrictUpstream, client: Speaker, at: int, size: int
) -> None:
    """Nor is one of which a later round is cut off."""
    upstream.play(
        said("One. ", Retrieve("host-44")), said(TEXT, way=Way(breaks=(at, size)))
    )
    _fails(client, client.begin(Result()))


@pytest.mark.parametrize("at", [1, 5])
def test_a_stream_that_ends_too_early(
    upstream: StrictUpstream, client: Speaker, asked: Asked, at: int
) -> None:
    """A stream without its last event is no answer, however cleanly it ends."""
    upstream.play(said(TEXT, way=Way(stop=at)))
    _fails(client, asked)


@pytest.mark.parametrize("at", [0, 4])
def test_a_hidden_round_that_ends_too_early(
    upstream: StrictUpstream, client: Speaker, at: int
) -> None:
    """Nor is one of which a later round has no end."""
    upstream.play(said("One. ", Retrieve("host-44")), said(TEXT, way=Way(stop=at)))
    _fails(client, client.begin(Result()))


def test_a_hidden_call_without_its_end(
    upstream: StrictUpstream, client: Speaker
) -> None:
    """A round that breaks within a hidden call is not answered."""
    way = Way(stop=client.first_text + 3)
    upstream.play(said("12345678", Retrieve("host-44"), way=way))
    _fails(client, client.begin(Result()))
    assert len(upstream.got) == 1


@pytest.mark.parametrize("round_", [1, 2])
def test_a_whole_answer_that_breaks(
    upstream: StrictUpstream, client: Speaker, round_: int
) -> None:
    """An answer in one piece that is cut off is no answer either."""
    if round_ == 2:
        upstream.play(said("One. ", Retrieve("host-44")))
    upstream.play(said(TEXT, way=Way(breaks=(0, 20))))
    with pytest.raises(client.errors):
        client.ask(client.begin(Result()), "whole")
    assert len(upstream.got) == round_
