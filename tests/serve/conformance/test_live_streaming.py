"""What a stream is worth: nothing is held back, and nobody is forgotten."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from upstreams import Gate, Retrieve, StrictUpstream, Way
from upstreams.script import said

from conformance.house import IN_TIME, House
from conformance.raw_client import PATHS, connected, dumped, until
from conformance.speaking import Asked, Result, Speaker
from headroom_langchain.serve import Limits


def _read_text(client: Speaker, events: Any, wanted: str) -> None:
    """Read until some text has come."""
    text = ""
    while wanted not in text:
        text += client.text_of(next(events))


@pytest.fixture(params=[True, False], ids=["compressed", "plain"])
def asked(request: pytest.FixtureRequest, client: Speaker) -> Asked:
    """A request of which something is cut away, and one that is passed on."""
    return client.begin(Result() if request.param else Result(text="short"))


def test_the_first_text_is_not_held(
    upstream: StrictUpstream, client: Speaker, asked: Asked
) -> None:
    """The first piece is there before the upstream has sent the second."""
    gate = Gate()
    way = Way(holds={client.first_text: gate})
    upstream.play(said("12345678 and more", way=way))
    with client.opened(asked) as events:
        _read_text(client, events, "12345678")
        gate.open()
        _read_text(client, events, "more")
        assert len(list(events)) >= 1


def test_text_before_a_hidden_call_is_not_held(
    upstream: StrictUpstream, client: Speaker
) -> None:
    """Neither in the first round, nor in the second."""
    first, second = Gate(), Gate()
    one = said(
        "12345678", Retrieve("host-44"), way=Way(holds={client.first_text: first})
    )
    way = Way(holds={client.first_text: second})
    upstream.play(one, said("abcdefgh ijkl", way=way))
    with client.opened(client.begin(Result())) as events:
        _read_text(client, events, "12345678")
        first.open()
        _read_text(client, events, "abcdefgh")
        second.open()
        _read_text(client, events, "ijkl")
        assert len(list(events)) >= 1


@pytest.mark.parametrize("where", ["head", "first event"])
def test_a_sign_of_life_between_rounds(
    house: House, upstream: StrictUpstream, client: Speaker, where: str
) -> None:
    """While the next round is awaited, the client is told that the stream lives."""
    house.serve(limits=Limits(heartbeat=0.02))
    gate = Gate()
    way = Way(head=gate) if where == "head" else Way(holds={0: gate})
    upstream.play(said("One. ", Retrieve("host-44")), said("Done.", way=way))
    body = dumped(client.begin(Result()), stream=True)
    with connected(house.url, PATHS[client.path], body) as connection:
        assert b"Done" not in until(connection, b": ping")
        gate.open()
        assert until(connection, b"Done")


def test_pings_of_the_upstream(house: House, upstream: StrictUpstream) -> None:
    """They are passed on in every round."""
    client = house.speaker("messages")
    upstream.play(
        said("One. ", Retrieve("host-44"), way=Way(pings=(1, 3))),
        said("Done.", way=Way(pings=(1,))),
    )
    client.ask(client.begin(Result()), "stream")
    assert house.sent[-1].body.count(b"event: ping") == 3


def test_who_leaves_is_not_waited_for(
    house: House, upstream: StrictUpstream, client: Speaker, asked: Asked
) -> None:
    """A client that leaves takes its upstream's connection with it."""
    gate = Gate()
    way = Way(holds={client.first_text: gate})
    upstream.play(said("12345678 and more", way=way))
    body = dumped(asked, stream=True)
    with connected(house.url, PATHS[client.path], body) as connection:
        assert gate.reached.wait(IN_TIME)
        assert connection.recv(1)
    assert upstream.got[0].left.wait(IN_TIME)


@pytest.mark.parametrize("where", ["head", "first event", "text"])
def test_who_leaves_in_a_hidden_round(
    house: House, upstream: StrictUpstream, client: Speaker, where: str
) -> None:
    """That holds for later rounds too, and no further one is begun."""
    gate = Gate()
    at = {"first event": 0, "text": client.first_text}
    way = Way(head=gate) if where == "head" else Way(holds={at[where]: gate})
    upstream.play(
        said("One. ", Retrieve("host-44")),
        said("12345678 ", Retrieve("host-44"), way=way),
    )
    body = dumped(client.begin(Result()), stream=True)
    with connected(house.url, PATHS[client.path], body):
        assert gate.reached.wait(IN_TIME)
    assert upstream.got[1].left.wait(IN_TIME)
    assert house.sent[-1].over.wait(IN_TIME)
    assert len(upstream.got) == 2


def test_who_leaves_before_a_whole_answer(
    house: House, upstream: StrictUpstream, client: Speaker, asked: Asked
) -> None:
    """Somebody who waits for an answer in one piece may leave as well."""
    gate = Gate()
    upstream.play(said("Done.", way=Way(head=gate)))
    with connected(house.url, PATHS[client.path], dumped(asked)):
        assert gate.reached.wait(IN_TIME)
    assert upstream.got[0].left.wait(IN_TIME)


def test_streams_at_the_same_time(
    house: House, upstream: StrictUpstream, client: Speaker
) -> None:
    """An answer that waits does not keep others waiting, and none is mixed up."""
    gate = Gate()
    way = Way(holds={client.first_text: gate})
    upstream.play(said("12345678 slow", way=way), said("quick", Retrieve("host-44")))
    upstream.play(said(" answer"))
    with client.opened(client.begin(Result())) as slow:
        _read_text(client, slow, "12345678")
        other = client.ask(client.begin(Result()), "stream")
        assert other.text == "quick answer"
        gate.open()
        _read_text(client, slow, "slow")
        with suppress(StopIteration):
            while True:
                next(slow)
