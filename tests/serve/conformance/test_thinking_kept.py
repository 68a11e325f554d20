"""Thinking goes back to the provider exactly as it came from it."""

from __future__ import annotations

from typing import Any

import pytest
from upstreams import Call, Redacted, Retrieve, StrictUpstream, Thinking
from upstreams.script import said

from conformance.house import House
from conformance.speaking import How, Result

ENABLED = {"type": "enabled", "budget_tokens": 2000}


def _answers(upstream: StrictUpstream) -> list[list[str]]:
    """Return the kinds of blocks of the answers in the last request."""
    messages = upstream.got[-1].json["messages"]
    answers = [one["content"] for one in messages if one["role"] == "assistant"]
    return [[block["type"] for block in blocks] for blocks in answers[1:]]


@pytest.mark.parametrize(
    "thoughts",
    [
        (Thinking("Where is it?"),),
        (Redacted("secret"),),
        (Thinking("Where is it?"), Redacted("secret")),
        (Redacted("one"), Redacted("two")),
    ],
    ids=["thinking", "redacted", "both", "two"],
)
def test_before_a_hidden_call(
    house: House, upstream: StrictUpstream, how: How, thoughts: tuple[Any, ...]
) -> None:
    """The next round has it in front, and so has the next request of the user."""
    speaker = house.speaker("messages")
    upstream.play(
        said(*thoughts, "One. ", Retrieve("host-44")),
        said(Thinking("I see."), "Done."),
        said("Welcome."),
    )
    asked = speaker.begin(Result(), thinking=ENABLED)
    heard = speaker.ask(asked, how)
    kinds = [block.type for block in heard.whole.content]
    own = [kind for kind in kinds if kind != "text"]
    assert len(own) == len(thoughts) + 1
    assert heard.text == "One. Done."
    speaker.ask(speaker.go_on(asked, heard, say="Thanks."), how)
    first = [
        "thinking" if isinstance(one, Thinking) else "redacted_thinking"
        for one in thoughts
    ]
    assert _answers(upstream) == [[*first, "text", "tool_use"], ["thinking", "text"]]


def test_without_any_text(house: House, upstream: StrictUpstream, how: How) -> None:
    """A round of thinking and a hidden call alone is put back as well."""
    speaker = house.speaker("messages")
    upstream.play(
        said(Thinking("Where?"), Retrieve("host-44")),
        said(Thinking("There."), Retrieve("host-7")),
        said("Done."),
        said("Welcome."),
    )
    asked = speaker.begin(Result(), thinking=ENABLED)
    heard = speaker.ask(asked, how)
    speaker.ask(speaker.go_on(asked, heard, say="Thanks."), how)
    assert _answers(upstream) == [
        ["thinking", "tool_use"],
        ["thinking", "tool_use"],
        ["text"],
    ]


def test_between_a_hidden_round_and_a_shown_call(
    house: House, upstream: StrictUpstream, how: How
) -> None:
    """While the client's tools are used, each answer keeps its own thinking."""
    speaker = house.speaker("messages")
    upstream.play(
        said(Thinking("Where?"), "One. ", Retrieve("host-44")),
        said(Thinking("There."), Call("look", {"at": "x"})),
        said(Thinking("I see."), "Done."),
    )
    asked = speaker.begin(Result(), thinking=ENABLED)
    heard = speaker.ask(asked, how)
    results = {heard.calls[0][0]: "found"}
    last = speaker.ask(speaker.go_on(asked, heard, results=results), how)
    assert last.text == "Done."
    assert _answers(upstream) == [
        ["thinking", "text", "tool_use"],
        ["thinking", "tool_use"],
    ]


def test_a_client_that_leaves_thinking_out(
    house: House, upstream: StrictUpstream, how: How
) -> None:
    """Clients may drop the thinking of past answers; the request stays valid."""
    speaker = house.speaker("messages")
    upstream.play(
        said(Thinking("Where?"), "One. ", Retrieve("host-44")),
        said(Thinking("There."), "Done."),
        said("Welcome."),
    )
    asked = speaker.begin(Result(), thinking=ENABLED)
    heard = speaker.ask(asked, how)
    heard.whole.content = [one for one in heard.whole.content if one.type == "text"]
    asked = speaker.go_on(asked, heard, say="Thanks.")
    assert speaker.ask(asked, how).text == "Welcome."


@pytest.mark.parametrize("kind", ["replayed", "unstored", "chained"])
def test_reasoning_of_responses(
    house: House, upstream: StrictUpstream, how: How, kind: str
) -> None:
    """A reasoning item stands before the call that it led to, hidden or not."""
    speaker = house.speaker(kind)
    upstream.play(
        said(Thinking("Where?"), Retrieve("host-44")),
        said(Thinking("There."), Retrieve("host-7"), Call("look", {"at": "x"})),
        said(Thinking("I see."), "Done."),
        said("Welcome."),
    )
    asked = speaker.begin(Result())
    heard = speaker.ask(asked, how)
    results = {heard.calls[0][0]: "found"}
    asked = speaker.go_on(asked, heard, results=results)
    heard = speaker.ask(asked, how)
    assert heard.text == "Done."
    asked = speaker.go_on(asked, heard, say="Thanks.")
    assert speaker.ask(asked, how).text == "Welcome."
