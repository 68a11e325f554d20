"""`trim_messages` before and after compression."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import (
    BaseMessage,
    HumanMessage,
    ToolMessage,
    trim_messages,
)
from langchain_core.messages.utils import count_tokens_approximately
from log_talks import (
    KEY,
    LAST,
    NEEDLE,
    check_markers,
    check_pairs,
    conversation,
    log,
)

from headroom_langchain import CompressMessages, HeadroomChatModel, InMemoryCCRStore
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.plan.messages import recorded_keys
from headroom_langchain.testing import Call, ScriptedChatModel, Turn, ask_for_original

ASK: Any = ask_for_original(NEEDLE)


def words(text: str) -> list[int]:
    """Count words as tokens."""
    return [1] * len(text.split())


def trimmer(max_tokens: int, counter: Any = "approximate", **options: Any) -> Any:
    """What keeps the end of a conversation, from a question on."""
    ends = {"start_on": "human", "include_system": True, **options}
    return trim_messages(max_tokens=max_tokens, token_counter=counter, **ends)


@pytest.mark.parametrize("counter", ["model", "wrapper", "approximate"])
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_what_is_left_can_be_asked_for(
    counter: str, *, asynchronous: bool
) -> None:
    """A trimmed conversation is compressed, and its last log read."""
    store = InMemoryCCRStore()
    script = ScriptedChatModel(turns=[ASK, "Worker 3."], custom_get_token_ids=words)
    model = HeadroomChatModel(script, store=store)
    count: Any = {"model": script, "wrapper": model}.get(counter, counter)
    chain = trimmer(6000, count) | model
    answer = (
        await chain.ainvoke(conversation())
        if asynchronous
        else chain.invoke(conversation())
    )
    assert answer.text == "Worker 3."
    first = script.requests[0]
    assert 2 < len(first.messages) < len(conversation())
    check_pairs(first.messages)
    assert KEY in check_markers(first, store)
    assert NEEDLE in script.requests[1].messages[-1].text


def test_a_wrapper_counts_what_its_caller_keeps() -> None:
    """As a counter a wrapper says what the model inside it says."""
    script = ScriptedChatModel(turns=[], custom_get_token_ids=words)
    model = HeadroomChatModel(script)
    some = conversation()
    expected = trimmer(6000, script).invoke(some)
    assert trimmer(6000, model).invoke(some) == expected


def test_compressing_first_leaves_more_of_a_conversation() -> None:
    """What is compressed before it is trimmed needs less room."""
    store = InMemoryCCRStore()
    short = CompressMessages(store=store)
    before = (trimmer(6000) | short).invoke(conversation())
    after = (short | trimmer(6000)).invoke(conversation())
    assert len(before) < len(after) == len(conversation())
    script = ScriptedChatModel(turns=[ASK, "Worker 3."])
    chain = short | trimmer(600) | HeadroomChatModel(script, store=store)
    assert chain.invoke(conversation()).text == "Worker 3."
    assert len(script.requests[0].messages) < len(conversation())
    check_pairs(script.requests[0].messages)
    assert NEEDLE in script.requests[1].messages[-1].text


@cache
def compressed() -> tuple[list[BaseMessage], InMemoryCCRStore]:
    """The conversation with its logs compressed, and where they are."""
    store = InMemoryCCRStore()
    return CompressMessages(store=store).invoke(conversation()), store


@settings(deadline=None, max_examples=20)
@given(
    max_tokens=st.integers(10, 30_000),
    strategy=st.sampled_from(["first", "last"]),
    allow_partial=st.booleans(),
    first=st.booleans(),
    begin=st.sampled_from([None, "human", ("human", "ai")]),
)
def test_no_marker_dangles(
    max_tokens: int,
    strategy: Literal["first", "last"],
    begin: Any,
    *,
    allow_partial: bool,
    first: bool,
) -> None:
    """However a conversation is trimmed, each marker that is sent can be redeemed."""
    short, store = compressed()
    options: dict[str, Any] = {"strategy": strategy, "allow_partial": allow_partial}
    if strategy == "last":
        options |= {"start_on": begin}
    left = trim_messages(
        short if first else conversation(),
        max_tokens=max_tokens // 10 if first else max_tokens,
        token_counter=count_tokens_approximately,
        **options,
    )
    if left:
        script = ScriptedChatModel(turns=["Fine."])
        HeadroomChatModel(script, store=store).invoke(left)
        check_markers(script.requests[0], store)


def test_an_answer_survives_its_log() -> None:
    """Of a log that is trimmed away the exchange stays whole, and grants nothing."""
    store = InMemoryCCRStore()
    again = Turn(tool_calls=(Call(name="headroom_retrieve", args={"hash": KEY}),))
    script = ScriptedChatModel(turns=[ASK, "Worker 3.", again, "As I said."])
    model = HeadroomChatModel(script, store=store)
    asked = conversation()[-5:-2]
    answer = model.invoke(asked)
    kept = trimmer(60, start_on=("human", "ai"), include_system=False).invoke(
        [*asked, answer, HumanMessage("Sure?")]
    )
    assert [message.type for message in kept] == ["ai", "human"]
    assert model.invoke(kept).text == "As I said."
    third, last = script.requests[2:]
    check_pairs(third.messages)
    assert [message.type for message in third.messages] == [
        *["ai", "tool", "ai", "human"]
    ]
    assert third.messages[:2] == script.requests[1].messages[-2:]
    assert NEEDLE in third.messages[1].text
    assert "INFO worker" not in last.messages[-1].text


def test_a_cut_text_says_what_it_said() -> None:
    """A tool result that trimming cuts loses no key, and is not taken for a whole."""
    store = InMemoryCCRStore()
    (_, short) = CompressMessages(store=store).invoke(conversation()[-4:-2])
    cut: list[BaseMessage] = trim_messages(
        [short],
        max_tokens=100,
        token_counter=count_tokens_approximately,
        strategy="first",
        allow_partial=True,
    )
    assert isinstance(cut[0], ToolMessage)
    assert len(cut[0].text) < len(short.text)
    assert recorded_keys(cut) == (KEY,) == (content_key(log(LAST)),)
