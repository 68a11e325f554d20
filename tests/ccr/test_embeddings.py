"""The user's own `Embeddings`, wherever originals are asked for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.load import dumps
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import ValidationError
from trigrams import Trigrams

from headroom_langchain import (
    CompressionPolicy,
    HeadroomChatModel,
    HeadroomMiddleware,
    InMemoryCCRStore,
)
from headroom_langchain.graph import create_retrieval_graph
from headroom_langchain.testing import (
    Call,
    ScriptedChatModel,
    Turn,
    ask_for_original,
)

NEEDLE = "the car is new at place 417"
LINES = [f"the sky is blue at place {n}" for n in range(600)]
LINES[417] = NEEDLE
LOG = "\n".join(f"2026-03-01 10:00:00 INFO {line}" for line in LINES)
MESSAGES: list[BaseMessage] = [
    HumanMessage("What is new?"),
    AIMessage("", tool_calls=[{"name": "read_log", "args": {}, "id": "c"}]),
    ToolMessage(LOG, tool_call_id="c", name="read_log"),
]
ASK = ask_for_original("vehicle")
"""Asks for a word that no line has."""
READ = Turn(tool_calls=(Call(name="read_log"),))


@tool
def read_log() -> str:
    """Read the log."""
    return LOG


def told(messages: Sequence[BaseMessage]) -> str:
    """What the model was told last by the retrieve tool."""
    *_, last = (m for m in messages if m.name == "headroom_retrieve")
    return last.text


def asking(model: ScriptedChatModel) -> str:
    return told(model.requests[-1].messages)


def scripted() -> ScriptedChatModel:
    return ScriptedChatModel(turns=[ASK, "A car."])


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
async def test_the_wrapper_finds_by_meaning(way: str) -> None:
    """However it is called, a synonym finds the line, and nothing is noted."""
    inner = scripted()
    model = HeadroomChatModel(inner, embeddings=Trigrams())
    await called(model, way)
    assert NEEDLE in asking(inner)
    assert model.report is not None
    assert model.report.notes == ()


async def called(model: HeadroomChatModel, way: str) -> None:
    match way:
        case "invoke":
            model.invoke(MESSAGES)
        case "ainvoke":
            await model.ainvoke(MESSAGES)
        case "stream":
            assert list(model.stream(MESSAGES))
        case _:
            assert [chunk async for chunk in model.astream(MESSAGES)]


def test_without_embeddings_it_does_not() -> None:
    """The word itself stands nowhere in the log."""
    inner = scripted()
    HeadroomChatModel(inner).invoke(MESSAGES)
    assert NEEDLE not in asking(inner)


class Broken(Trigrams):
    """A service that cannot be reached."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        msg = "connection refused"
        raise ConnectionError(msg)


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
async def test_a_service_that_fails_leaves_a_note(way: str) -> None:
    """The model is told what words find, and the report why it is no more."""
    inner, plain = scripted(), scripted()
    model = HeadroomChatModel(inner, embeddings=Broken())
    await called(model, way)
    await called(HeadroomChatModel(plain), way)
    assert asking(inner) == asking(plain)
    assert model.report is not None
    (note,) = model.report.notes
    assert note.endswith("by meaning: ConnectionError: connection refused")


class Elsewhere(Trigrams):
    """Says in which threads it works."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def embed_query(self, text: str) -> list[float]:
        self.threads.add(threading.get_ident())
        return super().embed_query(text)


@pytest.mark.parametrize("way", ["ainvoke", "astream"])
async def test_the_event_loop_does_not_wait_for_vectors(way: str) -> None:
    """On async paths the embeddings work in another thread."""
    embeddings = Elsewhere()
    await called(HeadroomChatModel(scripted(), embeddings=embeddings), way)
    assert embeddings.threads
    assert threading.get_ident() not in embeddings.threads


@pytest.mark.parametrize("compress", ["model_calls", "tool_results"])
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_the_middleware_takes_embeddings(
    compress: Any, *, asynchronous: bool
) -> None:
    """In an agent a synonym finds the line in both modes."""
    middleware = HeadroomMiddleware(
        store=InMemoryCCRStore(), compress=compress, embeddings=Trigrams()
    )
    inner = scripted()
    agent: Any = create_agent(inner, tools=[read_log], middleware=[middleware])
    start: Any = {"messages": MESSAGES}
    if compress == "tool_results":
        inner = ScriptedChatModel(turns=[READ, ASK, "A car."])
        agent = create_agent(inner, tools=[read_log], middleware=[middleware])
        start = {"messages": MESSAGES[:1]}
    if asynchronous:
        await agent.ainvoke(start)
    else:
        agent.invoke(start)
    assert NEEDLE in asking(inner)


@pytest.mark.parametrize("wrapped", [False, True])
async def test_the_retrieval_graph_takes_embeddings(*, wrapped: bool) -> None:
    """As an argument, or as a field of a wrapped model."""
    inner = scripted()
    graph = (
        create_retrieval_graph(HeadroomChatModel(inner, embeddings=Trigrams()))
        if wrapped
        else create_retrieval_graph(inner, embeddings=Trigrams())
    )
    state = await graph.ainvoke({"messages": MESSAGES})
    assert NEEDLE in told(state["messages"])


def test_embeddings_are_no_part_of_what_is_written_down() -> None:
    """Neither a dump, the fields, nor the key of the cache of answers knows them."""
    inner = ScriptedChatModel(turns=["Fine."])
    policy = CompressionPolicy()
    plain = HeadroomChatModel(inner, policy=policy)
    with_them = HeadroomChatModel(inner, policy=policy, embeddings=Trigrams())
    assert dumps(with_them) == dumps(plain)
    assert "embeddings" not in with_them.model_dump()
    assert "embeddings" not in repr(with_them)
    assert with_them._get_llm_string() == plain._get_llm_string()


def test_copies_keep_embeddings() -> None:
    """A copy, a changed one and a bound one find as the model did."""
    embeddings = Trigrams()
    inner = ScriptedChatModel(turns=[ASK, "A car."] * 3)
    model = HeadroomChatModel(inner, embeddings=embeddings)
    changed = model.model_copy(update={"policy": CompressionPolicy(preset="balanced")})
    for copy in (model.model_copy(), changed, model.bind_tools([read_log])):
        copy.invoke(MESSAGES)
        assert NEEDLE in asking(inner)
    assert changed.embeddings is embeddings


def test_what_is_no_embeddings_is_refused() -> None:
    """A field that cannot work is refused at once."""
    with pytest.raises(ValidationError, match="Embeddings"):
        HeadroomChatModel(ScriptedChatModel(turns=[]), embeddings="openai:small")


async def test_many_calls_at_once_share_vectors() -> None:
    """Concurrent calls agree, and a later one embeds no passage again."""
    embeddings = Trigrams()
    inners = [scripted() for _ in range(8)]
    models = [HeadroomChatModel(inner, embeddings=embeddings) for inner in inners]
    await asyncio.gather(*(model.ainvoke(MESSAGES) for model in models))
    assert len({asking(inner) for inner in inners}) == 1
    made = len(embeddings.documents)
    HeadroomChatModel(scripted(), embeddings=embeddings).invoke(MESSAGES)
    assert len(embeddings.documents) == made
