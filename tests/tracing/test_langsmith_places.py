"""Where LangSmith shows a call: below whatever called it, and never mixed up."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableLambda
from langgraph.graph import END, START, MessagesState, StateGraph
from langsmith import traceable
from langsmith_server import LangSmithServer, TracedRun
from traced_calls import (
    STEPS,
    Way,
    ainvoke,
    astream,
    invoke,
    log,
    only_model_run,
    script,
    stream,
    traced_to,
    trees,
    wrapped,
)

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import ScriptedChatModel

EACH_WAY = pytest.mark.parametrize("way", [invoke, ainvoke, stream, astream])


@pytest.fixture
def server() -> Iterator[LangSmithServer]:
    """A LangSmith that the environment names."""
    with LangSmithServer() as started, traced_to(started):
        yield started


def path_to_model(tree: TracedRun) -> list[str]:
    """Return the names of the runs from the root down to the one model run."""
    names = [tree.name]
    while tree.run_type != "llm":
        (tree,) = (
            child
            for child in tree.children
            if any(run.run_type == "llm" for run in child.all())
        )
        names.append(tree.name)
    return names


@EACH_WAY
async def test_in_a_chain(server: LangSmithServer, way: Way) -> None:
    """In an LCEL chain the model run stands below the sequence."""
    chain: Any = RunnableLambda(lambda messages: messages) | wrapped()
    await way(chain, log("disk"), {})
    (tree,) = trees(server)
    assert path_to_model(tree) == ["RunnableSequence", "HeadroomChatModel"]
    assert only_model_run(tree).steps == STEPS


@EACH_WAY
async def test_in_a_node(server: LangSmithServer, way: Way) -> None:
    """In a LangGraph node the model run stands below the node, and no other graph."""

    async def agent(state: MessagesState) -> dict[str, Any]:
        await way(wrapped(), state["messages"], None)
        return {"messages": []}

    builder = StateGraph(MessagesState)
    builder.add_node("agent", agent)
    builder.add_edge(START, "agent")
    builder.add_edge("agent", END)
    given: Any = {"messages": log("disk")}
    modes: Any = ["messages", "updates", "tools"]
    async for _ in builder.compile().astream(given, stream_mode=modes, subgraphs=True):
        pass
    (tree,) = trees(server)
    assert path_to_model(tree) == ["LangGraph", "agent", "HeadroomChatModel"]
    assert only_model_run(tree).steps == STEPS
    assert len(list(tree.all())) == 3 + len(STEPS)


@EACH_WAY
async def test_in_a_traced_function(server: LangSmithServer, way: Way) -> None:
    """In a function that langsmith traces, the model run stands below it."""

    @traceable
    async def handle() -> None:
        await way(wrapped(), log("disk"), None)

    await handle()
    (tree,) = trees(server)
    assert path_to_model(tree) == ["handle", "HeadroomChatModel"]
    assert only_model_run(tree).steps == STEPS


@EACH_WAY
async def test_in_threads(server: LangSmithServer, way: Way) -> None:
    """In a thread with a copied context the run stands below who started it."""

    @traceable
    def handle(number: int) -> None:
        def work() -> None:
            asyncio.run(_call(way, number))

        with ThreadPoolExecutor(1) as pool:
            pool.submit(contextvars.copy_context().run, work).result()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(handle, range(3)))
    found = trees(server)
    assert len(found) == 3
    for tree in found:
        assert path_to_model(tree) == ["handle", "HeadroomChatModel"]
        assert only_model_run(tree).steps == STEPS


async def _call(way: Way, number: int) -> None:
    await way(wrapped(script(f"disk{number}")), log(f"disk{number}"), None)


@EACH_WAY
async def test_calls_at_once_are_not_mixed_up(
    server: LangSmithServer, way: Way
) -> None:
    """Of eight calls at the same time each has its own steps."""
    await asyncio.gather(
        *(asyncio.to_thread(asyncio.run, _call(way, n)) for n in range(4)),
        *(_call(way, n) for n in range(4, 8)),
    )
    found = trees(server)
    asked = [_own_word(tree) for tree in found]
    assert sorted(asked) == [f"disk{number}" for number in range(8)]


def _own_word(run: TracedRun) -> str:
    """Return the word that a call looked for, once it is found wherever it belongs."""
    assert run.steps == STEPS
    (word,) = (f"disk{n}" for n in range(8) if f"ERROR disk{n} full" in run.inputs)
    retrieve = run.children[2]
    assert f'\\"query\\": \\"{word}\\"' in retrieve.inputs.replace("\\\\", "\\")
    assert f"ERROR {word} full" in retrieve.outputs
    assert f"The {word}." in run.outputs
    return word


async def test_interleaved_streams_are_not_mixed_up(server: LangSmithServer) -> None:
    """Streams that one task reads in turns keep their steps apart."""
    numbers = range(4)
    streams = [wrapped(script(f"disk{n}")).astream(log(f"disk{n}")) for n in numbers]
    while streams:
        streams = [s for s in streams if await anext(s, None) is not None]
    assert sorted(map(_own_word, trees(server))) == [f"disk{n}" for n in numbers]


async def test_the_calls_of_a_batch_are_not_mixed_up(server: LangSmithServer) -> None:
    """Each input of a batch has a model run of its own, with its own steps."""
    asking, saying = script("disk0")
    model = HeadroomChatModel(ScriptedChatModel(turns=[asking, saying] * 3))
    await model.abatch([log("disk0")] * 3, {"max_concurrency": 1})
    found = trees(server)
    assert [_own_word(tree) for tree in found] == ["disk0"] * 3


class TracedInside(ScriptedChatModel):
    """A model whose own work is traced, as a client with `wrap_openai` is."""

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        _work()
        return super()._generate(*args, **kwargs)

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        _work()
        yield from super()._stream(*args, **kwargs)

    async def _astream(
        self, *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        _work()
        async for chunk in super()._astream(*args, **kwargs):
            yield chunk


@traceable(name="work")
def _work() -> None:
    """Do what a client does."""


@EACH_WAY
async def test_what_the_inner_model_traces_is_shown(
    server: LangSmithServer, way: Way
) -> None:
    """Traces made by the inner model stand where the bare model's stand, each round."""

    @traceable
    async def handle(model: BaseChatModel, messages: Sequence[BaseMessage]) -> None:
        await way(model, messages, None)

    await handle(TracedInside(turns=["Fine."]), log("disk"))
    await handle(HeadroomChatModel(TracedInside(turns=script())), log("disk"))
    bare, tree = trees(server)
    assert bare.steps == [("llm", "TracedInside"), ("chain", "work")]
    assert tree.steps == [("llm", "HeadroomChatModel"), *[("chain", "work")] * 2]
    assert only_model_run(tree).steps == STEPS
