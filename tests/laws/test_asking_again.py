"""Asking for what is not there comes to an end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from asking import (
    ANSWERED,
    KEY,
    MESSAGES,
    UNKNOWN,
    Arguments,
    choices,
    retrieve,
    told,
)
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from ways import WAYS, Ask

from headroom_langchain import (
    CompressionPolicy,
    HeadroomChatModel,
)
from headroom_langchain.ccr.rounds.answering import NO_MORE
from headroom_langchain.ccr.rounds.machine import NOTHING_SAID
from headroom_langchain.ccr.rounds.telling import ASKED_TWICE
from headroom_langchain.testing import (
    ScriptedChatModel,
    TurnLike,
    ask_for_original,
)


@pytest.fixture(params=WAYS)
def ask(request: pytest.FixtureRequest) -> Ask:
    """Each way to call a model in turn."""
    way: Ask = request.param
    return way


SAME: dict[str, list[Arguments]] = {
    "an unknown hash": [{"hash": UNKNOWN}, {"hash": f" {UNKNOWN.upper()} "}],
    "no match": [
        {"hash": KEY, "query": "Zebra  crossing"},
        {"hash": f'"{KEY}"', "query": "zebra crossing", "lines": ""},
    ],
    "a path to nowhere": [
        {"hash": KEY, "query": "$.a.b"},
        {"hash": KEY, "query": "$.a['b']"},
    ],
    "lines beyond the end": [
        {"hash": KEY, "lines": "9000-"},
        {"hash": KEY, "lines": "9000 -"},
    ],
    "a refusal": [{"hash": "disk"}, {"hash": "disk"}],
    "broken JSON": ['{"hash": "94', '{"hash": "94'],
}


@pytest.mark.parametrize("case", SAME)
def test_the_same_miss_twice_ends_the_asking(ask: Ask, case: str) -> None:
    """Who repeats what found nothing is told to answer, and then may not ask."""
    first, second = SAME[case]
    inner = ScriptedChatModel(turns=[retrieve(first), retrieve(second), ANSWERED])
    model = HeadroomChatModel(inner, policy=CompressionPolicy(max_rounds=9))
    assert ask(model, MESSAGES).text == ANSWERED
    assert told(inner)[0] != ASKED_TWICE
    assert told(inner)[1] == ASKED_TWICE
    assert choices(inner) == [None, None, "none"]
    assert model.report is not None
    assert [r.repeated for r in model.report.retrievals] == [False, True]
    assert [r.error for r in model.report.retrievals][1]


DIFFERENT: dict[str, list[Arguments]] = {
    "two hashes": [{"hash": UNKNOWN}, {"hash": "e" * 24}],
    "two queries": [{"hash": KEY, "query": "zebra"}, {"hash": KEY, "query": "okapi"}],
    "words and a pattern": [
        {"hash": KEY, "query": "zebra"},
        {"hash": KEY, "query": "/zebra/"},
    ],
    "other lines": [
        {"hash": KEY, "query": "zebra", "lines": "1-9"},
        {"hash": KEY, "query": "zebra", "lines": "1-99"},
    ],
    "two refusals": [{"hash": "disk"}, {"hash": "memory"}],
    "two broken calls": ['{"hash": "94', '{"hash": "95'],
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_two_different_misses_do_not(ask: Ask, case: str) -> None:
    """Who looks elsewhere may go on asking."""
    turns: list[TurnLike] = [
        *map(retrieve, DIFFERENT[case]),
        ask_for_original("user"),
        ANSWERED,
    ]
    inner = ScriptedChatModel(turns=turns)
    model = HeadroomChatModel(inner, policy=CompressionPolicy(max_rounds=9))
    assert ask(model, MESSAGES).text == ANSWERED
    assert choices(inner) == [None] * 4
    assert model.report is not None
    assert not any(r.repeated for r in model.report.retrievals)


def test_calls_of_one_round_do_not_know_of_each_other(ask: Ask) -> None:
    """The same miss twice in one message ends nothing: nobody was told yet."""
    miss = {"hash": UNKNOWN}
    turns: list[TurnLike]
    turns = [retrieve(miss, miss), retrieve({"hash": KEY, "query": "disk"}), ANSWERED]
    inner = ScriptedChatModel(turns=turns)
    ask(HeadroomChatModel(inner), MESSAGES)
    assert choices(inner) == [None] * 3
    assert ASKED_TWICE not in told(inner)


def test_what_is_asked_beside_a_repeated_miss_is_answered(ask: Ask) -> None:
    """A repeated miss ends the asking after its round, not within it."""
    miss = {"hash": UNKNOWN}
    both = retrieve(miss, {"hash": KEY, "query": "web-417 full"})
    inner = ScriptedChatModel(turns=[retrieve(miss), both, ANSWERED])
    ask(HeadroomChatModel(inner), MESSAGES)
    assert told(inner)[1] == ASKED_TWICE
    assert "the disk of web-417 is full" in told(inner)[2]
    assert choices(inner)[-1] == "none"


def test_a_model_that_still_asks_is_given_up(ask: Ask) -> None:
    """Who asks although it may not leaves its text so far, or a fixed sentence."""
    miss = retrieve({"hash": UNKNOWN})
    inner = ScriptedChatModel(turns=[miss] * 3)
    answer = ask(HeadroomChatModel(inner), MESSAGES)
    assert answer.text == NOTHING_SAID
    assert len(inner.requests) == 3


def test_the_last_round_comes_before_a_repeated_miss(ask: Ask) -> None:
    """Where no round is left the model hears just that."""
    miss = retrieve({"hash": UNKNOWN})
    inner = ScriptedChatModel(turns=[miss, miss, ANSWERED])
    ask(HeadroomChatModel(inner, policy=CompressionPolicy(max_rounds=1)), MESSAGES)
    assert told(inner)[1] == NO_MORE


def test_a_new_answer_may_ask_again(ask: Ask) -> None:
    """Misses are counted within one answer; the next may try once more."""
    miss = retrieve({"hash": UNKNOWN})
    inner = ScriptedChatModel(turns=[miss, "No.", miss, "Still no."])
    model = HeadroomChatModel(inner)
    first = ask(model, MESSAGES)
    ask(model, [*MESSAGES, first, HumanMessage("Sure?")])
    assert choices(inner) == [None] * 4
    assert ASKED_TWICE not in told(inner)


def test_what_was_answered_is_answered_again(ask: Ask) -> None:
    """The same request again gets the same answer: what stands above may be dropped."""
    asks = [
        retrieve({"hash": KEY, "query": "web-417 full"}),
        retrieve({"hash": KEY.upper(), "query": "web-417 full"}),
    ]
    inner = ScriptedChatModel(turns=[*asks, ANSWERED])
    model = HeadroomChatModel(inner)
    ask(model, MESSAGES)
    once, again = told(inner)
    assert again == once
    assert "the disk of web-417 is full" in once
    assert choices(inner) == [None] * 3
    assert model.report is not None
    assert not any(r.error or r.repeated for r in model.report.retrievals)


@pytest.mark.parametrize("shape", ["openai", "anthropic", "plain"])
def test_the_next_request_repeats_every_word(ask: Ask, shape: Any) -> None:
    """An answer with repeated requests is replayed byte for byte."""
    miss, hit = {"hash": UNKNOWN}, {"hash": KEY, "query": "web-417"}
    turns: list[TurnLike] = [
        retrieve(hit),
        retrieve(hit, miss),
        retrieve(miss),
        ANSWERED,
        "Indeed.",
    ]
    inner = ScriptedChatModel(turns=turns, shape=shape)
    model = HeadroomChatModel(inner)
    first = ask(model, MESSAGES)
    ask(model, [*MESSAGES, first, HumanMessage("Sure?")])
    sent = [[wire(message) for message in r.messages] for r in inner.requests]
    assert len(sent) == 5
    for before, after in pairwise(sent):
        assert after[: len(before)] == before
    assert json.dumps(first.additional_kwargs)


def wire(message: BaseMessage) -> str:
    """What of a message reaches a provider."""
    calls: Sequence[Any] = message.tool_calls if isinstance(message, AIMessage) else ()
    call_id = message.tool_call_id if isinstance(message, ToolMessage) else None
    return json.dumps([message.type, message.content, calls, call_id])
