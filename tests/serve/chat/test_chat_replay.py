from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from chat_turns import (
    Client,
    answer,
    asks,
    called,
    chunks,
    request_of,
    whole,
)
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from headroom_langchain import CompressionPolicy
from headroom_langchain.ccr.rounds.machine import NOTHING_SAID
from headroom_langchain.serve.dialects.dialect import Notes
from headroom_langchain.serve.wire.body import Json

CLIENT = Client()
USER = {"role": "user", "content": "Find  it"}
ROUNDS = [
    chunks({"content": "I look. "}, {"tool_calls": [asks()]}, finish="tool_calls"),
    chunks({"content": " It is\n\nhere"}, {"content": "."}, id_="b"),
]
MIXED = [
    chunks({"content": "I look."}, {"tool_calls": [asks("h0")]}, finish="tool_calls"),
    chunks(
        {"tool_calls": [called("search", '{"q":1.0, "r":"é"}', call="c1")]},
        {"tool_calls": [asks("h1", 1)]},
        {"tool_calls": [called("find", "", index=2, call="c2")]},
        finish="tool_calls",
        id_="b",
    ),
]
Replay = Literal["always", "same_turn"]


def restored(
    messages: list[Json], notes: Notes, replay: Replay = "always"
) -> list[Json]:
    """Return the messages that go upstream."""
    request = request_of(messages)
    stored = json.loads(json.dumps(notes))
    known = {name: stored[name] for name in request.past if name in stored}
    request.restore(known, replay)
    value: list[Json] = json.loads(request.written())["messages"]
    return value


def unpaired(messages: list[Json]) -> list[str]:
    """Return calls without a result behind them, and results without a call."""
    open_calls: list[str] = []
    wrong: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                wrong.append(message["tool_call_id"])
            else:
                open_calls.remove(message["tool_call_id"])
            continue
        wrong += open_calls
        open_calls = [call["id"] for call in message.get("tool_calls") or ()]
    return wrong + open_calls


def result(call: str) -> Json:
    return {"role": "tool", "tool_call_id": call, "content": f"of {call}"}


def shown(sent: bytes) -> Json:
    """Return the client's message as it was sent."""
    message: Json = CLIENT.read(sent)["choices"][0]["message"]
    return message


def dumped(sent: bytes) -> Json:
    """Return it as the SDK dumps it."""
    return {**shown(sent), "annotations": [], "audio": None, "function_call": None}


def listed(sent: bytes) -> Json:
    """Return it with its content as a list, and only what is needed."""
    message = shown(sent)
    text = {"type": "text", "text": message["content"] or " "}
    plain: Json = {"role": "assistant", "content": [text]}
    if calls := message["tool_calls"]:
        plain["tool_calls"] = [
            {"id": call["id"], "type": "function", "function": _rewritten(call)}
            for call in calls
        ]
    return plain


def _rewritten(call: Json) -> Json:
    """Write arguments as JavaScript does."""
    arguments = json.loads(call["function"]["arguments"] or "{}", parse_float=int_of)
    written = json.dumps(arguments, indent=2)
    return {"arguments": written, "name": call["function"]["name"]}


def int_of(written: str) -> float:
    value = float(written)
    return int(value) if value.is_integer() else value


def langchained(sent: bytes) -> Json:
    """Return it as ChatOpenAI writes it into its next request."""
    CLIENT.give(sent)
    said = None
    for one in CLIENT.llm.stream("Find  it"):
        said = one if said is None else said + one
    assert said is not None
    message: Any = said
    spoken = AIMessage(message.content, tool_calls=message.tool_calls)
    results = [ToolMessage("x", tool_call_id=call["id"]) for call in message.tool_calls]
    CLIENT.give(json.dumps(whole("x")).encode())
    CLIENT.llm.invoke([HumanMessage("Find  it"), spoken, *results])
    written: Json = CLIENT.asked["messages"][1]
    return written


CLIENTS = [shown, dumped, listed, langchained]


@pytest.mark.parametrize("client", CLIENTS)
def test_all_rounds_are_put_back(client: Any) -> None:
    """However a client writes the answer, the model sees the rounds as they were."""
    turn = answer(ROUNDS, request_of([USER]))
    back = restored([USER, client(turn.sent), USER], turn.notes)
    asked = turn.bodies[0]["messages"]
    assert back[: len(asked)] == asked
    assert back[len(asked)] == {"role": "assistant", "content": " It is\n\nhere."}
    assert back[len(asked) + 1 :] == [USER]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_mixed_turn_goes_on(client: Any) -> None:
    """With the client's results the hidden call and its result are back in place."""
    turn = answer(MIXED, request_of([USER]))
    results = [result("c1"), result("c2")]
    back = restored([USER, client(turn.sent), *results], turn.notes)
    *before, spoken, first, hidden, last = back
    assert before == turn.bodies[0]["messages"]
    assert [call["id"] for call in spoken["tool_calls"]] == ["c1", "h1", "c2"]
    assert (first, last) == tuple(results)
    assert hidden["content"] == "what h1 asked for"
    assert unpaired(back) == []


def test_the_bytes_are_those_of_the_round_before() -> None:
    """What is put back is byte for byte what was sent, so that caches hold."""
    first = request_of([USER])
    turn = answer(ROUNDS, first)
    sent = first.written()
    start, end = sent.index(b'{"role":"assistant"'), sent.rindex(b'], "tools"')
    later = request_of([USER, shown(turn.sent), USER])
    later.restore({name: turn.notes[name] for name in later.past}, "always")
    assert sent[start:end] in later.written()


def test_results_out_of_order() -> None:
    """Results in any order keep it, and the hidden one stands among them."""
    turn = answer(MIXED, request_of([USER]))
    results = [result("c2"), result("c1")]
    back = restored([USER, shown(turn.sent), *results, USER], turn.notes)
    assert [one for one in back if one in results] == results
    assert unpaired(back) == []


@pytest.mark.parametrize("results", [[], [result("c1")]])
def test_missing_results(results: list[Json]) -> None:
    """Where results are missing nothing is unpaired that was not before."""
    turn = answer(MIXED, request_of([USER]))
    history = [USER, shown(turn.sent), *results, USER]
    assert unpaired(restored(history, turn.notes)) == unpaired(history)


def test_calls_that_the_client_took_out() -> None:
    """An answer whose calls were taken out is another answer: it stays."""
    turn = answer(MIXED, request_of([USER]))
    edited = {"role": "assistant", "content": "I look."}
    assert restored([USER, edited, USER], turn.notes) == [USER, edited, USER]


@pytest.mark.parametrize(
    "edit",
    [
        {"content": "It is there."},
        {"tool_calls": [called("search", "{}", index=None, call="z")]},
    ],
)
def test_an_edited_answer_stays(edit: Json) -> None:
    """What a client has edited is sent as the client wrote it."""
    turn = answer(ROUNDS, request_of([USER]))
    history = [USER, {**shown(turn.sent), **edit}, result("z"), USER]
    assert restored(history, turn.notes) == history


def test_another_question_is_another_answer() -> None:
    """The same words behind other words are not the same answer."""
    turn = answer(ROUNDS, request_of([USER]))
    history = [{**USER, "content": "Else"}, shown(turn.sent), USER]
    assert restored(history, turn.notes) == history


def test_blank_space_does_not_matter() -> None:
    """Clients may change blank space, in the answer and in what stands before it."""
    turn = answer(ROUNDS, request_of([USER]))
    user = {"role": "user", "content": [{"type": "text", "text": " Find it\n"}]}
    shorter = {"role": "assistant", "content": "I look. It is here."}
    assert len(restored([user, shorter, USER], turn.notes)) == 5


def test_only_the_same_turn() -> None:
    """With `same_turn` only what stands behind the last human words is put back."""
    turn = answer(MIXED, request_of([USER]))
    history = [USER, shown(turn.sent), result("c1"), result("c2")]
    assert restored([*history, USER], turn.notes, "same_turn") == [*history, USER]
    assert len(restored(history, turn.notes, "same_turn")) == len(history) + 3


@pytest.mark.parametrize("note", [{}, {"v": 1}, {"v": 1, "digest": "", "rounds": []}])
def test_unreadable_notes(note: Json) -> None:
    """A note that says nothing changes nothing."""
    turn = answer(ROUNDS, request_of([USER]))
    history = [USER, shown(turn.sent), USER]
    assert restored(history, dict.fromkeys(turn.notes, note)) == history


def test_missing_notes() -> None:
    """Without its note an answer stays as the client shows it."""
    turn = answer(ROUNDS, request_of([USER]))
    history = [USER, shown(turn.sent), USER]
    assert restored(history, {}) == history


def test_nothing_is_noted_of_plain_answers() -> None:
    """Answers without hidden calls leave no notes."""
    assert answer([chunks({"content": "x"})]).notes == {}


@pytest.mark.parametrize("inside", [True, False])
def test_cache_marks(*, inside: bool) -> None:
    """The client's mark for a provider's cache stands on the last message."""
    turn = answer(ROUNDS, request_of([USER]))
    mark = {"cache_control": {"type": "ephemeral"}}
    message = {**listed(turn.sent)}
    if inside:
        message["content"] = [{**message["content"][0], **mark}]
    else:
        message |= mark
    back = restored([USER, message, USER], turn.notes)
    marked = back[-2]["content"][-1] if inside else back[-2]
    assert marked["cache_control"] == mark["cache_control"]
    assert sum("cache_control" in json.dumps(one) for one in back) == 1


def test_the_closing_text_is_known_again() -> None:
    """An answer that only asked is known by the text that was said for it."""
    asking = chunks({"tool_calls": [asks()]}, finish="tool_calls")
    turn = answer([asking, asking], request_of([USER]), closing=NOTHING_SAID)
    back = restored([USER, shown(turn.sent), USER], turn.notes)
    assert back == [*turn.bodies[0]["messages"], USER]
    assert unpaired(back) == []


def test_the_record_is_bounded() -> None:
    """The oldest answers are dropped beyond what a record may have."""
    policy = CompressionPolicy(max_record_tokens=0)
    turn = answer(ROUNDS, request_of([USER], policy))
    back = restored([USER, shown(turn.sent), USER], turn.notes)
    assert "was dropped" in back[2]["content"]
    assert unpaired(back) == []


def test_no_history_of_calls_without_tools() -> None:
    """Where no tool can be offered no calls are put back: providers refuse them."""
    turn = answer(ROUNDS, request_of([USER]))
    message = shown(turn.sent)
    bare = request_of([USER, message, USER], tools=[], tool_choice="none")
    assert not bare.past
