"""Agents of one graph hand large results to each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from langchain.agents import create_agent
from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, HumanMessage, ToolCall, ToolMessage
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.runtime import Runtime
from langgraph.store.memory import InMemoryStore
from teams import BACKENDS, KEY, LOG, NEEDLE, fresh_prefix, opened

from headroom_langchain import HeadroomChatModel, InMemoryCCRStore
from headroom_langchain.agents.tool_hooks import ToolHooks
from headroom_langchain.middleware import HeadroomMiddleware
from headroom_langchain.plan.messages import recorded_keys
from headroom_langchain.shared_context import SharedContext
from headroom_langchain.testing import (
    Call,
    ScriptedChatModel,
    Turn,
    ask_for_original,
)

ASK: Any = ask_for_original(NEEDLE)
QUESTION: Any = {"messages": [HumanMessage("Which worker took 253 ms?")]}


@pytest.mark.parametrize("name", BACKENDS)
async def test_a_writer_reads_what_a_researcher_found(
    name: str, tmp_path: Path
) -> None:
    """The second agent sees an excerpt, asks for the rest, and nobody sees that."""
    prefix = fresh_prefix()
    script = ScriptedChatModel(turns=[ASK, "Worker 3."])

    async def research(state: MessagesState, runtime: Runtime) -> Any:
        assert runtime.store is not None
        shared = SharedContext(runtime.store, prefix=prefix)
        found = await shared.aput("log", LOG, agent="researcher")
        return {"messages": [found.as_message()]}

    async def write(state: MessagesState, runtime: Runtime) -> Any:
        assert runtime.store is not None
        shared = SharedContext(runtime.store, prefix=prefix)
        model = HeadroomChatModel(script, store=shared.store)
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("research", research)
    graph.add_node("write", write)
    graph.add_edge(START, "research")
    graph.add_edge("research", "write")
    graph.add_edge("write", END)
    async with opened(name, tmp_path) as store:
        made = graph.compile(store=store, checkpointer=InMemorySaver())
        config: Any = {"configurable": {"thread_id": "1"}}
        state = await made.ainvoke(QUESTION, config)
        again = await made.aget_state(config)
    handed, answer = state["messages"][1:]
    assert recorded_keys([handed]) == (KEY,)
    assert again.values["messages"] == state["messages"]
    assert answer.text == "Worker 3."
    assert NEEDLE not in script.requests[0].messages[1].text
    assert NEEDLE in script.requests[1].messages[-1].text


def test_a_name_is_enough() -> None:
    """What agents pass on may be the name alone; who needs it gets the reference."""
    shared = SharedContext(InMemoryStore())
    shared.put("log", LOG, agent="researcher")
    script = ScriptedChatModel(turns=[ASK, "Worker 3."])
    model = HeadroomChatModel(script, store=shared.store)
    reference = shared.reference("log")
    assert reference is not None
    answer = model.invoke([reference.as_message(), HumanMessage("Which one?")])
    assert answer.text == "Worker 3."
    assert NEEDLE in script.requests[1].messages[-1].text


async def test_a_tool_may_hand_over() -> None:
    """A tool that answers with a reference keeps the state small."""

    @tool
    async def ask_researcher(
        question: str,
        call_id: Annotated[str, InjectedToolCallId],
        runtime: ToolRuntime,
    ) -> Any:
        """Let the researcher find something out."""
        assert runtime.store is not None
        found = await SharedContext(runtime.store).aput("log", LOG, agent="researcher")
        return found.as_tool_message(call_id)

    store = InMemoryStore()
    asks = Turn(tool_calls=(Call(name="ask_researcher", args={"question": "?"}),))
    script = ScriptedChatModel(turns=[asks, ASK, "Worker 3."])
    agent = create_agent(
        HeadroomChatModel(script, store=SharedContext(store).store),
        [ask_researcher],
        store=store,
    )
    state = await agent.ainvoke(QUESTION)
    handed = state["messages"][2]
    assert isinstance(handed, ToolMessage)
    assert len(handed.text) < len(LOG) / 4
    assert script.requests[1].messages[2].text == handed.text
    assert NEEDLE in script.requests[2].messages[-1].text
    assert state["messages"][-1].text == "Worker 3."


async def test_an_agent_with_visible_retrieval_reads_it() -> None:
    """An agent that calls the tool itself may ask for what it was handed."""
    shared = SharedContext(InMemoryStore())
    found = shared.put("log", LOG)
    script = ScriptedChatModel(turns=[ASK, "Worker 3."])
    middleware = HeadroomMiddleware(store=shared.store, compress="tool_results")
    agent: Any = create_agent(script, [], middleware=[middleware])
    given = [found.as_message(), HumanMessage("Which one?")]
    state = await agent.ainvoke({"messages": given})
    assert NEEDLE in state["messages"][3].text


async def test_tool_hooks_answer_for_it() -> None:
    """A `ToolNode` with hooks answers for messages that were handed over."""
    shared = SharedContext(InMemoryStore())
    found = shared.put("log", LOG)
    hooks = ToolHooks(store=shared.store)
    graph = StateGraph(MessagesState)
    graph.add_node(
        "tools", ToolNode([hooks.tool], awrap_tool_call=hooks.awrap_tool_call)
    )
    graph.add_edge(START, "tools")
    arguments = {"hash": KEY, "query": NEEDLE}
    call = ToolCall(name="headroom_retrieve", args=arguments, id="1")
    given: Any = {"messages": [found.as_message(), AIMessage("", tool_calls=[call])]}
    state = await graph.compile().ainvoke(given)
    assert NEEDLE in state["messages"][-1].text


def test_a_stranger_reads_nothing() -> None:
    """The same text without its record, or another store, grants nothing."""
    shared = SharedContext(InMemoryStore())
    found = shared.put("log", LOG)
    asked = Turn(tool_calls=(Call(name="headroom_retrieve", args={"hash": KEY}),))
    for message, store in [
        (HumanMessage(found.text), shared.store),
        (found.as_message(), InMemoryCCRStore()),
    ]:
        script = ScriptedChatModel(turns=[asked, "Nothing."])
        model = HeadroomChatModel(script, store=store).bind_tools([reads_nothing])
        model.invoke([message, HumanMessage("Which one?")])
        assert "INFO worker" not in script.requests[1].messages[-1].text


@tool
def reads_nothing(page: str) -> str:
    """Read a page."""
    return ""


def test_a_small_result_needs_no_record() -> None:
    """Where nothing is left out there is nothing to ask for, and no tool."""
    shared = SharedContext(InMemoryStore())
    script = ScriptedChatModel(turns=["Fine."])
    message = shared.put("note", "All is well.").as_message()
    assert recorded_keys([message]) == ()
    HeadroomChatModel(script, store=shared.store).invoke([message])
    assert script.requests[0].tools == ()
