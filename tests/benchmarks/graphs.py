"""What a call costs in a node of a LangGraph graph whose messages are streamed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

from langchain_core.messages import BaseMessage, HumanMessage

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import ScriptedChatModel, Turn, ask_for_original
from headroom_langchain.testing.scripted import Request
from headroom_langchain.testing.turns import Script, TurnLike

from .calls import look_up, sent_inside
from .conversations import SMALL, Model, agent_history, records, scripted
from .histories import long_history
from .table import Row
from .timing import compared, seconds_to_first

Way: TypeAlias = Literal["stream", "astream"]
WAYS: tuple[Way, ...] = ("stream", "astream")
"""How a graph is called; its node calls `invoke` or `ainvoke`, and the graph has the
model stream."""

Streaming: TypeAlias = Callable[[list[BaseMessage]], Awaitable[float]]
"""Streams a graph and returns when the first token came."""

_ANSWER = "The card was refused."
_REPEATS = 60
_CHUNKS = 5000
_CHUNK_REPEATS = 3


async def calls_in_nodes() -> AsyncIterator[Row]:
    """Measure all of a call, its first token, its chunks, and a retrieval."""
    short = agent_history([f"part {number} is fine" for number in range(9)])
    long = long_history()
    for way in WAYS:
        async for row in _whole(way, f"{len(short)} messages", short, aim=0.5):
            yield row
        async for row in _whole(way, "100,000 tokens", long, aim=2):
            yield row
        yield await _chunks(way)
        yield await _retrieval(way)


async def _whole(
    way: Way, what: str, messages: list[BaseMessage], *, aim: float
) -> AsyncIterator[Row]:
    """Time calls over a history that was shortened before."""
    turns = [_ANSWER] * (2 * _REPEATS + 4)
    bare = _graph(way, _model(turns).bind_tools([look_up]))
    wrapped = _graph(way, HeadroomChatModel(_model(turns)).bind_tools([look_up]))
    pair = await compared(
        partial(bare, messages), partial(wrapped, messages), repeats=_REPEATS
    )
    yield Row.of(f"{way}, {what}", pair, aim=aim)
    pair = await compared(
        partial(bare, messages),
        partial(wrapped, messages),
        repeats=_REPEATS,
        clock=seconds_to_first,
    )
    yield Row.of(f"{way}, {what}, first token", pair, aim=aim)


async def _chunks(way: Way) -> Row:
    turns: list[TurnLike] = [Turn(text="x" * _CHUNKS)] * _CHUNK_REPEATS
    bare = _graph(way, _model(turns, chunking=1))
    wrapped = _graph(way, HeadroomChatModel(_model(turns, chunking=1)))
    messages: list[BaseMessage] = [HumanMessage("Go on.")]
    pair = await compared(
        partial(bare, messages),
        partial(wrapped, messages),
        repeats=_CHUNK_REPEATS,
        warm_up=0,
    )
    return Row.of(f"{way}, a chunk of {_CHUNKS:,}", pair, per=_CHUNKS, aim=10)


async def _retrieval(way: Way) -> Row:
    """Time calls that ask once for an original, which was asked for before."""
    turns: list[TurnLike] = [ask_for_original("card refused"), _ANSWER]
    history = agent_history([records(SMALL * 1000)])
    requests = await sent_inside(turns, history)
    played = turns * (_REPEATS + 2)
    bare = _graph(way, _model(played), requests)
    wrapped = _graph(way, HeadroomChatModel(_model(played)))
    pair = await compared(
        partial(bare, history), partial(wrapped, history), repeats=_REPEATS
    )
    return Row.of(f"{way}, {SMALL} KB retrieved, asked before", pair, aim=2)


def _model(turns: Script, *, chunking: int = 4) -> ScriptedChatModel:
    """Make a model that lets a graph hand over each chunk, as a network does."""
    return scripted(turns, chunking=chunking, suspends=True)


def _graph(way: Way, model: Model, requests: Sequence[Request] = ()) -> Streaming:
    """Return work that streams a graph of one node.

    Args:
        way: How the graph is called.
        model: What its node calls.
        requests: What the node sends, one after the other, if not its messages.
    """
    from langgraph.graph import START, MessagesState, StateGraph

    def sent(state: MessagesState) -> list[tuple[list[Any], dict[str, Any]]]:
        given: list[tuple[list[Any], dict[str, Any]]] = [
            (list(r.messages), {"tools": list(r.tools)}) for r in requests
        ]
        return given or [(state["messages"], {})]

    def agent(state: MessagesState) -> dict[str, Any]:
        said = [model.invoke(messages, **kwargs) for messages, kwargs in sent(state)]
        return {"messages": said[-1:]}

    async def aagent(state: MessagesState) -> dict[str, Any]:
        said = [
            await model.ainvoke(messages, **kwargs) for messages, kwargs in sent(state)
        ]
        return {"messages": said[-1:]}

    builder = StateGraph(MessagesState)
    builder.add_node("agent", agent if way == "stream" else aagent)
    builder.add_edge(START, "agent")
    graph = builder.compile()

    async def work(messages: list[BaseMessage]) -> float:
        given: Any = {"messages": messages}
        first = 0.0
        if way == "stream":
            for _ in graph.stream(given, stream_mode="messages"):
                first = first or time.perf_counter()
        else:
            async for _ in graph.astream(given, stream_mode="messages"):
                first = first or time.perf_counter()
        return first

    return work
