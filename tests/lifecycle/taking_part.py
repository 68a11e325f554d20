"""Who takes part in calls, and the surfaces on which they do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolMessage,
)
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode

from headroom_langchain import (
    CompressMessages,
    HeadroomChatModel,
    HeadroomMiddleware,
    InMemoryCCRStore,
    acompress,
    compress,
    compress_text,
)
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.graph import (
    ToolHooks,
    compress_node,
    create_retrieval_graph,
    pre_model_hook,
)
from headroom_langchain.lifecycle import PipelineEvent, Stage
from headroom_langchain.testing import Call, ScriptedChatModel, Turn, ask_for_original

LOG = "\n".join(
    f"2026-03-01 10:{n // 60:02}:{n % 60:02} INFO worker {n % 5} done in {n} ms"
    for n in range(400)
)
NEEDLE = "worker 3 done in 253 ms"
"""A line of the log that no excerpt shows unasked."""
KEY = content_key(LOG)

ONCE = [stage.value for stage in Stage][:8]
"""The stages that come once in each call."""
ROUND = [stage.value for stage in Stage][8:]
"""Those that come in each round of a model."""


@dataclass
class Watcher:
    """Writes down what it is told, and changes what it is to change."""

    change: Mapping[Stage, Callable[[Any], Any]] = field(default_factory=dict)
    seen: list[PipelineEvent] = field(default_factory=list)

    def on_pipeline_event(self, event: PipelineEvent) -> Any:
        self.seen.append(event)
        change = self.change.get(event.stage)
        return change(event) if change is not None else None

    @property
    def stages(self) -> list[str]:
        return [event.stage.value for event in self.seen]

    def at(self, stage: Stage) -> Any:
        """Return the only event of a stage."""
        (found,) = (event for event in self.seen if event.stage is stage)
        return found


def changing(stage: Stage, change: Callable[[Any], Any]) -> Watcher:
    """Make an extension that changes the events of one stage."""
    return Watcher(change={stage: change})


def history(result: str = LOG) -> list[BaseMessage]:
    """Return a conversation that ends with the result of a tool."""
    call = {"name": "read_log", "args": {"host": "w"}, "id": "call_1"}
    return [
        HumanMessage("Is worker 3 slow?", id="human_1"),
        AIMessage("", tool_calls=[call], id="ai_1"),
        ToolMessage(result, tool_call_id="call_1", name="read_log", id="tool_1"),
    ]


def scripted() -> ScriptedChatModel:
    """Make a model that asks once and then answers."""
    return ScriptedChatModel(turns=[ask_for_original(NEEDLE), "No."])


def wrapped(**taking_part: Any) -> HeadroomChatModel:
    return HeadroomChatModel(scripted(), **taking_part)


def sent(model: HeadroomChatModel, number: int = 0) -> tuple[BaseMessage, ...]:
    """Return what the inner model was sent in one of its rounds."""
    inner: Any = model.inner
    messages: tuple[BaseMessage, ...] = inner.requests[number].messages
    return messages


@tool
def read_log(host: str) -> str:
    """Read the log of a host."""
    return LOG


@dataclass(frozen=True)
class Ran:
    """What came of a surface."""

    answer: Any
    notes: tuple[str, ...]


Surface = Callable[..., Ran]
"""Runs with the given participants."""


def _answered(answer: AIMessage | None, model: HeadroomChatModel) -> Ran:
    assert answer is not None
    report = model.report
    assert report is not None
    said = (answer.text, answer.tool_calls, answer.additional_kwargs)
    return Ran(answer=said, notes=report.notes)


def _invoke(**taking_part: Any) -> Ran:
    model = wrapped(**taking_part)
    return _answered(model.invoke(history()), model)


def _ainvoke(**taking_part: Any) -> Ran:
    model = wrapped(**taking_part)
    return _answered(asyncio.run(model.ainvoke(history())), model)


def _stream(**taking_part: Any) -> Ran:
    model = wrapped(**taking_part)
    first, *rest = model.stream(history())
    return _answered(first.__add__(rest), model)


def _astream(**taking_part: Any) -> Ran:
    model = wrapped(**taking_part)

    async def chunks() -> list[Any]:
        return [chunk async for chunk in model.astream(history())]

    first, *rest = asyncio.run(chunks())
    return _answered(first.__add__(rest), model)


def _events(**taking_part: Any) -> Ran:
    model = wrapped(**taking_part)

    async def last() -> Any:
        events = model.astream_events(history(), version="v2")
        return [event async for event in events][-1]

    return _answered(asyncio.run(last())["data"]["output"], model)


def _batch(**taking_part: Any) -> Ran:
    model = wrapped(**taking_part)
    return _answered(model.batch([history()])[0], model)


def _agent(**taking_part: Any) -> Ran:
    middleware = HeadroomMiddleware(**taking_part)
    agent: Any = create_agent(scripted(), tools=[], middleware=[middleware])
    state = agent.invoke({"messages": history()})
    assert middleware.report is not None
    return Ran(answer=state["messages"][-1].text, notes=middleware.report.notes)


def _compress(**taking_part: Any) -> Ran:
    result = compress(history(), store=InMemoryCCRStore(), **taking_part)
    return Ran(answer=result.messages, notes=result.notes)


def _acompress(**taking_part: Any) -> Ran:
    store = InMemoryCCRStore()
    result = asyncio.run(acompress(history(), store=store, **taking_part))
    return Ran(answer=result.messages, notes=result.notes)


def _compress_text(**taking_part: Any) -> Ran:
    result = compress_text(LOG, store=InMemoryCCRStore(), **taking_part)
    return Ran(answer=result.text, notes=result.notes)


def _compress_messages(**taking_part: Any) -> Ran:
    runnable = CompressMessages(store=InMemoryCCRStore(), **taking_part)
    return Ran(answer=runnable.invoke(history()), notes=())


def _tool_results(**taking_part: Any) -> Ran:
    hooks = ToolHooks(store=InMemoryCCRStore(), **taking_part)
    node = ToolNode([read_log, hooks.tool], wrap_tool_call=hooks.wrap_tool_call)
    builder = StateGraph(MessagesState)
    builder.add_node("tools", node)
    builder.add_edge(START, "tools")
    graph: Any = builder.compile()
    state = graph.invoke({"messages": history()[:2]})
    assert hooks.report is not None
    return Ran(answer=state["messages"][-1].text, notes=hooks.report.notes)


def _tool_agent(**taking_part: Any) -> Ran:
    middleware = HeadroomMiddleware(
        compress="tool_results", store=InMemoryCCRStore(), **taking_part
    )
    read = Turn(tool_calls=(Call(name="read_log", args={"host": "w"}),))
    model = ScriptedChatModel(turns=[read, ask_for_original(NEEDLE), "No."])
    agent: Any = create_agent(model, tools=[read_log], middleware=[middleware])
    given = {"messages": [HumanMessage("Is worker 3 slow?")]}
    state = asyncio.run(agent.ainvoke(given))
    told = [message.text for message in state["messages"]]
    return Ran(answer=told, notes=())


def _compress_node(**taking_part: Any) -> Ran:
    node = compress_node(store=InMemoryCCRStore(), **taking_part)
    update = node.invoke({"messages": history()})
    assert node.report is not None
    return Ran(answer=update["messages"], notes=node.report.notes)


def _pre_model_hook(**taking_part: Any) -> Ran:
    node = pre_model_hook(store=InMemoryCCRStore(), **taking_part)
    update = asyncio.run(node.ainvoke({"messages": history()}))
    assert node.report is not None
    return Ran(answer=update["llm_input_messages"], notes=node.report.notes)


def _retrieval_graph(**taking_part: Any) -> Ran:
    graph = create_retrieval_graph(scripted(), **taking_part)
    state = graph.invoke({"messages": history()})
    return Ran(answer=[message.text for message in state["messages"]], notes=())


MODELS: dict[str, Surface] = {
    "invoke": _invoke,
    "ainvoke": _ainvoke,
    "stream": _stream,
    "astream": _astream,
    "events v2": _events,
    "batch": _batch,
    "agent": _agent,
}
"""Surfaces on which a wrapped model is called, in two rounds."""

COMPRESSIONS: dict[str, Surface] = {
    "compress": _compress,
    "acompress": _acompress,
    "compress_text": _compress_text,
    "CompressMessages": _compress_messages,
    "tool results": _tool_results,
    "agent's tool results": _tool_agent,
    "compress_node": _compress_node,
    "pre_model_hook": _pre_model_hook,
}
"""Surfaces on which messages are compressed once."""

SURFACES = {**MODELS, **COMPRESSIONS, "retrieval graph": _retrieval_graph}
