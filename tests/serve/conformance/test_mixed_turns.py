"""A hidden call and a call of the client's tool in one answer."""

from __future__ import annotations

from typing import Any

import pytest
from upstreams import Call, Retrieve, StrictUpstream, Thinking
from upstreams.script import said

from conformance.house import House
from conformance.speaking import How, Result, Speaker, rows, secret
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME

LOOK = Call("look", {"at": "host-40"})


def test_the_client_goes_first(
    upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """The client's call is shown at once, without another request upstream."""
    upstream.play(said("Both. ", Retrieve("host-44"), LOOK))
    heard = speaker.ask(speaker.begin(Result()), how)
    assert heard.text == "Both. "
    assert [call[1:] for call in heard.calls] == [("look", {"at": "host-40"})]
    assert heard.stop == "call"
    assert len(upstream.got) == 1


def test_the_hidden_call_comes_back(
    upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """With the client's result the model also gets what it had asked for."""
    upstream.play(said("Both. ", Retrieve("host-44"), LOOK), said("Done."))
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, how)
    results = {heard.calls[0][0]: "found it"}
    last = speaker.ask(speaker.go_on(asked, heard, results=results), how)
    assert (last.text, last.calls) == ("Done.", ())
    first, second = upstream.got
    told = [text for text in second.seen if text not in first.seen]
    assert any(secret() in text for text in told)
    assert "found it" in second.seen
    assert len(upstream.got) == 2


def test_the_client_calls_first(
    upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """It makes no difference in which order the calls stand."""
    upstream.play(said(LOOK, Retrieve("host-44")), said("Done."))
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, how)
    assert [call[1] for call in heard.calls] == ["look"]
    results = {heard.calls[0][0]: "found it"}
    speaker.ask(speaker.go_on(asked, heard, results=results), how)
    assert any(secret() in text for text in upstream.got[1].seen)


def test_several_of_both(upstream: StrictUpstream, speaker: Speaker, how: How) -> None:
    """Several calls of each kind all get their own results."""
    other = Call("look", {"at": "host-7"})
    turn = said(Retrieve("host-44"), LOOK, Retrieve("host-7"), other)
    upstream.play(turn, said("Done."))
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, how)
    assert [call[2] for call in heard.calls] == [LOOK.args, other.args]
    results = {call[0]: f"result {n}" for n, call in enumerate(heard.calls)}
    last = speaker.ask(speaker.go_on(asked, heard, results=results), how)
    assert last.text == "Done."
    assert {"result 0", "result 1"} <= set(upstream.got[1].seen)


def test_mixed_in_a_later_round(
    upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """A round before a mixed one comes back too."""
    upstream.play(
        said("One. ", Retrieve("host-44")),
        said("Two. ", Retrieve("host-7"), LOOK),
        said("Done."),
    )
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, how)
    assert heard.text == "One. Two. "
    results = {heard.calls[0][0]: "found it"}
    last = speaker.ask(speaker.go_on(asked, heard, results=results), how)
    assert last.text == "Done."
    second, third = upstream.got[1:]
    known = set(second.seen)
    assert any(secret() in text for text in known)
    assert known - {"user"} <= set(third.seen)


def test_retrieval_behind_a_mixed_turn(
    upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """After it the model may ask again, and then talk on."""
    upstream.play(
        said(Retrieve("host-44"), LOOK),
        said("Hm. ", Retrieve("host-7")),
        said("Done."),
        said("Welcome."),
    )
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, how)
    results = {heard.calls[0][0]: "found it"}
    asked = speaker.go_on(asked, heard, results=results)
    heard = speaker.ask(asked, how)
    assert heard.text == "Hm. Done."
    asked = speaker.go_on(asked, heard, say="Thank you.")
    assert speaker.ask(asked, how).text == "Welcome."


def test_new_results_are_cut_too(
    upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """What the client's tool writes is shortened like any other, and can be asked."""
    upstream.play(
        said(Retrieve("host-44"), LOOK),
        said(Retrieve("host-5044")),
        said("Done."),
    )
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, how)
    results = {heard.calls[0][0]: rows(first=5000)}
    last = speaker.ask(speaker.go_on(asked, heard, results=results), how)
    assert last.text == "Done."
    assert rows(first=5000) not in upstream.got[1].seen
    assert any(secret(5000) in text for text in upstream.got[2].seen[-3:])


def test_thinking_before_mixed_calls(
    house: House, upstream: StrictUpstream, how: How
) -> None:
    """Signed thinking stands first when hidden and shown calls come back."""
    speaker = house.speaker("messages")
    thinking = {"type": "enabled", "budget_tokens": 2000}
    asked = speaker.begin(Result(), thinking=thinking)
    upstream.play(
        said(Thinking("Look."), "One. ", Retrieve("host-44")),
        said(Thinking("Again."), "Two. ", Retrieve("host-7"), LOOK),
        said(Thinking("Now."), "Done."),
    )
    heard = speaker.ask(asked, how)
    results = {heard.calls[0][0]: "found it"}
    last = speaker.ask(speaker.go_on(asked, heard, results=results), how)
    assert last.text == "Done."
    sent = upstream.got[2].json["messages"]
    said_before = [one for one in sent if one["role"] == "assistant"][1:]
    kinds = [[block["type"] for block in one["content"]] for one in said_before]
    assert kinds == [
        ["thinking", "text", "tool_use"],
        ["thinking", "text", "tool_use", "tool_use"],
    ]


def test_a_client_that_forgets_its_result(
    house: House, upstream: StrictUpstream, speaker: Speaker
) -> None:
    """A malformed request of the client is refused by the provider, in its words."""
    upstream.play(said(Retrieve("host-44"), LOOK))
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, "whole")
    asked = speaker.go_on(asked, heard, say="Never mind.")
    house.refusals = 1
    with pytest.raises(speaker.errors) as raised:
        speaker.ask(asked, "whole")
    error: Any = raised.value
    assert error.status_code == 400
    assert RETRIEVE_TOOL_NAME not in str(error)
