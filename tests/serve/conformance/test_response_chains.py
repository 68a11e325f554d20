"""Responses that go on from an id: clients see one chain, without hidden rounds."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from upstreams import Call, Retrieve, StrictUpstream
from upstreams.script import said

from conformance.house import House
from conformance.speaking import Heard, How, Result, Speaker, rows, secret
from headroom_langchain import InMemoryCCRStore

LOOK = Call("look", {"at": "x"})


@pytest.fixture
def speaker(house: House) -> Speaker:
    """A client that sends only what is new."""
    return house.speaker("chained")


def _next(speaker: Speaker, asked: Any, heard: Heard, how: How) -> tuple[Any, Heard]:
    results = {call[0]: "a result" for call in heard.calls}
    say = None if results else "Go on."
    asked = speaker.go_on(asked, heard, say=say, results=results)
    return asked, speaker.ask(asked, how)


def test_three_turns(upstream: StrictUpstream, speaker: Speaker, how: How) -> None:
    """Each turn goes on behind the hidden rounds of the turn before."""
    upstream.play(
        said("One. ", Retrieve("host-44")),
        said("Two."),
        said("Three. ", Retrieve("host-7")),
        said("Four. ", Retrieve("host-8")),
        said("Five."),
        said("Six."),
    )
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, how)
    texts = [heard.text]
    for _ in range(2):
        asked, heard = _next(speaker, asked, heard, how)
        texts.append(heard.text)
    assert texts == ["One. Two.", "Three. Four. Five.", "Six."]
    assert secret() in " ".join(upstream.got[-1].seen)


def test_the_original_may_be_asked_for_later(
    upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """What an earlier request cut away can be asked for in those behind it."""
    upstream.play(said("One."), said("Two."), said("Three. ", Retrieve("host-44")))
    upstream.play(said("Four."))
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, how)
    for _ in range(2):
        asked, heard = _next(speaker, asked, heard, how)
    assert heard.text == "Three. Four."
    assert secret() in upstream.got[-1].seen[-1]


def test_mixed_turns(upstream: StrictUpstream, speaker: Speaker, how: How) -> None:
    """The answer to a hidden call is sent along with the client's result."""
    upstream.play(
        said("One. ", Retrieve("host-44")),
        said("Two. ", Retrieve("host-7"), LOOK),
        said("Three. ", LOOK, Retrieve("host-8")),
        said("Four."),
        said("Five."),
    )
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, how)
    texts = [heard.text]
    for _ in range(3):
        asked, heard = _next(speaker, asked, heard, how)
        texts.append(heard.text)
    assert texts == ["One. Two. ", "Three. ", "Four.", "Five."]


def test_two_ways_from_one_answer(
    upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """Several requests may go on from the same answer."""
    upstream.play(said("One. ", Retrieve("host-44")), said("Two."))
    upstream.play(said("Left. ", Retrieve("host-7")), said("Done."), said("Right."))
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, how)
    left = _next(speaker, asked, heard, how)[1]
    right = _next(speaker, asked, heard, how)[1]
    assert (left.text, right.text) == ("Left. Done.", "Right.")


def test_another_worker(
    house: House, upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """A chain may go on at any worker that shares the store."""
    store = InMemoryCCRStore()
    house.serve(store=store)
    upstream.play(
        said("One. ", Retrieve("host-44")),
        said("Two. ", Retrieve("host-7"), LOOK),
        said("Three. ", Retrieve("host-9")),
        said("Four."),
    )
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, how)
    house.serve(store=store)
    heard = _next(speaker, asked, heard, how)[1]
    assert heard.text == "Three. Four."


def test_from_a_request_with_nothing_to_compress(
    upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """A chain that begins with small texts may become large later."""
    upstream.play(
        said("One. ", LOOK), said("Two. ", Retrieve("host-744")), said("Three.")
    )
    asked = speaker.begin(Result(text="short"))
    heard = speaker.ask(asked, how)
    results = {heard.calls[0][0]: rows(first=700)}
    asked = speaker.go_on(asked, heard, results=results)
    heard = speaker.ask(asked, how)
    assert heard.text == "Two. Three."
    assert secret(700) in upstream.got[-1].seen[-1]


def test_an_id_that_nobody_knows(
    house: House, upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """The provider says that it does not know it."""
    house.refusals = 1
    asked = speaker.begin(Result(), previous_response_id="resp_77")
    with pytest.raises(openai.BadRequestError, match="resp_77"):
        speaker.ask(asked, how)
