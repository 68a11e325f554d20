"""Agents that show their retrievals hold a conversation of three turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import MessagesState, StateGraph
from langgraph.prebuilt import (  # type: ignore[deprecated] # one still is supported
    ToolNode,
    create_react_agent,
    tools_condition,
)
from three_turns import (
    ANSWERS,
    LOG,
    QUESTIONS,
    SERVERS,
    THREAD,
    TOOLS,
    Way,
    model_of,
    prefix_of,
    sensible,
    taken,
)

from headroom_langchain import InMemoryCCRStore
from headroom_langchain.graph import (
    ToolHooks,
    compress_node,
    create_retrieval_graph,
    pre_model_hook,
)
from headroom_langchain.middleware import HeadroomMiddleware


def tool_node(hooks: ToolHooks) -> ToolNode:
    return ToolNode(
        [*TOOLS, hooks.tool],
        wrap_tool_call=hooks.wrap_tool_call,
        awrap_tool_call=hooks.awrap_tool_call,
    )


def middleware(model: BaseChatModel, **options: Any) -> Any:
    """An agent of langchain whose state is small."""
    headroom = HeadroomMiddleware(store=InMemoryCCRStore(), compress="tool_results")
    return create_agent(model, TOOLS, middleware=[headroom], **options)


def hook(model: BaseChatModel, **options: Any) -> Any:
    """The agent of langgraph with a hook before its model."""
    store = InMemoryCCRStore()
    tools = tool_node(ToolHooks(store=store, compress=False))
    before = pre_model_hook(store=store)
    with pytest.warns(match="create_react_agent has been moved"):
        return create_react_agent(model, tools, pre_model_hook=before, **options)


def looping(speaks: Any, hooks: ToolHooks, after: Any = None, **options: Any) -> Any:
    graph = StateGraph(MessagesState)
    graph.add_node("agent", speaks)
    graph.add_node("tools", tool_node(hooks))
    graph.add_node("after", after or RunnableLambda(lambda _: {}))
    graph.set_entry_point("agent")
    graph.add_conditional_edges("agent", tools_condition)
    graph.add_edge("tools", "after")
    graph.add_edge("after", "agent")
    return graph.compile(**options)


def node(model: BaseChatModel, **options: Any) -> Any:
    """A graph with a node that compresses its state."""
    store = InMemoryCCRStore()
    hooks = ToolHooks(store=store)
    bound = model.bind_tools([*TOOLS, hooks.tool])

    async def aspeak(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await bound.ainvoke(state["messages"])]}

    def speak(state: MessagesState) -> dict[str, Any]:
        return {"messages": [bound.invoke(state["messages"])]}

    speaks = RunnableLambda(speak, aspeak)
    return looping(speaks, hooks, compress_node(store=store), **options)


def retrieving(model: BaseChatModel, **options: Any) -> Any:
    """A graph with the retrieval graph as its model."""
    speaks = create_retrieval_graph(model.bind_tools(TOOLS))
    return looping(speaks, ToolHooks(compress=False), **options)


@pytest.mark.parametrize(
    ("client", "way"),
    [("anthropic", "ainvoke"), ("chat", "invoke"), ("responses", "ainvoke")],
)
@pytest.mark.parametrize("maker", [middleware, hook, node, retrieving])
async def test_every_question_is_answered_from_the_original(
    maker: Callable[..., Any], client: str, way: Way
) -> None:
    """Answers are right, calls paired, and each request begins with the one before."""
    with SERVERS[client](sensible) as server:
        model = model_of(client, server.url)
        agent = maker(model, checkpointer=InMemorySaver())
        ends = []
        for question in QUESTIONS:
            await taken(agent, {"messages": [("user", question)]}, way)
            messages = agent.get_state(THREAD).values["messages"]
            ends.append(messages[-1].text)
        sent = [query.received.body for query in server.requests]
    assert tuple(ends) == ANSWERS
    assert all(prefix_of(before, after) for before, after in pairwise(sent))
    assert all(len(str(body)) < len(LOG) / 2 for body in sent)
    calls = [
        c["id"] for m in messages if isinstance(m, AIMessage) for c in m.tool_calls
    ]
    answers = [m.tool_call_id for m in messages if isinstance(m, ToolMessage)]
    assert Counter(calls) == Counter(answers)
    keeps = maker in (hook, retrieving)
    assert any(message.text == LOG for message in messages) is keeps
