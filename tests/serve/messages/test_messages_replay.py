"""Hidden exchanges come back to their places, whichever client shows its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolMessage,
)
from langchain_core.tools import tool
from scripted_proxy import Proxy
from scripted_rounds import Json, call, message, text, thinking

Turn = Callable[[Proxy, list[Any]], Any]


@tool
def search(q: str) -> str:
    """Search for something."""
    return q


def invoked(proxy: Proxy, history: list[Any]) -> AIMessage:
    answer: AIMessage = proxy.langchain().bind_tools([search]).invoke(history)
    return answer


def streamed(proxy: Proxy, history: list[Any]) -> AIMessage:
    model = proxy.langchain().bind_tools([search])
    first, *rest = model.stream(history)
    whole = first.__add__(rest)
    assert isinstance(whole, AIMessage)
    return whole


def streamed_v1(proxy: Proxy, history: list[Any]) -> AIMessage:
    model = proxy.langchain(output_version="v1").bind_tools([search])
    first, *rest = model.stream(history)
    whole = first.__add__(rest)
    assert isinstance(whole, AIMessage)
    return whole


LANGCHAIN: dict[str, Turn] = {
    "invoke": invoked,
    "stream": streamed,
    "stream v1": streamed_v1,
}


def asked(proxy: Proxy, history: list[Json]) -> Json:
    sent: Any = {"model": "claude-x", "max_tokens": 99, "messages": history}
    answer = proxy.sdk().messages.create(**sent)
    return {"role": "assistant", "content": answer.to_dict()["content"]}


def listened(proxy: Proxy, history: list[Json]) -> Json:
    sent: Any = {"model": "claude-x", "max_tokens": 99, "messages": history}
    with proxy.sdk().messages.stream(**sent) as stream:
        final = stream.get_final_message().to_dict()
    return {"role": "assistant", "content": final["content"]}


def joined(proxy: Proxy, history: list[Json]) -> Json:
    """Keep the text alone, as many a chat does."""
    shown = listened(proxy, history)["content"]
    said = "\n".join(block["text"] for block in shown if block["type"] == "text")
    return {"role": "assistant", "content": said.strip()}


SDK: dict[str, Turn] = {"create": asked, "stream": listened, "joined": joined}

LOOKED = message(
    thinking("look"), text("Let me look. "), call("h1", hash="a", query="é"), number=1
)
AGAIN = message(text(" "), call("h2", hash="b"), call("h3"), number=2)
FOUND = message(thinking("found"), text("It is\n\nthere."), number=3)
NEXT = message(text("You are welcome."), number=4)


def restored_messages(proxy: Proxy) -> tuple[Json, Json]:
    """Return the last request of the first turn, and the first of the second."""
    *_, before, after = proxy.upstream
    return before, after


@pytest.mark.parametrize("turn", LANGCHAIN.values(), ids=LANGCHAIN)
def test_the_next_request_of_langchain_begins_with_the_last(turn: Turn) -> None:
    """The exchanges stand where they stood, and the answer behind them."""
    proxy = Proxy(LOOKED, AGAIN, FOUND, NEXT)
    history: list[BaseMessage] = [HumanMessage("Where?")]
    history += [turn(proxy, history), HumanMessage("Thanks")]
    turn(proxy, history)
    before, after = restored_messages(proxy)
    length = len(before["messages"])
    assert after["messages"][:length] == before["messages"]
    said, thanks = after["messages"][length:]
    assert said == {"role": "assistant", "content": FOUND["content"]}
    assert thanks["role"] == "user"
    assert before["tools"] == after["tools"]


@pytest.mark.parametrize("turn", SDK.values(), ids=SDK)
def test_the_next_request_of_the_sdk_repeats_the_bytes(turn: Turn) -> None:
    """The exchanges are written as they were sent, byte by byte."""
    proxy = Proxy(LOOKED, AGAIN, FOUND, NEXT)
    history: list[Json] = [{"role": "user", "content": "Where?"}]
    history += [turn(proxy, history), {"role": "user", "content": "Thanks"}]
    turn(proxy, history)
    *_, before, after = proxy.bodies
    start, end = before.index(b'"messages":['), before.index(b'"told h3"')
    assert before[start:end] in after
    assert len(proxy.upstream[-1]["messages"]) == 7


MIXED = message(
    thinking("both"),
    text("Both."),
    call("t1", "search", q="x"),
    call("h2", hash="b"),
    call("t3", "search", q="y"),
    number=2,
)


@pytest.mark.parametrize("turn", LANGCHAIN.values(), ids=LANGCHAIN)
def test_hidden_results_come_with_those_of_the_client(turn: Turn) -> None:
    """A mixed turn goes on with all results at once, in the order of the calls."""
    proxy = Proxy(LOOKED, MIXED, FOUND)
    history: list[BaseMessage] = [HumanMessage("Where?")]
    answer = turn(proxy, history)
    assert [one["id"] for one in answer.tool_calls] == ["t1", "t3"]
    results = [ToolMessage(content=one, tool_call_id=one) for one in ("t1", "t3")]
    turn(proxy, [*history, answer, *results])
    last = proxy.upstream[-1]["messages"]
    assert last[3] == {"role": "assistant", "content": MIXED["content"]}
    told = [block["tool_use_id"] for block in last[4]["content"]]
    assert told == ["t1", "h2", "t3"]
    assert last[4]["content"][1]["content"] == "told h2"


def test_a_mixed_turn_of_one_round_needs_no_other() -> None:
    """Without an earlier round the hidden call alone goes back to its place."""
    proxy = Proxy(MIXED, FOUND)
    history: list[BaseMessage] = [HumanMessage("Where?")]
    answer = streamed(proxy, history)
    results = [ToolMessage(content=one, tool_call_id=one) for one in ("t1", "t3")]
    streamed(proxy, [*history, answer, *results])
    assert len(proxy.upstream) == 2
    assert proxy.upstream[1]["messages"][1]["content"] == MIXED["content"]


def test_arguments_that_a_human_has_changed_stay_changed() -> None:
    """What the client shows of its own calls counts."""
    proxy = Proxy(MIXED, FOUND)
    history: list[Json] = [{"role": "user", "content": "Where?"}]
    shown = asked(proxy, history)
    shown["content"][2]["input"] = {"q": "edited"}
    results = [
        {"type": "tool_result", "tool_use_id": one, "content": one}
        for one in ("t1", "t3")
    ]
    asked(proxy, [*history, shown, {"role": "user", "content": results}])
    said = proxy.upstream[1]["messages"][1]["content"]
    assert said[2]["input"] == {"q": "edited"}
    assert [one["id"] for one in said[2:]] == ["t1", "h2", "t3"]


def test_a_mark_for_the_cache_is_carried_over() -> None:
    """The mark of the client's message stands on the last block, and only there."""
    proxy = Proxy(LOOKED, AGAIN, FOUND, NEXT)
    history: list[Json] = [{"role": "user", "content": "Where?"}]
    shown = asked(proxy, history)
    mark = {"type": "ephemeral"}
    marked = {**shown["content"][-1], "cache_control": mark}
    history.append({"role": "assistant", "content": [*shown["content"][:-1], marked]})
    asked(proxy, [*history, {"role": "user", "content": "Thanks"}])
    said = proxy.upstream[-1]["messages"]
    assert said[-2]["content"][-1] == {**FOUND["content"][-1], "cache_control": mark}
    assert str(said).count("cache_control") == 1


def test_an_answer_that_was_edited_stays_as_it_is_shown() -> None:
    """Notes on another answer than the one that is shown change nothing."""
    proxy = Proxy(LOOKED, FOUND, NEXT)
    history: list[Json] = [{"role": "user", "content": "Where?"}]
    asked(proxy, history)
    edited = {"role": "assistant", "content": "Nowhere."}
    history += [edited, {"role": "user", "content": "Thanks"}]
    asked(proxy, history)
    assert proxy.upstream[-1]["messages"] == history


@pytest.mark.parametrize("lost", [True, False])
def test_a_lost_note_leaves_a_valid_request(lost: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Without its note a mixed turn is one that never had a hidden call."""
    proxy = Proxy(MIXED, FOUND)
    history: list[BaseMessage] = [HumanMessage("Where?")]
    answer = invoked(proxy, history)
    if lost:
        proxy.notes.clear()
    results = [ToolMessage(content=one, tool_call_id=one) for one in ("t1", "t3")]
    invoked(proxy, [*history, answer, *results])
    assert ("h2" in str(proxy.upstream[-1])) is not lost


REPLAYS: dict[Literal["always", "same_turn"], list[str]] = {
    "always": ["h1", "h2"],
    "same_turn": ["h2"],
}


@pytest.mark.parametrize("replay", REPLAYS)
def test_same_turn_forgets_what_was_before_the_last_words(
    replay: Literal["always", "same_turn"],
) -> None:
    """Results of tools are no words: a turn goes on behind them."""
    proxy = Proxy(LOOKED, FOUND, MIXED, NEXT, replay=replay)
    history: list[BaseMessage] = [HumanMessage("Where?")]
    history += [invoked(proxy, history), HumanMessage("And now?")]
    history.append(invoked(proxy, history))
    results = [ToolMessage(content=one, tool_call_id=one) for one in ("t1", "t3")]
    invoked(proxy, [*history, *results])
    ids = [
        block["id"]
        for one in proxy.upstream[-1]["messages"]
        for block in one["content"]
        if isinstance(block, dict) and block.get("name") == "headroom_retrieve"
    ]
    assert ids == REPLAYS[replay]


def test_what_follows_may_be_words_of_a_human() -> None:
    """Results of hidden calls stand before what an impatient human writes instead."""
    proxy = Proxy(LOOKED, MIXED, FOUND)
    history: list[Json] = [{"role": "user", "content": "Where?"}]
    shown = asked(proxy, history)
    calls = [block for block in shown["content"] if block["type"] == "tool_use"]
    results = [
        {
            "type": "tool_result",
            "tool_use_id": one["id"],
            "content": "",
            "is_error": True,
        }
        for one in calls
    ]
    content = [*results, text("Never mind")]
    asked(proxy, [*history, shown, {"role": "user", "content": content}])
    kinds = [block["type"] for block in proxy.upstream[-1]["messages"][4]["content"]]
    assert kinds == ["tool_result"] * 3 + ["text"]


def test_an_answer_said_twice_is_restored_once() -> None:
    """Ids of calls stay the only ones of their kind."""
    other = message(*LOOKED["content"][:2], call("h8", hash="c"), number=7)
    proxy = Proxy(LOOKED, FOUND, other, FOUND, NEXT)
    history: list[Json] = [{"role": "user", "content": "Where?"}]
    history += [asked(proxy, history), {"role": "user", "content": "Where?"}]
    first = dict(proxy.notes)
    history += [asked(proxy, history), {"role": "user", "content": "Thanks"}]
    proxy.notes |= first
    asked(proxy, history)
    assert str(proxy.upstream[-1]).count("'h1'") == 2
    assert proxy.upstream[-1]["messages"][1]["content"] == LOOKED["content"]


def test_the_same_words_in_another_conversation_are_others() -> None:
    """An exchange is put back only behind the results it was about."""
    proxy = Proxy(LOOKED, FOUND, NEXT)
    for call_id in ("t1", "t2"):
        history: list[Json] = [
            {"role": "user", "content": "Where?"},
            {"role": "assistant", "content": [call(call_id, "search")]},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": call_id, "content": "x"}
                ],
            },
        ]
        if call_id == "t1":
            shown = asked(proxy, history)
        else:
            history += [shown, {"role": "user", "content": "Thanks"}]
            asked(proxy, history)
            assert proxy.upstream[-1]["messages"] == history


def test_words_that_a_client_adds_to_results_do_not_matter() -> None:
    """The ids of the results say enough about what was asked."""
    proxy = Proxy(LOOKED, FOUND, NEXT)
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "x"}
    history: list[Json] = [
        {"role": "user", "content": "Where?"},
        {"role": "assistant", "content": [call("t1", "search")]},
        {"role": "user", "content": [result, text("A reminder")]},
    ]
    shown = asked(proxy, history)
    history[2] = {"role": "user", "content": [result]}
    asked(proxy, [*history, shown, {"role": "user", "content": "Thanks"}])
    assert "h1" in str(proxy.upstream[-1])
