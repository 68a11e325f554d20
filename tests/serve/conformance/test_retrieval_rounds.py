"""Retrieval within an answer: asked, answered, and nothing of it seen."""

from __future__ import annotations

import json

import pytest
from upstreams import Call, Retrieve, StrictUpstream, Thinking, Usage
from upstreams.script import said

from conformance.house import House
from conformance.seamless import events
from conformance.speaking import How, Result, Speaker, rows, secret
from headroom_langchain import CompressionPolicy
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME


def test_one_retrieval(upstream: StrictUpstream, speaker: Speaker, how: How) -> None:
    """The model asks once and gets what was cut away; the client sees one answer."""
    upstream.play(said("Let me see. ", Retrieve("host-44")), said("It is host-40."))
    heard = speaker.ask(speaker.begin(Result()), how)
    assert heard.text == "Let me see. It is host-40."
    assert (heard.calls, heard.stop) == ((), "end")
    first, second = upstream.got
    assert rows() not in first.seen
    assert secret() not in str(first.seen)
    assert secret() in second.seen[-1]


def test_a_silent_retrieval(
    upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """A round that says nothing leaves no trace in the answer."""
    upstream.play(said(Retrieve("host-44")), said("It is host-40."))
    heard = client.ask(client.begin(Result()), how)
    assert (heard.text, heard.calls, heard.stop) == ("It is host-40.", (), "end")


def test_parallel_retrievals(
    upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """Several originals can be asked for at once, each call with its own answer."""
    asked = speaker.begin(Result(), Result(text=rows(first=1000)))
    both = (Retrieve("host-44", which=0), Retrieve("host-1044", which=1))
    upstream.play(said("Both: ", *both), said("done."))
    assert speaker.ask(asked, how).text == "Both: done."
    seen = upstream.got[1].seen
    assert any(secret() in text for text in seen[-4:])
    assert any(secret(1000) in text for text in seen[-4:])


def test_several_rounds(upstream: StrictUpstream, speaker: Speaker, how: How) -> None:
    """The model may ask again after an answer; all its text is kept, in order."""
    upstream.play(
        said("One. ", Retrieve("host-44")),
        said("Two. ", Retrieve("host-7")),
        said("Three. ", Retrieve("zone")),
        said("Done."),
    )
    heard = speaker.ask(speaker.begin(Result()), how)
    assert heard.text == "One. Two. Three. Done."
    assert len(upstream.got) == 4


def test_text_around_a_call(
    upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """Text that stands behind a hidden call is kept too."""
    upstream.play(said("Before. ", Retrieve("host-44"), "After. "), said("Done."))
    heard = client.ask(client.begin(Result()), how)
    assert heard.text == "Before. After. Done."


def test_blank_text_before_a_call(
    upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """Blank text, which providers write but do not accept, spoils no later round."""
    upstream.play(said("\n\n", Retrieve("host-44")), said("Done."))
    heard = client.ask(client.begin(Result()), how)
    assert heard.text.strip() == "Done."


@pytest.mark.parametrize("ending", ["call", "length"])
def test_how_the_last_round_ends(
    upstream: StrictUpstream, client: Speaker, how: How, ending: str
) -> None:
    """The answer ends as its last round does, also with a call or cut short."""
    called = said("Now look. ", Call("look", {"at": "x"}))
    last = called if ending == "call" else said("Now look. ", stop="length")
    upstream.play(said("First. ", Retrieve("host-44")), last)
    heard = client.ask(client.begin(Result()), how)
    assert (heard.text, heard.stop) == ("First. Now look. ", ending)
    assert len(heard.calls) == (ending == "call")


def test_usage_of_all_rounds(
    upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """The usage of an answer is what all its rounds cost."""
    upstream.play(
        said(Retrieve("host-44"), usage=Usage(1000, 20)),
        said("Done.", usage=Usage(2000, 30)),
    )
    heard = client.ask(client.begin(Result()), how)
    assert heard.usage == (3000, 50)


def test_usage_of_the_last_round(
    house: House, upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """With that policy it is how large the context is in the end."""
    house.serve(policy=CompressionPolicy(usage="last"))
    upstream.play(
        said(Retrieve("host-44"), usage=Usage(1000, 20)),
        said("Done.", usage=Usage(2000, 30)),
    )
    heard = client.ask(client.begin(Result()), how)
    assert heard.usage == (2000, 30)


def test_iterations_of_messages(
    house: House, upstream: StrictUpstream, how: How
) -> None:
    """Messages tell what each round cost, as they do for the provider's own tools."""
    client = house.speaker("messages")
    upstream.play(
        said(Retrieve("host-44"), usage=Usage(1000, 20)),
        said("Done.", usage=Usage(2000, 30)),
    )
    client.ask(client.begin(Result()), how)
    body = house.sent[-1].body
    last = events(body)[-2][1] if how == "stream" else json.loads(body)
    rounds = last["usage"]["iterations"]
    assert [(one["input_tokens"], one["output_tokens"]) for one in rounds] == [
        (1000, 20),
        (2000, 30),
    ]


def test_the_first_id(upstream: StrictUpstream, client: Speaker, how: How) -> None:
    """The answer has one id, which is that of its first round."""
    upstream.play(said("One. ", Retrieve("host-44")), said("Done."))
    heard = client.ask(client.begin(Result()), how)
    assert heard.id.endswith(("_1", "-1"))


def test_endless_retrieval(upstream: StrictUpstream, client: Speaker, how: How) -> None:
    """A model that never stops asking is stopped, and the answer ends as usual."""
    queries = iter(f"host-{n}" for n in range(100))
    upstream.play(
        rest=lambda _: said("Again. ", Retrieve(next(queries))),
    )
    heard = client.ask(client.begin(Result()), how)
    assert (heard.calls, heard.stop) == ((), "end")
    assert heard.text.startswith("Again. ")
    assert len(upstream.got) <= 6


def test_endless_silence(upstream: StrictUpstream, client: Speaker, how: How) -> None:
    """If such a model says nothing at all, the answer still says something."""
    queries = iter(f"host-{n}" for n in range(100))
    upstream.play(rest=lambda _: said(Retrieve(next(queries))))
    heard = client.ask(client.begin(Result()), how)
    assert heard.text.strip()
    assert (heard.calls, heard.stop) == ((), "end")


def test_no_rounds_allowed(
    house: House, upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """Where no round is allowed, the first call is answered with a refusal."""
    house.serve(policy=CompressionPolicy(max_rounds=0))
    upstream.play(said("Hm. ", Retrieve("host-44")), said("Done."))
    heard = client.ask(client.begin(Result()), how)
    assert heard.text == "Hm. Done."
    assert secret() not in upstream.got[1].seen[-1]


@pytest.mark.parametrize("letters", [1, 8, 17])
def test_a_name_in_pieces(house: House, upstream: StrictUpstream, letters: int) -> None:
    """A tool's name may come letter by letter; none of it is shown too early."""
    client = house.speaker("chat")
    upstream.play(said("One. ", Retrieve("host-44", letters=letters)), said("Done."))
    heard = client.ask(client.begin(Result()), "stream")
    assert (heard.text, heard.calls) == ("One. Done.", ())


def test_a_name_that_begins_alike(house: House, upstream: StrictUpstream) -> None:
    """A tool of the client whose name begins like the hidden one's is not hidden."""
    client = house.speaker("chat")
    name = RETRIEVE_TOOL_NAME[:11]
    tool = {"name": name, "parameters": {"type": "object"}}
    asked = client.begin(Result())
    asked["tools"] = [*asked["tools"], {"type": "function", "function": tool}]
    upstream.play(said(Call(name, {"a": 1}, letters=3)))
    heard = client.ask(asked, "stream")
    assert [call[1:] for call in heard.calls] == [(name, {"a": 1})]


@pytest.mark.parametrize("kind", ["messages", "replayed", "unstored"])
def test_thinking_between_rounds(
    house: House, upstream: StrictUpstream, kind: str, how: How
) -> None:
    """Thinking of every round is shown, and goes back as it was."""
    client = house.speaker(kind)
    upstream.play(
        said(Thinking("First I look."), "One. ", Retrieve("host-44")),
        said(Thinking("Now I know."), "Done."),
    )
    heard = client.ask(client.begin(Result()), how)
    shown = str(heard.whole)
    assert "First I look." in shown
    assert "Now I know." in shown
    assert heard.text == "One. Done."
