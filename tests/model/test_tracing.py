"""Tracers see one model run, and inside it what the call was made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.schemas import Run
from langgraph.graph import END, START, MessagesState, StateGraph

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import ScriptedChatModel, Turn, ask_for_original
from headroom_langchain.testing.turns import Script

BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full' if n == 99 else 'INFO served'} {n}"
    for n in range(600)
)
MESSAGES: list[BaseMessage] = [ToolMessage(BIG, tool_call_id="c", name="run")]
INSIDE = [
    ("chain", "headroom_compress"),
    ("chain", "headroom_round_1"),
    ("tool", "headroom_retrieve"),
    ("chain", "headroom_round_2"),
]


class Trees(BaseTracer):
    """Keeps the trees of runs."""

    def __init__(self) -> None:
        super().__init__()
        self.roots: list[Run] = []

    def _persist_run(self, run: Run) -> None:
        self.roots.append(run)


def model(shape: Any = "openai") -> HeadroomChatModel:
    turns: Script = [ask_for_original("disk"), "The disk."]
    return HeadroomChatModel(ScriptedChatModel(turns=turns, shape=shape))


def inside(run: Run) -> list[tuple[str, str]]:
    return [(child.run_type, child.name) for child in run.child_runs]


def invoke(config: Any) -> None:
    model().invoke(MESSAGES, config)


def stream(config: Any) -> None:
    list(model().stream(MESSAGES, config))


def ainvoke(config: Any) -> None:
    asyncio.run(model().ainvoke(MESSAGES, config))


def astream(config: Any) -> None:
    async def all_of_it() -> None:
        async for _ in model().astream(MESSAGES, config):
            pass

    asyncio.run(all_of_it())


Way = Callable[[Any], None]
WAYS = pytest.mark.parametrize("way", [invoke, stream, ainvoke, astream])


@WAYS
def test_a_call_is_one_model_run_with_its_steps_inside(way: Way) -> None:
    """Compression, rounds and retrieval are children, in the order they happened."""
    trees = Trees()
    way({"callbacks": [trees], "metadata": {"tenant": "7"}, "tags": ["mine"]})
    (root,) = trees.roots
    assert root.run_type in {"llm", "chat_model"}
    assert inside(root) == INSIDE
    compress, _, retrieve, _ = root.child_runs
    assert compress.outputs is not None
    assert compress.outputs["tokens_after"] < compress.outputs["tokens_before"]
    assert BIG[:40] not in str((compress.inputs, compress.outputs))
    assert "disk full" in str(retrieve.outputs)
    for child in root.child_runs:
        assert child.error is None
        assert not child.child_runs
        assert "mine" in (child.tags or [])
        assert child.extra["metadata"]["tenant"] == "7"
        assert not any(key.startswith("ls_") for key in child.extra["metadata"])


@WAYS
def test_a_failing_round_is_the_one_that_failed(way: Way) -> None:
    """An error of the provider ends its own round and the call, and no other."""

    def broken() -> HeadroomChatModel:
        turns: Script = [ask_for_original("disk"), Turn(error=ValueError("overloaded"))]
        return HeadroomChatModel(ScriptedChatModel(turns=turns))

    trees = Trees()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "model", broken)
        with pytest.raises(ValueError, match="overloaded"):
            way({"callbacks": [trees]})
    (root,) = trees.roots
    assert inside(root) == INSIDE
    assert [bool(child.error) for child in root.child_runs] == [False] * 3 + [True]
    assert root.error is not None


def test_runs_stay_in_their_own_call() -> None:
    """Calls in threads, batches and interleaved streams do not mix their steps."""
    trees = Trees()
    config: Any = {"callbacks": [trees]}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: invoke(config), range(8)))
    streams = [model().stream(MESSAGES, config) for _ in range(4)]
    while streams:
        streams = [s for s in streams if next(s, None) is not None]
    assert len(trees.roots) == 12
    assert all(inside(root) == INSIDE for root in trees.roots)


async def test_inside_a_chain_and_a_graph_the_model_run_has_its_place() -> None:
    """The steps hang below the model's run, wherever that stands itself."""
    trees = Trees()
    chain = RunnableLambda(lambda m: m) | model()
    await chain.ainvoke(MESSAGES, {"callbacks": [trees]})

    async def node(state: MessagesState) -> MessagesState:
        return {"messages": [await model().ainvoke(state["messages"])]}

    builder = StateGraph(MessagesState)
    builder.add_node("agent", node)
    builder.add_edge(START, "agent")
    builder.add_edge("agent", END)
    graph = builder.compile()
    given: Any = {"messages": MESSAGES}
    modes: Any = ["messages", "tools"]
    async for _ in graph.astream(given, {"callbacks": [trees]}, stream_mode=modes):
        pass
    for root in trees.roots:
        models = [run for run in _all(root) if run.run_type in {"llm", "chat_model"}]
        assert len(models) == 1
        assert inside(models[0]) == INSIDE
    assert len(trees.roots) == 2


def _all(run: Run) -> list[Run]:
    return [run, *(found for child in run.child_runs for found in _all(child))]


async def test_events_have_no_trace_of_the_steps() -> None:
    """`astream_events` tells of one model and of nothing inside it."""
    names = [
        (event["event"], event["name"])
        async for event in model().astream_events(MESSAGES, version="v2")
    ]
    assert {name for _, name in names} == {"HeadroomChatModel"}
    assert {event for event, _ in names} == {
        "on_chat_model_start",
        "on_chat_model_stream",
        "on_chat_model_end",
    }
