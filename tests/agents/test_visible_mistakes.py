"""Where retrieval is a tool call like others, a mistake is as cheap as elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableLambda
from langgraph.graph import MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from visible_loop import KEY, LOG, NEEDLE, READ, agent, read_log, run, told

from headroom_langchain import InMemoryCCRStore, Original
from headroom_langchain.graph import ToolHooks, create_retrieval_graph
from headroom_langchain.testing import Call, ScriptedChatModel, Turn
from headroom_langchain.tokens import estimate_tokens

OTHERS = Original.of("what somebody else wrote\n" * 200, tool="read_mail")


def ask(arguments: Any) -> Turn:
    return Turn(tool_calls=(Call(name="headroom_retrieve", args=arguments),))


def in_an_agent(turn: Turn, store: InMemoryCCRStore) -> Any:
    made, _ = agent([READ, turn, "Hm."], store=store)
    return made


def in_a_tool_node(turn: Turn, store: InMemoryCCRStore) -> Any:
    hooks = ToolHooks(store=store)
    model = ScriptedChatModel(turns=[READ, turn, "Hm."])
    tools = ToolNode(
        [read_log, hooks.tool],
        wrap_tool_call=hooks.wrap_tool_call,
        awrap_tool_call=hooks.awrap_tool_call,
    )
    builder = StateGraph(MessagesState)
    builder.add_node(
        "model",
        RunnableLambda(lambda state: {"messages": [model.invoke(state["messages"])]}),
    )
    builder.add_node("tools", tools)
    builder.set_entry_point("model")
    builder.add_conditional_edges("model", tools_condition)
    builder.add_edge("tools", "model")
    return builder.compile()


def in_a_retrieval_graph(turn: Turn, store: InMemoryCCRStore) -> Any:
    call = {"name": "read_log", "args": {}, "id": "c"}
    seen = [
        AIMessage("", tool_calls=[call]),
        ToolMessage(LOG, tool_call_id="c", name="read_log"),
        HumanMessage("And?"),
    ]
    model = ScriptedChatModel(turns=[turn, "Hm."])
    graph = create_retrieval_graph(model, store=store)

    def before(state: MessagesState) -> dict[str, Any]:
        return {"messages": seen}

    builder = StateGraph(MessagesState)
    builder.add_node("before", before)
    builder.add_node("model", graph)
    builder.set_entry_point("before")
    builder.add_edge("before", "model")
    return builder.compile()


Seam = Callable[[Turn, InMemoryCCRStore], Any]
every_seam = pytest.mark.parametrize(
    "seam", [in_an_agent, in_a_tool_node, in_a_retrieval_graph]
)


@every_seam
@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize(
    "arguments",
    [
        {"hash": "f" * 24},
        {"hash": OTHERS.key},
        {"hash": "the errors"},
        {"hash": KEY[:6]},
        {"hash": None},
        {"hash": 17},
        {"hash": [1]},
        {"hash": {}},
        {},
    ],
)
async def test_a_mistake_is_answered_with_what_there_is(
    seam: Seam, arguments: Any, *, asynchronous: bool
) -> None:
    """What makes no sense names the hashes of the thread, and only those."""
    store = InMemoryCCRStore()
    store.put(OTHERS)
    messages = await run(seam(ask(arguments), store), asynchronous=asynchronous)
    (answer,) = told(messages)
    assert f"- {KEY}: logs of read_log, 400 lines" in answer
    assert "somebody else" not in answer
    assert "read_mail" not in answer
    assert estimate_tokens(answer) <= 200


@every_seam
@pytest.mark.parametrize(
    "written", [KEY.upper(), f'headroom_retrieve(hash="{KEY}", query)', [KEY]]
)
async def test_a_hash_is_understood_however_it_is_written(
    seam: Seam, written: Any
) -> None:
    """What stands around a hash, and its case, do no harm."""
    asks = ask({"hash": written, "query": "worker 3 done in 253 ms"})
    messages = await run(seam(asks, InMemoryCCRStore()))
    assert NEEDLE in told(messages)[0]


@every_seam
@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("missing", [{}, {"hash": None}, {"hash": ""}])
async def test_the_only_original_needs_no_hash(
    seam: Seam, missing: Any, *, asynchronous: bool
) -> None:
    """A query without a hash is answered from the thread's only original, by name."""
    store = InMemoryCCRStore()
    store.put(OTHERS)
    asks = ask({**missing, "query": "worker 3 done in 253 ms"})
    messages = await run(seam(asks, store), asynchronous=asynchronous)
    (answer,) = told(messages)
    assert answer.startswith(f"Passages of {KEY}")
    assert NEEDLE in answer
    assert "somebody else" not in answer
