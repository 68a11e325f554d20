"""What a provider has cached of a conversation stays valid, retrievals included."""

from __future__ import annotations

import json

import pytest
from upstreams import Call, Retrieve, StrictUpstream
from upstreams.script import said

from conformance.continued import goes_on, items
from conformance.house import House
from conformance.speaking import Asked, Heard, How, Result, Speaker, rows, secret
from headroom_langchain import InMemoryCCRStore

LOOK = Call("look", {"at": "x"})


def _talk(
    speaker: Speaker, asked: Asked, how: How, said_next: list[str]
) -> list[Heard]:
    """Ask, and say one thing after the other."""
    heard = [speaker.ask(asked, how)]
    for text in said_next:
        results = {call[0]: text for call in heard[-1].calls}
        say = None if results else text
        asked = speaker.go_on(asked, heard[-1], say=say, results=results)
        heard.append(speaker.ask(asked, how))
    return heard


def test_over_turns_with_retrievals(
    upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """Each request begins with the bytes of the one before, hidden rounds too."""
    upstream.play(
        said("One. ", Retrieve("host-44")),
        said("Two. ", Retrieve("host-7")),
        said("Three."),
        said("Four. ", Retrieve("host-8")),
        said("Five."),
        said("Six."),
    )
    asked = speaker.begin(Result())
    heard = _talk(speaker, asked, how, ["Go on.", "And?"])
    assert [one.text for one in heard] == ["One. Two. Three.", "Four. Five.", "Six."]
    assert len(upstream.got) == 6
    assert goes_on(speaker, upstream.got)


def test_over_mixed_turns(upstream: StrictUpstream, speaker: Speaker, how: How) -> None:
    """So it is when the client's own tools were called in between."""
    upstream.play(
        said("One. ", Retrieve("host-44")),
        said("Two. ", LOOK),
        said("Three. ", Retrieve("host-7"), LOOK),
        said("Four."),
        said("Five."),
    )
    asked = speaker.begin(Result())
    heard = _talk(speaker, asked, how, ["result", rows(first=500), "Thanks."])
    assert [one.text for one in heard] == ["One. Two. ", "Three. ", "Four.", "Five."]
    assert goes_on(speaker, upstream.got)


def test_a_silent_round_first(upstream: StrictUpstream, speaker: Speaker) -> None:
    """And when a round said nothing that the client could see."""
    upstream.play(
        said(Retrieve("host-44")),
        said(Retrieve("host-7")),
        said("Done."),
        said("Welcome."),
    )
    asked = speaker.begin(Result())
    heard = _talk(speaker, asked, "stream", ["Thanks."])
    assert [one.text for one in heard] == ["Done.", "Welcome."]
    assert goes_on(speaker, upstream.got)


def test_a_silent_round_before_a_call(
    upstream: StrictUpstream, speaker: Speaker
) -> None:
    """And when all that the client saw of an answer was a call."""
    upstream.play(
        said(Retrieve("host-44")),
        said(LOOK),
        said(Retrieve("host-7")),
        said("Done."),
        said("Welcome."),
    )
    asked = speaker.begin(Result())
    heard = _talk(speaker, asked, "stream", ["result", "Thanks."])
    assert [one.text for one in heard] == ["", "Done.", "Welcome."]
    assert goes_on(speaker, upstream.got)


def test_the_same_words_twice(upstream: StrictUpstream, speaker: Speaker) -> None:
    """What was hidden behind some words is put back there, not behind the same."""
    upstream.play(
        said("Done."),
        said("Done."),
        said(Retrieve("host-44")),
        said("Done."),
        said(Retrieve("host-7")),
        said("Done."),
        said("Done."),
    )
    heard = _talk(speaker, speaker.begin(Result()), "stream", ["Go on."] * 4)
    assert [one.text for one in heard] == ["Done."] * 5
    assert goes_on(speaker, upstream.got)


def test_the_same_words_elsewhere(upstream: StrictUpstream, speaker: Speaker) -> None:
    """Nor are they put into another conversation, in which the same was said."""
    upstream.play(said("Done."), said(Retrieve("host-44")), said("Done."))
    _talk(speaker, speaker.begin(Result()), "stream", ["Go on."])
    upstream.play(rest=said("Done."))
    other = speaker.begin(Result(text=rows(first=600)))
    other = json.loads(json.dumps(other).replace("own_0", "own_9"))
    _talk(speaker, other, "stream", ["Go on.", "Go on."])
    assert goes_on(speaker, upstream.got[3:])
    assert secret() not in str(upstream.got[-1].seen)


def test_a_stream_and_then_none(upstream: StrictUpstream, speaker: Speaker) -> None:
    """How an answer was sent makes no difference later on."""
    upstream.play(
        said("One. ", Retrieve("host-44"), "Also. "),
        said("Two."),
        said("Three. ", Retrieve("host-7")),
        said("Four."),
        said("Five."),
    )
    asked = speaker.begin(Result())
    first = speaker.ask(asked, "stream")
    asked = speaker.go_on(asked, first, say="Go on.")
    second = speaker.ask(asked, "whole")
    speaker.ask(speaker.go_on(asked, second, say="And?"), "stream")
    for before, after in zip(upstream.got, upstream.got[1:], strict=False):
        read = items(before)
        assert items(after)[: len(read)] == read


def test_the_same_request_twice(
    house: House, upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """A request is compressed to the same bytes, whoever does it, whatever was."""
    asked = client.begin(Result(), Result(text=rows(first=300)))
    upstream.play(rest=said("Done."))
    client.ask(asked, how)
    client.ask(client.begin(Result(text=rows(first=900))), how)
    client.ask(asked, how)
    house.serve()
    client.ask(asked, how)
    first, _, second, third = (got.body for got in upstream.got)
    assert first == second == third


def test_another_worker(
    house: House, upstream: StrictUpstream, speaker: Speaker
) -> None:
    """A conversation may go on at any worker that shares the store."""
    store = InMemoryCCRStore()
    house.serve(store=store)
    upstream.play(
        said("One. ", Retrieve("host-44")),
        said("Two. ", Retrieve("host-7"), LOOK),
        said("Three."),
        said("Four."),
    )
    asked = speaker.begin(Result())
    for text in ("One. Two. ", "Three.", "Four."):
        heard = speaker.ask(asked, "stream")
        assert heard.text == text
        results = {call[0]: "result" for call in heard.calls}
        say = None if results else "Go on."
        asked = speaker.go_on(asked, heard, say=say, results=results)
        house.serve(store=store)
    assert goes_on(speaker, upstream.got)


def test_a_store_that_has_forgotten(
    house: House, upstream: StrictUpstream, speaker: Speaker
) -> None:
    """Without its notes a conversation goes on all the same, and is valid."""
    if speaker.name == "chained":
        pytest.skip("what only the provider keeps is found by what was noted")
    upstream.play(
        said("One. ", Retrieve("host-44")),
        said("Two. ", Retrieve("host-7"), LOOK),
        said("Three. ", Retrieve("host-8")),
        said("Four."),
    )
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, "stream")
    asked = speaker.go_on(asked, heard, results={heard.calls[0][0]: "result"})
    house.serve()
    assert speaker.ask(asked, "stream").text == "Three. Four."
