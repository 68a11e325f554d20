"""Whatever extensions do, the laws of a wrapped model hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk, BaseMessage, ToolMessage
from taking_part import NEEDLE, Watcher, history

from headroom_langchain import (
    HeadroomChatModel,
    InMemoryCCRStore,
    compress,
)
from headroom_langchain.lifecycle import PreSend, Stage
from headroom_langchain.testing import Call, ScriptedChatModel, Turn
from headroom_langchain.testing.marker import RETRIEVE, last_hash

Change = tuple[Stage, Callable[[Any], Any]]


def over_messages(change: Callable[[list[BaseMessage]], list[Any]]) -> Any:
    return lambda event: replace(event, messages=change(list(event.messages)))


def rebuilt(messages: list[BaseMessage]) -> list[BaseMessage]:
    """Build the results of tools anew, without their metadata."""
    return [
        ToolMessage(m.content, tool_call_id=m.tool_call_id, name=m.name)
        if isinstance(m, ToolMessage)
        else m
        for m in messages
    ]


def longer(messages: list[BaseMessage]) -> list[BaseMessage]:
    """Change the text of the last message."""
    *before, last = messages
    return [*before, last.model_copy(update={"content": f"{last.text}\nEnd."})]


def argument(name: str, value: Any) -> Callable[[PreSend], PreSend]:
    return lambda event: replace(event, arguments={**event.arguments, name: value})


def policy(**fields: Any) -> Callable[[Any], Any]:
    return lambda event: replace(event, policy=event.policy.model_copy(update=fields))


CHANGES: dict[str, Change] = {
    "no rule": (Stage.SETUP, policy(roles=frozenset())),
    "no retrieval": (Stage.SETUP, policy(retrieval=False)),
    "never offered": (Stage.SETUP, policy(offer="never")),
    "no rounds": (Stage.SETUP, policy(max_rounds=0)),
    "read anew": (Stage.INPUT_RECEIVED, over_messages(rebuilt)),
    "read longer": (Stage.INPUT_RECEIVED, over_messages(longer)),
    "read one": (Stage.INPUT_RECEIVED, over_messages(lambda m: m[-1:])),
    "sent anew": (Stage.INPUT_COMPRESSED, over_messages(rebuilt)),
    "sent longer": (Stage.INPUT_COMPRESSED, over_messages(longer)),
    "asked anew": (Stage.PRE_SEND, over_messages(rebuilt)),
    "asked without tools": (Stage.PRE_SEND, argument("tools", [])),
    "asked twice": (Stage.PRE_SEND, argument("n", 2)),
    "asked nothing": (Stage.PRE_SEND, lambda e: replace(e, arguments={})),
    "nonsense": (Stage.PRE_SEND, lambda e: replace(e, messages=[1], round=9)),
}


def asking(messages: list[BaseMessage]) -> Turn:
    """Ask for the last original that is marked, and then answer."""
    key = last_hash(message.text for message in messages)
    answered = any(message.name == RETRIEVE for message in messages)
    if key is None or answered:
        return Turn(text="No.")
    args = {"hash": key, "query": NEEDLE}
    return Turn(text="Let me look.", tool_calls=(Call(name=RETRIEVE, args=args),))


def called(
    model: HeadroomChatModel, messages: list[BaseMessage], way: str
) -> list[Any]:
    """Return all that a caller sees in one way of calling."""

    async def chunks() -> list[AIMessageChunk]:
        return [chunk async for chunk in model.astream(messages)]

    match way:
        case "invoke":
            return [model.invoke(messages)]
        case "ainvoke":
            return [asyncio.run(model.ainvoke(messages))]
        case "stream":
            return list(model.stream(messages))
        case _:
            return asyncio.run(chunks())


@settings(deadline=None, max_examples=25)
@given(
    names=st.lists(st.sampled_from(sorted(CHANGES)), max_size=4),
    way=st.sampled_from(["invoke", "ainvoke", "stream", "astream"]),
    before=st.booleans(),
)
def test_calls_stay_hidden_and_markers_redeemable(
    names: list[str], way: str, *, before: bool
) -> None:
    """No change shows a hidden call, or leaves a marker that cannot be redeemed.

    Markers are written by the call itself, or were by somebody before it.
    """
    store = InMemoryCCRStore()
    messages = compress(history(), store=store).messages if before else history()
    extensions = [Watcher(change=dict([CHANGES[name]])) for name in names]
    inner = ScriptedChatModel(turns=[asking] * 4)
    model = HeadroomChatModel(inner, store=store, extensions=extensions)
    for seen in called(model, messages, way):
        assert RETRIEVE not in str(seen.tool_calls)
        assert RETRIEVE not in seen.text
    first, *_ = inner.requests
    if last_hash(message.text for message in first.messages) is None:
        return
    if {"never offered", "no retrieval"} & set(names):
        # The caller's own markers, under rules that want no retrieval.
        assert before
        return
    assert RETRIEVE in str(first.tools)
    report = model.report
    assert report is not None
    if "no rounds" not in names:
        assert [retrieval.error for retrieval in report.retrievals] == [False]
