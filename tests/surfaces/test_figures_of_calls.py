"""Calls add what they saved to the book of their store, once and however they end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolCall,
    ToolMessage,
)
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from headroom_langchain import (
    CCRStore,
    CompressMessages,
    HeadroomChatModel,
    InMemoryCCRStore,
    SqliteCCRStore,
    StoreError,
    acompress,
    compress,
)
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, content_key
from headroom_langchain.ccr.store.figures import Figures, Topic, summed
from headroom_langchain.graph import ToolHooks, create_retrieval_graph
from headroom_langchain.testing import Call, ScriptedChatModel, Turn

LOG = "\n".join(
    f"12:00:{number % 60:02d} INFO request {number} served in {number % 17} ms"
    for number in range(600)
)
MESSAGES: list[BaseMessage] = [
    HumanMessage("What went wrong?"),
    AIMessage("", tool_calls=[{"name": "shell", "args": {}, "id": "c"}]),
    ToolMessage(LOG, tool_call_id="c", name="shell"),
]
ASKS = Turn(
    tool_calls=(
        Call(name="headroom_retrieve", args={"hash": content_key(LOG), "query": "599"}),
    )
)
USAGE = {"input_tokens": 100, "output_tokens": 7, "total_tokens": 107}
LOGS = Topic(model="scripted", tool="shell", kind="logs")


class CannotCount(InMemoryCCRStore):
    """Its book is on a disk that is full."""

    def add_figures(
        self,
        figures: Mapping[Topic, Figures],
        *,
        namespace: str = DEFAULT_NAMESPACE,
    ) -> None:
        msg = "the disk is full"
        raise StoreError(msg)

    async def aadd_figures(
        self,
        figures: Mapping[Topic, Figures],
        *,
        namespace: str = DEFAULT_NAMESPACE,
    ) -> None:
        self.add_figures(figures, namespace=namespace)


def wrapped(store: CCRStore, *turns: Turn | str) -> HeadroomChatModel:
    return HeadroomChatModel(ScriptedChatModel(turns=turns, chunking=3), store=store)


def stream(llm: HeadroomChatModel) -> None:
    list(llm.stream(MESSAGES))


def ainvoke(llm: HeadroomChatModel) -> None:
    asyncio.run(llm.ainvoke(MESSAGES))


def astream(llm: HeadroomChatModel) -> None:
    async def read() -> None:
        async for _ in llm.astream(MESSAGES):
            pass

    asyncio.run(read())


WAYS: tuple[Callable[[HeadroomChatModel], Any], ...] = (
    lambda llm: llm.invoke(MESSAGES),
    stream,
    ainvoke,
    astream,
)
each_way = pytest.mark.parametrize("way", WAYS, ids=["invoke", *"saA"])


def whole(store: CCRStore) -> Figures:
    return summed(store.figures(), lambda _: "").get("", Figures())


@each_way
def test_the_book_has_what_the_report_says(
    way: Callable[[HeadroomChatModel], Any], store: CCRStore
) -> None:
    """After a call with a retrieval its sums are those of the call's report."""
    if not store.keeps_figures:
        pytest.skip("this store has no book")
    usage = Turn(text="It was 599.", usage=USAGE)  # type: ignore[arg-type] # a dict of that shape
    llm = wrapped(store, ASKS, usage)
    way(llm)
    report, book = llm.report, whole(store)
    assert report is not None
    assert report.notes == ()
    assert book.calls == 1
    assert (book.requests, book.retrievals) == (2, 1)
    assert book.tokens_before == report.tokens_before
    assert book.tokens_after == report.tokens_after
    assert book.tokens_retrieved == report.tokens_retrieved > 0
    assert book.tokens_resent == report.tokens_resent > 0
    assert book.tokens_net_saved == report.tokens_net_saved > 0
    assert book.tokens_sent == sum(one.tokens_sent for one in report.requests)
    assert (book.input_tokens, book.output_tokens, book.uncounted) == (100, 7, 1)
    assert summed(store.figures(), lambda line: line.topic)[LOGS].texts == 1


@each_way
def test_the_book_adds_calls_up(way: Callable[[HeadroomChatModel], Any]) -> None:
    """It is the running total of the model that had the store for itself."""
    store = InMemoryCCRStore(keep_figures=True)
    llm = wrapped(store, "one", "two", "three")
    for _ in range(3):
        way(llm)
    book = whole(store)
    assert book.calls == llm.total.calls == 3
    assert book.tokens_net_saved == llm.total.tokens_net_saved
    assert book.plain_fresh == llm.total.plain.fresh


def test_a_call_that_is_left_counts_as_far_as_it_went() -> None:
    """What was sent before its caller left is in the book."""
    store = InMemoryCCRStore(keep_figures=True)
    chunks = wrapped(store, "a long answer").stream(MESSAGES)
    next(chunks)
    assert not store.figures()
    chunks.close()  # type: ignore[attr-defined] # it is a generator
    assert whole(store).requests == 1


def test_a_call_that_is_cancelled_counts(tmp_path: Path) -> None:
    """So it does where the store writes to a disk, and its caller does not wait."""

    async def leave() -> None:
        llm = wrapped(store, "a long answer")
        chunks = llm.astream(MESSAGES)
        await anext(chunks)
        await chunks.aclose()  # type: ignore[attr-defined] # likewise

    with SqliteCCRStore(tmp_path / "s.db") as store:
        asyncio.run(leave())
        assert whole(store).requests == 1


def test_a_call_that_fails_at_once_does_not_count() -> None:
    """Attempts to which nothing came back saved nobody anything."""
    store = InMemoryCCRStore(keep_figures=True)
    failure = Turn(error=ConnectionError("no"))
    llm = wrapped(store, failure, failure, "hello")
    llm.with_retry(wait_exponential_jitter=False).invoke(MESSAGES)
    assert (whole(store).calls, whole(store).requests) == (1, 1)
    assert llm.total.calls == 1
    assert llm.report is not None
    assert llm.total == llm.report.figures


def test_a_stream_that_breaks_counts() -> None:
    """What a model had begun to answer is paid for."""
    store = InMemoryCCRStore(keep_figures=True)
    llm = wrapped(store, Turn(text="a long answer", error=ValueError("no")))
    with pytest.raises(ValueError, match="no"):
        list(llm.stream(MESSAGES))
    assert whole(store).requests == 1


@each_way
def test_a_book_that_cannot_be_written_costs_a_note(
    way: Callable[[HeadroomChatModel], Any],
) -> None:
    """The answer comes all the same, and the report says why."""
    llm = wrapped(CannotCount(keep_figures=True), "hello")
    way(llm)
    assert llm.report is not None
    note = "figures were not kept: StoreError: the disk is full"
    assert llm.report.notes == (note,)


def test_tenants_have_books_of_their_own() -> None:
    """A call counts for the namespace that its configuration names."""
    store = InMemoryCCRStore(keep_figures=True)
    llm = wrapped(store, "one", "two")
    llm.invoke(MESSAGES)
    llm.invoke(MESSAGES, {"configurable": {"headroom_namespace": "acme"}})
    calls = {
        line.namespace: line.figures.calls
        for line in store.figures()
        if line.topic.tool == ""
    }
    assert calls == {DEFAULT_NAMESPACE: 1, "acme": 1}


async def test_compressions_outside_of_a_model_count() -> None:
    """They have no requests: what becomes of their results is not known."""
    store = InMemoryCCRStore(keep_figures=True)
    result = compress(MESSAGES, store=store)
    await acompress(MESSAGES, store=store)
    CompressMessages(store=store).invoke(MESSAGES)
    book = whole(store)
    assert (book.calls, book.requests) == (3, 0)
    assert book.tokens_net_saved == 3 * result.tokens_saved > 0


def test_a_compression_notes_a_book_that_cannot_be_written() -> None:
    """Its result is as it would be."""
    result = compress(MESSAGES, store=CannotCount(keep_figures=True))
    assert result.notes == ("figures were not kept: StoreError: the disk is full",)
    assert result.tokens_saved > 0


@pytest.mark.parametrize("compressing", [True, False])
def test_what_an_agent_retrieves_itself_counts(*, compressing: bool) -> None:
    """Answers of the tool hooks are subtracted from what compressing saved."""
    store = InMemoryCCRStore(keep_figures=True)
    hooks = ToolHooks(store=store, compress=compressing)
    seen: list[int] = []

    @tool
    def shell() -> str:
        """Run a command."""
        return LOG

    def model(state: MessagesState) -> MessagesState:
        calls = [ToolCall(name="shell", args={}, id="c")]
        if seen:
            asked = {"hash": content_key(LOG), "query": "599"}
            calls = [ToolCall(name="headroom_retrieve", args=asked, id="d")]
        seen.append(1)
        done = len(seen) > 2
        return {
            "messages": [
                AIMessage(
                    "It was 599." if done else "", tool_calls=[] if done else calls
                )
            ]
        }

    nodes = ToolNode(
        [shell, hooks.tool],
        wrap_tool_call=hooks.wrap_tool_call,
        awrap_tool_call=hooks.awrap_tool_call,
    )
    builder = StateGraph(MessagesState)
    builder.add_node("model", model)
    builder.add_node("tools", nodes)
    builder.add_edge(START, "model")
    builder.add_conditional_edges("model", tools_condition)
    builder.add_edge("tools", "model")
    builder.compile().invoke({"messages": [HumanMessage("Which?")]})
    book, total = whole(store), hooks.total
    assert book.retrievals == total.retrievals == 1
    assert book.calls == total.calls == 1 + compressing
    assert book.tokens_saved == total.tokens_saved
    assert book.tokens_net_saved == total.tokens_net_saved


async def test_a_visible_retrieval_counts() -> None:
    """A graph that shows its retrievals adds to the book as it adds to its totals."""
    store = InMemoryCCRStore(keep_figures=True)
    inner = ScriptedChatModel(turns=[ASKS, "It was 599."])
    graph = create_retrieval_graph(inner, store=store)
    await graph.ainvoke({"messages": MESSAGES})
    book = whole(store)
    assert (book.calls, book.requests, book.retrievals) == (3, 0, 1)
    assert 0 < book.tokens_net_saved < book.tokens_saved
