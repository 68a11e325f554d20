"""The rounds behind the first, and what later requests make of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from scripted_rounds import (
    Json,
    call,
    events,
    message,
    requested,
    result,
    taken,
    text,
    thinking,
    usage,
)

from headroom_langchain.ccr.rounds.machine import NOTHING_SAID
from headroom_langchain.ccr.rounds.record import Answer
from headroom_langchain.plan.messages import rewritten, text_blocks
from headroom_langchain.serve.dialects.dialect import Exchange, Request
from headroom_langchain.serve.dialects.usage import added


def exchange(request: Request, said: Json, *answers: Answer) -> Exchange:
    streamed = request.streamed()
    taken(streamed, events(said))
    return Exchange(spoken=streamed.round(), answers=answers)


def test_the_next_round_repeats_what_was_said() -> None:
    """Blocks keep their order and fields; empty texts and broken arguments go."""
    said = message(
        thinking("hm"),
        text(""),
        text("Let me see"),
        call("h1", hash="a"),
        {**call("h2"), "written": '{"hash": '},
        text("\n"),
    )
    request = requested()
    answers = (
        Answer(call_id="h1", text="there"),
        Answer(call_id="h2", text="no", error=True),
    )
    body = json.loads(request.proceed(exchange(request, said, *answers)))
    spoken = [thinking("hm"), text("Let me see"), call("h1", hash="a"), call("h2")]
    results = [result("h1", "there"), result("h2", "no", is_error=True)]
    assert body["messages"][1:] == [
        {"role": "assistant", "content": spoken},
        {"role": "user", "content": results},
    ]


@pytest.mark.parametrize(
    ("own", "sent"),
    [(None, "c1"), ("mine", "mine"), ({"skills": []}, {"skills": [], "id": "c1"})],
)
def test_code_goes_on_where_it_ran(own: Any, sent: Any) -> None:
    """A later round gets the container in which the API ran code."""
    request = requested({"container": own})
    said = message(call("h1", hash="a"), container={"id": "c1", "expires_at": "x"})
    done = exchange(request, said, Answer(call_id="h1", text="there"))
    assert json.loads(request.proceed(done))["container"] == sent


def test_an_answer_without_hidden_calls_leaves_no_notes() -> None:
    """Only what was hidden must be known later."""
    request = requested()
    assert request.notes(exchange(request, message(text("Hi"))), ["k"]) == {}


def restored(asked: Json, notes: Any) -> list[Json]:
    request = requested(asked)
    request.restore(notes, "always")
    messages: list[Json] = json.loads(request.written())["messages"]
    return messages


@pytest.mark.parametrize("said", ["Let me look", ""])
def test_a_call_that_was_never_answered_is_not_put_back(said: str) -> None:
    """An answer that ended at its limit is valid history, with or without words."""
    request = requested()
    first = message(*([text(said)] if said else []), call("h1", hash="a"))
    streamed = request.streamed()
    taken(streamed, events(first))
    told = (Answer(call_id="h1", text="there"),)
    request.proceed(Exchange(spoken=streamed.round(), answers=told))
    streamed.proceed()
    taken(streamed, events(message(thinking("more"), call("h2", hash="b"))))
    notes = request.notes(Exchange(spoken=streamed.round()), [])
    shown = text(said or NOTHING_SAID)
    history = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [shown]},
        {"role": "user", "content": "Thanks"},
    ]
    back = restored({"messages": history}, notes)
    assert "h2" not in str(back)
    assert back[1]["content"] == first["content"]
    if said:
        assert back[2:] == [
            {"role": "user", "content": [result("h1", "there"), text("Thanks")]}
        ]
    else:
        assert back[2]["content"] == [result("h1", "there")]
        assert back[3]["content"] == [shown]
        assert back[4] == history[2]


@pytest.mark.parametrize("tail", [[], [{"role": "system", "content": "Now"}]])
def test_without_a_message_for_its_result_a_call_is_not_put_back(
    tail: list[Json],
) -> None:
    """A conversation that breaks off behind an answer stays valid."""
    request = requested()
    both = message(text("Both"), call("h1", hash="a"), call("t1", "search"))
    notes = request.notes(
        exchange(request, both, Answer(call_id="h1", text="there")), []
    )
    shown = {"role": "assistant", "content": [text("Both"), call("t1", "search")]}
    history = [{"role": "user", "content": "Hi"}, shown, *tail]
    assert restored({"messages": history}, notes) == history


def test_results_go_into_a_text_that_was_shortened() -> None:
    """What compression did to a message stays when results join it."""
    request = requested()
    both = message(text("Both"), call("h1", hash="a"), call("t1", "search"))
    notes = request.notes(
        exchange(request, both, Answer(call_id="h1", text="there")), []
    )
    shown = {"role": "assistant", "content": [text("Both"), call("t1", "search")]}
    for content, short in (
        ([result("t1", "long")], [result("h1", "there"), result("t1", "short")]),
        ("long", [result("h1", "there"), text("short")]),
    ):
        history = [{"role": "user", "content": "Hi"}, shown]
        asked = {"messages": [*history, {"role": "user", "content": content}]}
        later = requested(asked)
        *before, last = later.messages({})
        texts = {block.path: "short" for block in text_blocks([last])}
        later.shorten([*before, rewritten(last, texts, ())])
        later.restore(notes, "always")
        assert json.loads(later.written())["messages"][2]["content"] == short


def test_a_whole_answer_is_the_rounds_in_one() -> None:
    """Id of the first round, end of the last, all that is visible in between."""
    whole = requested().whole()
    first = message(text("One"), call("h1"), counted=usage(10, 1), number=1)
    last = message(text("Two"), counted=usage(20, 2, service_tier="x"), number=2)
    whole.take(first)
    assert [one.id for one in whole.round().calls] == ["h1"]
    whole.take(last)
    entries = [{"type": "message", **usage(10, 1)}, {"type": "message", **usage(20, 2)}]
    counted = usage(30, 3, service_tier="x", iterations=entries)
    assert whole.finish() == message(text("One"), text("Two"), counted=counted)
    assert whole.finish("End")["content"][-1] == text("End")


@pytest.mark.parametrize(
    "answer",
    [message(text("Hi")), {"type": "error", "error": {}}, message(call("t", "search"))],
)
def test_a_lone_whole_answer_is_as_it_came(answer: Json) -> None:
    """With nothing hidden the very answer comes back."""
    whole = requested().whole()
    whole.take(answer)
    assert whole.round().failed is ("content" not in answer)
    assert whole.finish() is answer


def test_counts_are_added_within_objects() -> None:
    """Numbers are summed at every depth; of all else the last counts."""
    counts = [
        {"a": 1, "b": {"c": 2, "d": None}, "e": "x"},
        None,
        {"b": {"c": 3}, "e": "y"},
    ]
    assert added(counts) == {"a": 1, "b": {"c": 5, "d": None}, "e": "y"}
    assert added([None]) is None
