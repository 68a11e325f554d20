"""The surfaces of LangGraph and of LangChain's agents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, TypeAlias

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.config import get_stream_writer
from langgraph.func import entrypoint, task
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from observing import Observed, Watch
from surfaces import Surface, bound, protocol_event, search

from headroom_langchain import HeadroomChatModel
from headroom_langchain.middleware import HeadroomMiddleware

MODES = ["values", "updates", "messages", "custom", "tools", "debug"]

Graph: TypeAlias = Any
Build: TypeAlias = Callable[[BaseChatModel], Graph]


def invoking(model: BaseChatModel) -> Graph:
    def node(state: MessagesState) -> dict[str, Any]:
        get_stream_writer()("working")
        return {"messages": [bound(model).invoke(state["messages"])]}

    return _graph(node)


def ainvoking(model: BaseChatModel) -> Graph:
    async def node(state: MessagesState) -> dict[str, Any]:
        get_stream_writer()("working")
        return {"messages": [await bound(model).ainvoke(state["messages"])]}

    return _graph(node)


def streaming(model: BaseChatModel) -> Graph:
    def node(state: MessagesState) -> dict[str, Any]:
        first, *rest = bound(model).stream(state["messages"])
        return {"messages": [first.__add__(rest)]}

    return _graph(node)


def astreaming(model: BaseChatModel) -> Graph:
    async def node(state: MessagesState) -> dict[str, Any]:
        stream = bound(model).astream(state["messages"])
        first, *rest = [chunk async for chunk in stream]
        return {"messages": [first.__add__(rest)]}

    return _graph(node)


def _graph(node: Any) -> Graph:
    builder = StateGraph(MessagesState)
    builder.add_node("model", node)
    builder.add_node("tools", ToolNode([search]))
    builder.add_edge(START, "model")
    builder.add_conditional_edges("model", tools_condition, ["tools", END])
    builder.add_edge("tools", END)
    return builder.compile()


def nested(build: Build) -> Build:
    """Put a graph into a graph."""

    def outer(model: BaseChatModel) -> Graph:
        builder = StateGraph(MessagesState)
        builder.add_node("inner", build(model))
        builder.add_edge(START, "inner")
        builder.add_edge("inner", END)
        return builder.compile()

    return outer


def agent(model: BaseChatModel) -> Graph:
    return create_agent(model, tools=[search])


def agent_with_middleware(model: BaseChatModel) -> Graph:
    """Make an agent of the inner model, wrapped by the middleware instead."""
    if not isinstance(model, HeadroomChatModel):
        return agent(model)
    middleware = HeadroomMiddleware(
        policy=model.policy, store=model.store, namespace=model.namespace
    )
    return create_agent(model.inner, tools=[search], middleware=[middleware])


def functional(model: BaseChatModel) -> Graph:
    @task
    def ask(messages: list[BaseMessage]) -> AIMessage:
        answer: AIMessage = bound(model).invoke(messages)
        return answer

    @entrypoint()
    def run(given: dict[str, Any]) -> dict[str, Any]:
        return {"messages": [ask(given["messages"]).result()]}

    return run


def afunctional(model: BaseChatModel) -> Graph:
    @task
    async def ask(messages: list[BaseMessage]) -> AIMessage:
        answer: AIMessage = await bound(model).ainvoke(messages)
        return answer

    @entrypoint()
    async def run(given: dict[str, Any]) -> dict[str, Any]:
        return {"messages": [await ask(given["messages"])]}

    return run


def streamed(build: Build, *, subgraphs: bool = False) -> Surface:
    """Stream a graph in all modes at once."""

    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        stream: Iterator[Any] = build(model).stream(
            {"messages": list(messages)},
            watch.config,
            stream_mode=MODES,
            subgraphs=subgraphs,
        )
        return await _of_modes(watch, list(stream))

    return surface


def astreamed(build: Build, *, subgraphs: bool = False) -> Surface:
    """Stream a graph in all modes at once, in an event loop."""

    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        stream: AsyncIterator[Any] = build(model).astream(
            {"messages": list(messages)},
            watch.config,
            stream_mode=MODES,
            subgraphs=subgraphs,
        )
        return await _of_modes(watch, [event async for event in stream])

    return surface


async def _of_modes(watch: Watch, events: Sequence[Any]) -> Observed:
    state: Any = None
    for event in events:
        *space, mode, payload = event
        inside = "/".join(name.split(":")[0] for name in space[0]) if space else ""
        kind = f" {payload['type']}" if mode == "debug" else ""
        watch.event(f"{inside} {mode}{kind}".strip(), event)
        if mode == "messages":
            watch.message(payload[0])
            watch.about(payload[1])
        if mode == "values" and not inside:
            state = payload
    return await watch.observed(_answer(state))


def events_v2(build: Build) -> Surface:
    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        state: Any = None
        async for event in build(model).astream_events(
            {"messages": list(messages)}, watch.config, version="v2"
        ):
            chat = event["event"].startswith("on_chat_model")
            named = "" if chat else f" {event['name']}"
            watch.event(event["event"] + named, event)
            if event["event"] == "on_chat_model_stream":
                watch.message(event["data"]["chunk"])
                watch.about(event["metadata"])
            if event["event"] == "on_chain_end" and not event["parent_ids"]:
                state = event["data"]["output"]
        return await watch.observed(_answer(state))

    return surface


def events_v3(build: Build) -> Surface:
    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        run = build(model).stream_events(
            {"messages": list(messages)}, watch.config, version="v3"
        )
        _note_all(watch, list(run))
        return await watch.observed(_answer(run.output))

    return surface


def aevents_v3(build: Build) -> Surface:
    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        run = await build(model).astream_events(
            {"messages": list(messages)}, watch.config, version="v3"
        )
        _note_all(watch, [event async for event in run])
        return await watch.observed(_answer(await run.output()))

    return surface


def _note_all(watch: Watch, events: Sequence[Any]) -> None:
    message_id = None
    for event in events:
        data = event["params"]["data"]
        if event["method"] != "messages":
            watch.event(event["method"], event)
        elif isinstance(data[0], BaseMessage):
            watch.event("whole message", event)
            watch.text(data[0].text, data[0].id)
        else:
            message_id = data[0].get("id", message_id)
            protocol_event(watch, data[0], message_id)
            watch.about(data[1])


def messages_v3(build: Build) -> Surface:
    """Read `run.messages`, each message as its own stream."""

    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        run = await build(model).astream_events(
            {"messages": list(messages)}, watch.config, version="v3"
        )
        async for message in run.messages:
            watch.event("message", message.node)
            async for text in message.text:
                watch.text(text, message.message_id)
        return await watch.observed(_answer(await run.output()))

    return surface


def _answer(state: Any) -> AIMessage:
    *_, answer = (m for m in state["messages"] if isinstance(m, AIMessage))
    return answer


SURFACES: dict[str, Surface] = {
    "node invoke": streamed(invoking),
    "node invoke, subgraphs": streamed(invoking, subgraphs=True),
    "node ainvoke": astreamed(ainvoking),
    "node ainvoke, subgraphs": astreamed(ainvoking, subgraphs=True),
    "node stream, subgraphs": streamed(streaming, subgraphs=True),
    "node astream": astreamed(astreaming),
    "node astream, subgraphs": astreamed(astreaming, subgraphs=True),
    "nested invoke": streamed(nested(invoking)),
    "nested invoke, subgraphs": streamed(nested(invoking), subgraphs=True),
    "nested ainvoke, subgraphs": astreamed(nested(ainvoking), subgraphs=True),
    "nested astream": astreamed(nested(astreaming)),
    "nested astream, subgraphs": astreamed(nested(astreaming), subgraphs=True),
    "graph events v2": events_v2(ainvoking),
    "nested graph events v2": events_v2(nested(astreaming)),
    "graph events v3": events_v3(invoking),
    "async graph events v3": aevents_v3(ainvoking),
    "nested graph events v3": aevents_v3(nested(astreaming)),
    "graph messages v3": messages_v3(ainvoking),
    "agent stream, subgraphs": streamed(agent, subgraphs=True),
    "agent astream": astreamed(agent),
    "agent astream, subgraphs": astreamed(agent, subgraphs=True),
    "agent events v2": events_v2(agent),
    "agent messages v3": messages_v3(agent),
    "middleware stream, subgraphs": streamed(agent_with_middleware, subgraphs=True),
    "middleware astream": astreamed(agent_with_middleware),
    "middleware events v2": events_v2(agent_with_middleware),
    "middleware messages v3": messages_v3(agent_with_middleware),
    "task stream, subgraphs": streamed(functional, subgraphs=True),
    "task astream": astreamed(afunctional),
    "task events v2": events_v2(afunctional),
}
"""The surfaces by name."""
