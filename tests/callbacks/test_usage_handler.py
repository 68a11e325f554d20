"""A handler adds up over chains, graphs and agents what their calls saved."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from recount import in_texts, recount

from headroom_langchain import (
    CompressMessages,
    HeadroomChatModel,
    InMemoryCCRStore,
)
from headroom_langchain.accounts.prices import ModelPrice, Prices
from headroom_langchain.callbacks import HeadroomCallbackHandler, headroom_usage
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.graph import (
    compress_node,
    create_retrieval_graph,
    pre_model_hook,
)
from headroom_langchain.middleware import HeadroomMiddleware
from headroom_langchain.reports.totals import Totals
from headroom_langchain.testing import Call, ScriptedChatModel, Turn, ask_for_original
from headroom_langchain.testing.marker import RETRIEVE

LOG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full' if n == 99 else 'INFO served'} {n}"
    for n in range(300)
)
READ = Turn(text="I look.", tool_calls=(Call(name="read_log", args={"host": "a"}),))
ASK = ask_for_original("disk full")

Work = Callable[[Any, Any], Any]
"""Calls something with input and a configuration."""


@tool
def read_log(host: str) -> str:
    """Read the log of a host."""
    return LOG


def history() -> list[BaseMessage]:
    """Return a conversation that ends with a log."""
    call = {"name": "read_log", "args": {"host": "a"}, "id": "c"}
    return [
        HumanMessage("What is wrong?", id="1"),
        AIMessage("", tool_calls=[call], id="2"),
        ToolMessage(LOG, tool_call_id="c", name="read_log", id="3"),
    ]


def asked() -> dict[str, Any]:
    """Return what an agent is asked."""
    return {"messages": [HumanMessage("What is wrong?")]}


async def invoked(runnable: Any, given: Any, config: Any, *, asynchronous: bool) -> Any:
    """Call something in one of two ways."""
    if asynchronous:
        return await runnable.ainvoke(given, config)
    return runnable.invoke(given, config)


EITHER = pytest.mark.parametrize("asynchronous", [False, True])


@EITHER
async def test_an_agent_is_counted_as_its_middleware_counts(
    *, asynchronous: bool
) -> None:
    """The handler has what the middleware has, by thread and by model."""
    model = ScriptedChatModel(turns=[READ, ASK, "The disk."] * 2)
    middleware = HeadroomMiddleware()
    agent = create_agent(
        model,
        tools=[read_log],
        middleware=[middleware],
        checkpointer=InMemorySaver(),
    )
    handler = HeadroomCallbackHandler()
    for thread in ("a", "b"):
        config = {"callbacks": [handler], "configurable": {"thread_id": thread}}
        await invoked(agent, asked(), config, asynchronous=asynchronous)
    assert handler.total == middleware.total
    assert handler.total.requests == len(model.requests) == 6
    assert handler.total.tokens_sent == sum(each.all for each in recount(model))
    assert handler.total_of("a") == handler.total_of("b")
    assert handler.total_of("a") + handler.total_of("b") == handler.total
    assert handler.models == {"scripted": handler.total}
    for thread in ("a", "b"):
        assert middleware.report_of(thread) == handler.report_of(thread)
    prices = Prices({"scripted": ModelPrice(input=1.0)})
    saved = handler.savings(prices)
    assert saved is not None
    assert saved.saved > 0


@EITHER
async def test_compression_at_the_tools_is_counted(*, asynchronous: bool) -> None:
    """A result counts once; a retrieval takes its answer and another request."""
    model = ScriptedChatModel(turns=[READ, ASK, "The disk."])
    middleware = HeadroomMiddleware(compress="tool_results", store=InMemoryCCRStore())
    agent = create_agent(
        model,
        tools=[read_log],
        middleware=[middleware],
        checkpointer=InMemorySaver(),
    )
    handler = HeadroomCallbackHandler()
    config = {"callbacks": [handler], "configurable": {"thread_id": "a"}}
    state = await invoked(agent, asked(), config, asynchronous=asynchronous)
    _, _, shown, question, answer, _ = state["messages"]
    total = handler.total
    assert total == middleware.total == handler.total_of("a")
    assert (total.tokens_before, total.tokens_after) == (
        in_texts([ToolMessage(LOG, tool_call_id="")]),
        in_texts([shown]),
    )
    assert total.retrievals == 1
    assert total.tokens_retrieved == in_texts([answer])
    again = [*model.requests[1].messages, question]
    assert total.tokens_resent == in_texts(again)
    assert total.tokens_net_saved == (
        total.tokens_saved - total.tokens_retrieved - total.tokens_resent
    )
    report = middleware.report_of("a")
    assert report is not None
    assert report.total == total
    assert report.figures == total
    assert report.tokens_net_saved == total.tokens_net_saved


def looking(*queries: str, also: tuple[Call, ...] = ()) -> Turn:
    """Return a turn that asks for passages, and perhaps for more."""
    asked = [{"hash": content_key(LOG), "query": query} for query in queries]
    calls = [
        Call(name=RETRIEVE, args=args, id=f"ask_{number}")
        for number, args in enumerate(asked)
    ]
    return Turn(text="Wait.", tool_calls=(*calls, *also))


@EITHER
@pytest.mark.parametrize(
    ("turn", "again"),
    [
        (looking("disk full"), 1),
        (looking("disk full", "served 77"), 1),
        (looking("disk full", also=(Call(name="read_log", args={"host": "b"}),)), 0),
    ],
)
async def test_questions_of_one_message_cost_one_request(
    turn: Turn, again: int, *, asynchronous: bool
) -> None:
    """A request that is made for other reasons, too, is not the retrieval's cost."""
    model = ScriptedChatModel(turns=[READ, turn, "The disk."])
    middleware = HeadroomMiddleware(compress="tool_results", store=InMemoryCCRStore())
    agent = create_agent(model, tools=[read_log], middleware=[middleware])
    state = await invoked(agent, asked(), {}, asynchronous=asynchronous)
    question = next(m for m in state["messages"] if m.text == "Wait.")
    sent = [*model.requests[1].messages, question]
    assert middleware.total.tokens_resent == again * in_texts(sent)
    answers = [m for m in state["messages"] if m.name == RETRIEVE]
    assert middleware.total.tokens_retrieved == in_texts(answers)
    assert middleware.total.retrievals == len(answers)


def graph_of(*nodes: Any) -> Any:
    """Return a graph of nodes, one after the other."""
    builder = StateGraph(MessagesState)
    builder.add_sequence([(f"n{number}", node) for number, node in enumerate(nodes)])
    builder.add_edge(START, "n0")
    builder.add_edge(f"n{len(nodes) - 1}", END)
    return builder.compile()


@EITHER
@pytest.mark.parametrize("make", [compress_node, pre_model_hook])
async def test_nodes_are_counted(make: Any, *, asynchronous: bool) -> None:
    """A node tells the handler of its graph, also from a graph in a graph."""
    node = make(store=InMemoryCCRStore())
    handler = HeadroomCallbackHandler()
    inside = graph_of(node)
    config = {"callbacks": [handler], "configurable": {"thread_id": "a"}}
    given = {"messages": history()}
    await invoked(graph_of(inside), given, config, asynchronous=asynchronous)
    total = handler.total
    assert total == node.total == handler.total_of("a")
    assert total.calls == 1
    assert total.tokens_before == in_texts(history())
    assert total.tokens_net_saved == total.tokens_saved > 0
    assert node.report_of("a") == node.report == handler.report
    assert node.report_of("b") is None


@EITHER
async def test_a_chain_is_counted(*, asynchronous: bool) -> None:
    """`CompressMessages` in a chain tells the handler of the chain."""
    model = ScriptedChatModel(turns=["The disk."])
    chain = CompressMessages(store=InMemoryCCRStore()) | model
    handler = HeadroomCallbackHandler()
    config = {"callbacks": [handler]}
    await invoked(chain, history(), config, asynchronous=asynchronous)
    (sent,) = recount(model)
    assert handler.total.tokens_after == sent.texts
    assert handler.total.tokens_before == in_texts(history())


@EITHER
async def test_a_visible_loop_is_counted(*, asynchronous: bool) -> None:
    """Each request of a retrieval graph counts, and each of its answers."""
    model = ScriptedChatModel(turns=[ASK, "The disk."])
    graph = create_retrieval_graph(model)
    handler = HeadroomCallbackHandler()
    given = {"messages": history()}
    await invoked(graph, given, {"callbacks": [handler]}, asynchronous=asynchronous)
    first, second = recount(model)
    total = handler.total
    assert total.tokens_after == first.texts + second.texts
    assert total.retrievals == 1
    answer = model.requests[1].messages[-1]
    assert total.tokens_retrieved == in_texts([answer])


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream", "abatch"])
async def test_every_way_to_call_is_counted_once(way: str) -> None:
    """A handler that is named twice counts once, beside others."""
    model = ScriptedChatModel(turns=[ASK, "The disk."])
    wrapped = HeadroomChatModel(model)
    handler, other = HeadroomCallbackHandler(), HeadroomCallbackHandler()
    config: Any = {"callbacks": [handler, other, handler]}
    await called(wrapped, way, config)
    assert handler.total == other.total == wrapped.total
    assert handler.total.requests == 2


async def called(model: Any, way: str, config: Any) -> None:
    """Call a model in a way."""
    match way:
        case "invoke":
            model.invoke(history(), config)
        case "ainvoke":
            await model.ainvoke(history(), config)
        case "stream":
            list(model.stream(history(), config))
        case "astream":
            [chunk async for chunk in model.astream(history(), config)]
        case _:
            await model.abatch([history()], config)


def test_a_handler_of_one_model_counts_its_calls() -> None:
    """A handler among the callbacks of a model, or of the one inside, is told."""
    handler, inside = HeadroomCallbackHandler(), HeadroomCallbackHandler()
    for model in (
        HeadroomChatModel(ScriptedChatModel(turns=["a"]), callbacks=[handler]),
        HeadroomChatModel(ScriptedChatModel(turns=["a", "b"], callbacks=[inside])),
    ):
        list(model.stream(history()))
        assert model.total.calls == 1
    model.invoke(history())
    assert (handler.total.calls, inside.total.calls) == (1, 2)
    assert inside.total == model.total


def test_a_block_counts_what_is_called_in_it() -> None:
    """`headroom_usage` needs no configuration, ends with its block, and nests."""
    model = HeadroomChatModel(ScriptedChatModel(turns=["Fine."] * 4))
    chain = RunnableLambda(lambda messages: messages) | model
    model.invoke(history())
    with headroom_usage() as outer:
        chain.invoke(history())
        with headroom_usage() as inner:
            model.invoke(history())
    model.invoke(history())
    assert (outer.total.calls, inner.total.calls) == (2, 1)
    assert model.total.calls == 4


def test_a_block_that_raises_ends_too() -> None:
    """After an error nothing more is counted."""
    model = HeadroomChatModel(ScriptedChatModel(turns=["Fine."]))

    kept: list[HeadroomCallbackHandler] = []
    with pytest.raises(OSError), headroom_usage() as figures:  # noqa: PT011, PT012 - any error
        kept.append(figures)
        raise OSError
    model.invoke(history())
    assert kept[0].total == Totals()


async def test_tasks_and_threads_have_blocks_of_their_own() -> None:
    """What runs at the same time is told apart by its context."""
    model = HeadroomChatModel(ScriptedChatModel(turns=["Fine."] * 40))

    async def task(calls: int) -> int:
        with headroom_usage() as figures:
            await asyncio.gather(*(model.ainvoke(history()) for _ in range(calls)))
        return figures.total.calls

    def thread(calls: int) -> int:
        with headroom_usage() as figures:
            model.batch([history()] * calls)
        return figures.total.calls

    assert await asyncio.gather(*map(task, range(1, 6))) == [1, 2, 3, 4, 5]
    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(thread, range(1, 6))) == [1, 2, 3, 4, 5]
    assert model.total.calls == 30


@EITHER
async def test_the_last_report_of_a_block_is_its_own(*, asynchronous: bool) -> None:
    """Where many call one model, a block tells of its own last call."""
    model = HeadroomChatModel(ScriptedChatModel(turns=["Fine."] * 3))
    with headroom_usage() as figures:
        await invoked(model, history(), {}, asynchronous=asynchronous)
    await invoked(model, [HumanMessage("Hello")], {}, asynchronous=asynchronous)
    assert figures.report is not None
    assert len(figures.report.blocks) == 3
    assert model.report is not None
    assert len(model.report.blocks) == 1
