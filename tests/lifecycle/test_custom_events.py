"""Stages reach LangChain's own callbacks as custom events, and only when asked for."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.runnables import Runnable, RunnableLambda
from langgraph.graph import START, MessagesState, StateGraph
from taking_part import LOG, ONCE, ROUND, SURFACES, history, wrapped

from headroom_langchain import InMemoryCCRStore, compress
from headroom_langchain.graph import compress_node
from headroom_langchain.lifecycle import CustomEvents

CALL = [f"headroom_{stage}" for stage in (*ONCE, *ROUND, *ROUND)]
"""The names of the events of a call with one retrieval."""


class Listener(BaseCallbackHandler):
    """Writes down custom events."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.data: list[Any] = []
        self.runs: set[UUID] = set()
        self.model: set[UUID] = set()

    def note(self, name: str, data: Any, run_id: UUID) -> None:
        self.names.append(name)
        self.data.append(data)
        self.runs.add(run_id)

    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **_: Any) -> None:
        self.note(name, data, run_id)

    def on_chat_model_start(self, *_: Any, run_id: UUID, **__: Any) -> None:
        self.model.add(run_id)


class AsyncListener(AsyncCallbackHandler):
    """Does the same where handlers are awaited."""

    def __init__(self) -> None:
        self.heard = Listener()

    async def on_custom_event(
        self, name: str, data: Any, *, run_id: UUID, **_: Any
    ) -> None:
        self.heard.note(name, data, run_id)


def called(model: Any, way: str, config: Any) -> None:
    """Call a model in one of its four ways."""

    async def chunks() -> None:
        async for _ in model.astream(history(), config):
            pass

    match way:
        case "invoke":
            model.invoke(history(), config)
        case "stream":
            list(model.stream(history(), config))
        case "ainvoke":
            asyncio.run(model.ainvoke(history(), config))
        case _:
            asyncio.run(chunks())


WAYS = ["invoke", "stream", "ainvoke", "astream"]


@pytest.mark.parametrize("way", WAYS)
def test_a_handler_hears_every_stage(way: str) -> None:
    """A callback handler gets the stages in order, for the run of the model."""
    listener = Listener()
    called(wrapped(extensions=[CustomEvents()]), way, {"callbacks": [listener]})
    assert listener.names == CALL
    assert listener.runs == listener.model


@pytest.mark.parametrize("way", WAYS)
def test_an_asynchronous_handler_hears_every_stage(way: str) -> None:
    """Handlers with coroutines are told on synchronous surfaces, too, for one run."""
    listener = AsyncListener()
    called(wrapped(extensions=[CustomEvents()]), way, {"callbacks": [listener]})
    assert listener.heard.names == CALL
    assert len(listener.heard.runs) == 1


async def _node(messages: Any) -> Any:
    return await wrapped(extensions=[CustomEvents()]).ainvoke(messages)


STREAMED: dict[str, Runnable[Any, Any]] = {
    "model": wrapped(extensions=[CustomEvents()]),
    "chain": RunnableLambda(lambda given: given) | wrapped(extensions=[CustomEvents()]),
    "function": RunnableLambda(_node),
}


@pytest.mark.parametrize("runnable", STREAMED.values(), ids=STREAMED)
def test_event_streams_have_them(runnable: Runnable[Any, Any]) -> None:
    """`astream_events` shows the stages to whoever consumes it."""

    async def names() -> list[str]:
        events = runnable.astream_events(history(), version="v2")
        return [e["name"] async for e in events if e["event"] == "on_custom_event"]

    assert asyncio.run(names()) == CALL


def test_a_node_of_a_graph_tells_the_graph() -> None:
    """What happens in a node reaches the handlers of the graph's run."""
    listener = Listener()
    node = compress_node(store=InMemoryCCRStore(), extensions=[CustomEvents()])
    builder = StateGraph(MessagesState)
    builder.add_node("compress", node)
    builder.add_edge(START, "compress")
    graph: Any = builder.compile()
    graph.invoke({"messages": history()}, {"callbacks": [listener]})
    assert listener.names == CALL[:8]


def test_callbacks_of_generate_listen() -> None:
    """`generate` takes callbacks and no configuration; they hear every stage, too."""
    listener = Listener()
    model = wrapped(extensions=[CustomEvents()])
    model.generate([history()], callbacks=[listener])
    assert listener.names == CALL
    assert listener.runs == listener.model


def test_nobody_need_listen() -> None:
    """Outside of any run, and without callbacks, nothing is told and nothing fails."""
    result = compress(history(), extensions=[CustomEvents()])
    assert result.notes == ()
    for surface in SURFACES.values():
        assert surface(extensions=[CustomEvents()]).notes == ()


def test_events_carry_figures_and_no_contents() -> None:
    """The data is JSON, and has nothing of the messages."""
    listener = Listener()
    called(
        wrapped(extensions=[CustomEvents()]),
        "invoke",
        {"callbacks": [listener], "configurable": {"thread_id": "t-7"}},
    )
    written = json.dumps(listener.data)
    assert not any(line in written for line in LOG.splitlines()[:5])
    assert "worker" not in written
    assert {data["conversation"] for data in listener.data} == {"t-7"}
    told = dict(zip(listener.names, listener.data, strict=True))
    assert told["headroom_input_compressed"]["compressed"] == 1
    assert told["headroom_input_remembered"]["originals"] == 1
    assert told["headroom_response_received"]["final"] is True


def test_without_it_no_stream_changes() -> None:
    """Nobody's event stream has custom events unasked."""
    listener = Listener()
    called(wrapped(), "invoke", {"callbacks": [listener]})
    assert listener.names == []
