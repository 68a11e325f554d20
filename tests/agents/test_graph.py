"""Graphs written by hand compress what they like, and lose nothing by it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import MessagesState, StateGraph
from langgraph.prebuilt import (  # type: ignore[deprecated] # one still is supported
    ToolNode,
    create_react_agent,
    tools_condition,
)
from visible_loop import (
    ASK,
    FORGED,
    KEY,
    LOG,
    NEEDLE,
    READ,
    read_log,
    read_wiki,
    run,
    told,
)

from headroom_langchain import (
    CompressionPolicy,
    HeadroomChatModel,
    InMemoryCCRStore,
    create_retrieve_tool,
)
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.graph import (
    ToolHooks,
    compress_node,
    create_retrieval_graph,
    pre_model_hook,
)
from headroom_langchain.plan.messages import recorded_keys, with_keys
from headroom_langchain.testing import Call, ScriptedChatModel, Turn, TurnLike

TOOLS = [read_log, read_wiki]
WIKI = Turn(tool_calls=(Call(name="read_wiki", args={"page": "p"}),))
MIXED = Turn(text="Both.", tool_calls=(*READ.tool_calls, *FORGED.tool_calls))
SEEN = [
    HumanMessage("What is wrong?", id="1"),
    AIMessage("", tool_calls=[{"name": "read_log", "args": {}, "id": "c"}], id="2"),
    ToolMessage(LOG, tool_call_id="c", name="read_log", id="3"),
]
"""A conversation in which the log was read."""


def tool_node(hooks: ToolHooks, *, among: bool = True) -> ToolNode:
    """Make a node of the tools, the retrieve tool among them or not."""
    return ToolNode(
        [*TOOLS, hooks.tool] if among else TOOLS,
        wrap_tool_call=hooks.wrap_tool_call,
        awrap_tool_call=hooks.awrap_tool_call,
    )


def pairs(messages: Sequence[BaseMessage]) -> list[tuple[str, int]]:
    """Each call of the messages with the number of its answers."""
    answered = [m.tool_call_id for m in messages if isinstance(m, ToolMessage)]
    calls = [c for m in messages if isinstance(m, AIMessage) for c in m.tool_calls]
    return [(call["name"], answered.count(str(call["id"]))) for call in calls]


def compressing(turns: Sequence[TurnLike], store: InMemoryCCRStore) -> Any:
    """A graph that compresses its state after its tools ran."""
    tools = [*TOOLS, create_retrieve_tool(store)]
    model = ScriptedChatModel(turns=turns).bind_tools(tools)
    builder = StateGraph(MessagesState)
    builder.add_node("model", lambda s: {"messages": [model.invoke(s["messages"])]})
    builder.add_node("tools", ToolNode(tools))
    builder.add_node("compress", compress_node(store=store))
    builder.set_entry_point("model")
    builder.add_conditional_edges("model", tools_condition)
    builder.add_edge("tools", "compress")
    builder.add_edge("compress", "model")
    return builder.compile(checkpointer=InMemorySaver())


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_the_node_puts_excerpts_in_the_place_of_results(
    *, asynchronous: bool
) -> None:
    """The state has as many messages as before, one of them smaller, all redeemable."""
    graph = compressing([READ, ASK, "Worker 3."], InMemoryCCRStore())
    messages = await run(graph, asynchronous=asynchronous)
    assert [m.type for m in messages] == ["human", "ai", "tool", "ai", "tool", "ai"]
    assert len(messages[2].text) < len(LOG) / 4
    assert recorded_keys(messages) == (KEY,)
    assert NEEDLE in told(messages)[0]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_the_node_returns_only_what_changed(*, asynchronous: bool) -> None:
    """Every change has the id of its message, and a second run changes nothing."""
    node = compress_node(store=InMemoryCCRStore())
    nameless = SEEN[2].model_copy(update={"id": None})
    given = {"messages": [*SEEN, nameless]}
    update = await node.ainvoke(given) if asynchronous else node.invoke(given)
    assert [message.id for message in update["messages"]] == ["3"]
    assert node.report is not None
    assert node.report.notes == ("message 3 has no id and was left as it is",)
    again = {"messages": [*SEEN[:2], *update["messages"]]}
    assert node.invoke(again) == {"messages": []}


def test_without_a_store_the_node_leaves_nothing_out() -> None:
    """What nobody could read again stays."""
    assert compress_node().invoke({"messages": SEEN}) == {"messages": []}


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("plain", [False, True], ids=["hooks", "plain tool"])
async def test_the_hook_keeps_the_state(*, asynchronous: bool, plain: bool) -> None:
    """An agent's model gets excerpts and may read on; its state keeps the originals."""
    store = InMemoryCCRStore()
    model = ScriptedChatModel(turns=[READ, ASK, "Worker 3."])
    tools: Any = [*TOOLS, create_retrieve_tool(store)]
    if not plain:
        tools = tool_node(ToolHooks(store=store, compress=False))
    with pytest.warns(match="create_react_agent has been moved"):
        agent = create_react_agent(
            model, tools, pre_model_hook=pre_model_hook(store=store)
        )
    messages = await run(agent, asynchronous=asynchronous)
    assert messages[2].text == LOG
    assert NEEDLE in told(messages)[0]
    assert len(model.requests[1].messages[-1].text) < len(LOG) / 4


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_graph_retrieves_for_all_to_see(*, asynchronous: bool) -> None:
    """The exchange is in the state and in its streams, beside the originals."""
    model = ScriptedChatModel(turns=[ASK, "Worker 3."], chunking=7)
    graph = create_retrieval_graph(model)
    given: Any = {"messages": SEEN}
    modes: Any = ["updates", "messages", "values"]
    events: list[Any]
    if asynchronous:
        events = [e async for e in graph.astream(given, stream_mode=modes)]
    else:
        events = list(graph.stream(given, stream_mode=modes))
    nodes = [next(iter(event)) for mode, event in events if mode == "updates"]
    assert nodes == ["model", "retrieve", "model"]
    streamed = [event[0] for mode, event in events if mode == "messages"]
    assert "headroom_retrieve" in str(streamed)
    state = [event for mode, event in events if mode == "values"][-1]["messages"]
    assert [m.type for m in state[3:]] == ["ai", "tool", "ai"]
    assert state[:3] == SEEN
    assert NEEDLE in told(state)[0]
    assert len(model.requests[0].messages[-1].text) < len(LOG) / 4
    sent = [request.messages for request in model.requests]
    assert sent[1][:3] == sent[0]


def around(turns: Sequence[TurnLike], hooks: ToolHooks, **options: Any) -> Any:
    """A graph with the retrieval graph as its model."""
    bound = ScriptedChatModel(turns=turns).bind_tools(TOOLS)
    builder = StateGraph(MessagesState)
    builder.add_node("model", create_retrieval_graph(bound, **options))
    builder.add_node("tools", tool_node(hooks, among=False))
    builder.set_entry_point("model")
    builder.add_conditional_edges("model", tools_condition)
    builder.add_edge("tools", "model")
    return builder.compile(checkpointer=InMemorySaver())


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_every_call_is_answered_once(*, asynchronous: bool) -> None:
    """In a graph around it, calls of both kinds, alone or together, are paired."""
    turns: list[TurnLike] = [READ, ASK, MIXED, ASK, "Worker 3."]
    graph = around(turns, ToolHooks(compress=False))
    messages = await run(graph, asynchronous=asynchronous)
    assert pairs(messages) == [
        ("read_log", 1),
        ("headroom_retrieve", 1),
        ("read_log", 1),
        ("headroom_retrieve", 1),
        ("headroom_retrieve", 1),
    ]
    assert "worker 0 done" in told(messages)[1]
    assert [NEEDLE in text for text in told(messages)] == [True, False, True]
    assert told(messages, "read_log") == [LOG, LOG]
    assert messages[-1].text == "Worker 3."


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("seam", ["retrieval graph", "mixed turn", "hook", "hooks"])
async def test_a_hash_from_elsewhere_is_unknown(
    *, seam: str, asynchronous: bool
) -> None:
    """What another thread wrote cannot be read, though the store has it."""
    store = InMemoryCCRStore()
    store.put(Original.of(LOG))
    keeps = seam == "hooks"
    hooks = ToolHooks(store=store, compress=keeps)
    mixed = Turn(tool_calls=(*WIKI.tool_calls, *FORGED.tool_calls))
    turns: list[TurnLike] = [WIKI, mixed if seam == "mixed turn" else FORGED, "Hm."]
    if seam in ("retrieval graph", "mixed turn"):
        graph = around(turns, hooks, store=store)
    else:
        hook = None if keeps else pre_model_hook(store=store)
        with pytest.warns(match="create_react_agent has been moved"):
            graph = create_react_agent(
                ScriptedChatModel(turns=turns), tool_node(hooks), pre_model_hook=hook
            )
    answers = told(await run(graph, asynchronous=asynchronous))
    assert len(answers) == 1
    assert answers[0].startswith("Not found")


@pytest.mark.parametrize(("namespace", "found"), [("ours", True), ("theirs", False)])
def test_markers_made_elsewhere_are_read_from_the_store(
    *, namespace: str, found: bool
) -> None:
    """A key in a message's metadata is answered, in the namespace of the call."""
    store = InMemoryCCRStore()
    model = ScriptedChatModel(turns=[FORGED, "Fine."])
    graph = create_retrieval_graph(model, store=store)
    store.put(Original.of(LOG), namespace="ours")
    short = ToolMessage("…", tool_call_id="c", name="read_log", id="3")
    given: Any = {"messages": [*SEEN[:2], with_keys(short, [KEY])]}
    config: Any = {"configurable": {"headroom_namespace": namespace}}
    answers = told(graph.invoke(given, config)["messages"])
    assert ["worker 0 done" in text for text in answers] == [found]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_model_that_only_asks_must_answer(*, asynchronous: bool) -> None:
    """After the last round the model may call nothing, and what it calls is dropped."""
    model = ScriptedChatModel(turns=[ASK] * 4)
    graph = create_retrieval_graph(model, policy=CompressionPolicy(max_rounds=2))
    given: Any = {"messages": SEEN}
    state = await graph.ainvoke(given) if asynchronous else graph.invoke(given)
    messages = state["messages"]
    assert [r.kwargs.get("tool_choice") for r in model.requests] == [
        *[None, None, None, "none"]
    ]
    assert told(messages)[-1].startswith("No more originals")
    assert pairs(messages)[1:] == [("headroom_retrieve", 1)] * 3
    assert messages[-1].text == "The model read originals and ended without an answer."


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside a call"])
def test_broken_arguments_are_answered_and_mended(*, beside: bool) -> None:
    """The state has no call that a provider would refuse, and none without answer."""
    broken = Call(name="headroom_retrieve", args='{"hash": "94')
    calls = (*READ.tool_calls, broken) if beside else (broken,)
    graph = around([READ, Turn(tool_calls=calls), "Fine."], ToolHooks(compress=False))
    config: Any = {"configurable": {"thread_id": "1"}}
    messages = graph.invoke({"messages": SEEN[:1]}, config)["messages"]
    assert [m.invalid_tool_calls for m in messages if isinstance(m, AIMessage)] == [
        *[[], [], []]
    ]
    assert {number for _, number in pairs(messages)} == {1}
    assert "headroom_retrieve" in dict(pairs(messages))
    assert "`hash` is missing" in told(messages)[0]


def test_the_settings_of_a_wrapper_and_a_call_count() -> None:
    """A wrapped model is taken apart, and a call may override its policy."""
    inner = ScriptedChatModel(turns=["Fine.", "Fine."])
    policy = CompressionPolicy(trigger=("tokens", 10**6))
    graph = create_retrieval_graph(HeadroomChatModel(inner, policy=policy))
    given: Any = {"messages": SEEN}
    graph.invoke(given)
    graph.invoke(given, {"configurable": {"headroom_trigger": ("tokens", 250)}})
    sizes = [len(request.messages[-1].text) for request in inner.requests]
    assert sizes[0] == len(LOG)
    assert sizes[1] < len(LOG) / 4


def test_nodes_need_no_langchain() -> None:
    """Importing them imports neither langchain nor, before it is used, LangGraph."""
    code = (
        "import sys, headroom_langchain.graph;"
        "print({'langchain', 'langgraph'} & {n.split('.')[0] for n in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "set()"
