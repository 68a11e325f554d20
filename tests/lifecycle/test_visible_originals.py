"""Where retrievals are visible, what participants left out can be read, too."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, ToolMessage
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import (  # type: ignore[deprecated] # one still is supported
    ToolNode,
    create_react_agent,
)
from taking_part import NEEDLE, changing, history, read_log, scripted

from headroom_langchain import CompressionPolicy, InMemoryCCRStore
from headroom_langchain.graph import (
    ToolHooks,
    create_retrieval_graph,
    pre_model_hook,
)
from headroom_langchain.lifecycle import Bias, CompressionHooks, InputReceived, Stage

SPARING = CompressionPolicy(roles=frozenset())
"""Rules under which nothing is compressed."""


class Less(CompressionHooks):
    """Show less of everything."""

    def compute_biases(self, messages: Sequence[BaseMessage]) -> Bias:
        return Bias(budget=0.3)


def redacted(event: InputReceived) -> InputReceived:
    """Change the text of each result, and so its key."""
    messages = [
        m.model_copy(update={"content": m.text.replace("INFO", "NOTE")})
        if isinstance(m, ToolMessage)
        else m
        for m in event.messages
    ]
    return replace(event, messages=tuple(messages))


def counting() -> Any:
    """Change texts in another way at every call."""
    calls: list[str] = []

    def numbered(event: InputReceived) -> InputReceived:
        calls.append(event.call.id)
        *before, last = redacted(event).messages
        text = f"{last.text}\ncall {len(calls)}"
        changed = last.model_copy(update={"content": text})
        return replace(event, messages=(*before, changed))

    return changing(Stage.INPUT_RECEIVED, numbered)


PARTICIPANTS: dict[str, Any] = {
    "less": lambda: {"hooks": Less()},
    "changed texts": lambda: {"extensions": [changing(Stage.INPUT_RECEIVED, redacted)]},
    "never the same": lambda: {"extensions": [counting()]},
    "another policy": lambda: {
        "policy": SPARING,
        "extensions": [
            changing(
                Stage.SETUP,
                lambda event: replace(event, policy=CompressionPolicy()),
            )
        ],
    },
}


def answers(messages: Sequence[BaseMessage]) -> list[str]:
    return [
        message.text
        for message in messages
        if isinstance(message, ToolMessage) and message.name == "headroom_retrieve"
    ]


@pytest.mark.parametrize("make", PARTICIPANTS.values(), ids=PARTICIPANTS)
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_retrieval_graph_answers(make: Any, *, asynchronous: bool) -> None:
    """The node that retrieves knows what the node before it has left out."""
    graph = create_retrieval_graph(scripted(), store=InMemoryCCRStore(), **make())
    given: Any = {"messages": history()}
    state = asyncio.run(graph.ainvoke(given)) if asynchronous else graph.invoke(given)
    (answer,) = answers(state["messages"])
    assert NEEDLE in answer
    assert state["messages"][-1].text == "No."


@pytest.mark.parametrize("make", PARTICIPANTS.values(), ids=PARTICIPANTS)
def test_the_hooks_of_a_tool_node_answer(make: Any) -> None:
    """What a hook before the model has left out can be read at the tools."""
    store, taking_part = InMemoryCCRStore(), make()
    hooks = ToolHooks(store=store, compress=False)
    tools = ToolNode([read_log, hooks.tool], wrap_tool_call=hooks.wrap_tool_call)
    hook = pre_model_hook(store=store, **taking_part)
    with pytest.warns(match="create_react_agent has been moved"):
        agent = create_react_agent(scripted(), tools, pre_model_hook=hook)
    state = agent.invoke({"messages": history()})
    (answer,) = answers(state["messages"])
    assert NEEDLE in answer


@pytest.mark.parametrize("make", PARTICIPANTS.values(), ids=PARTICIPANTS)
def test_results_that_were_changed_at_the_tools_can_be_read(make: Any) -> None:
    """A result that a participant changed is redeemable in the state it enters."""
    store = InMemoryCCRStore()
    hooks = ToolHooks(store=store, **make())
    node = ToolNode([read_log, hooks.tool], wrap_tool_call=hooks.wrap_tool_call)
    builder = StateGraph(MessagesState)
    builder.add_node("tools", node)
    builder.add_edge(START, "tools")
    graph: Any = builder.compile()
    state = graph.invoke({"messages": history()[:2]})
    asked = scripted().invoke(state["messages"])
    state = graph.invoke({"messages": [*state["messages"], asked]})
    (answer,) = answers(state["messages"])
    assert NEEDLE in answer
