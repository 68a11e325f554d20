"""What the model asks for, it gets, and nobody else hears of it."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from real_clients import ASK, CLIENTS, WAYS, Way, bodies, whole
from tool_results import FOUND, LOG, question, result

from headroom_langchain import HeadroomChatModel
from headroom_langchain.ccr.marker import marked_keys
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.testing import ScriptedChatModel, ask_for_original
from headroom_langchain.testing.servers import FakeServer, Reply, ToolUse, Usage

SCRIPT = [
    Reply(
        text="Let me look.",
        tool_calls=(ASK,),
        piece=3,
        usage=Usage(input=100, output=7),
    ),
    Reply(text="The disk is full.", piece=3, usage=Usage(input=150, output=9)),
]


@tool
def read_log(host: str) -> str:
    """Read the log of a host."""
    return LOG


@tool
def restart(host: str) -> str:
    """Restart a host."""
    msg = "no permission"
    raise PermissionError(msg)


@pytest.fixture(params=sorted(CLIENTS))
def client(request: pytest.FixtureRequest) -> str:
    """Each provider's client in turn."""
    name: str = request.param
    return name


def wrapped(client: str, server: FakeServer) -> HeadroomChatModel:
    return HeadroomChatModel(CLIENTS[client][1](server.url, stream_usage=True))


def offered(server: FakeServer) -> list[list[str]]:
    return [[tool.name for tool in query.tools] for query in server.requests]


def test_a_marker_comes_with_the_tool_that_redeems_it(client: str) -> None:
    """The request that has an excerpt offers the tool, and its system prompt stays."""
    with CLIENTS[client][0](["Fine."] * 2) as server:
        CLIENTS[client][1](server.url).invoke(question()[:2])
        wrapped(client, server).invoke(question())
        bare, sent = bodies(server)
        said = server.requests[-1].said
    assert marked_keys(said[-1].text) == [content_key(LOG)]
    assert len(said[-1].text) < len(LOG) / 2
    assert offered(server) == [[], ["headroom_retrieve"]]
    assert (said[0].role, said[0].text) == ("system", "You are of help.")
    assert sent.get("system") == bare.get("system")


@pytest.mark.parametrize("way", WAYS)
async def test_a_retrieval_is_answered_inside_the_call(client: str, way: Way) -> None:
    """However the model is called, the caller gets the answer and no call."""
    with CLIENTS[client][0](SCRIPT) as server:
        model = wrapped(client, server)
        pieces = await way(model, question())
        first, second = bodies(server)
    answer = whole(pieces)
    assert answer.text == "Let me look.\n\nThe disk is full."
    for piece in pieces:
        assert not piece.tool_calls
        assert not piece.invalid_tool_calls
        assert not getattr(piece, "tool_call_chunks", [])
        assert "headroom_retrieve" not in str(piece.content)
    assert offered(server) == [["headroom_retrieve"]] * 2
    assert str(second).count(FOUND) == str(first).count(FOUND) + 1
    assert model.report is not None
    assert model.report.rounds == 2


@pytest.mark.parametrize("way", WAYS)
async def test_usage_is_the_sum_of_all_rounds(client: str, way: Way) -> None:
    """What the hidden round cost is on the bill, once."""
    with CLIENTS[client][0](SCRIPT) as server:
        answer = whole(await way(wrapped(client, server), question()))
    usage = answer.usage_metadata
    assert (usage["input_tokens"], usage["output_tokens"]) == (250, 16)
    assert usage["total_tokens"] == 266


@pytest.mark.parametrize("way", WAYS)
async def test_a_model_that_cannot_stream_is_streamed_all_the_same(way: Way) -> None:
    """The answer comes in one piece, whichever way it is asked for."""
    turns = [ask_for_original("disk full"), "The disk is full."]
    inner = ScriptedChatModel.without_streaming(turns=turns)
    (answer,) = await way(HeadroomChatModel(inner), question())
    assert answer.text == "The disk is full."
    assert len(inner.requests) == 2


@pytest.mark.parametrize("way", WAYS)
async def test_only_the_callers_calls_are_left_to_the_caller(
    client: str, way: Way
) -> None:
    """Of calls made together the caller sees its own; the other waits for its turn."""
    own = ToolUse(name="read_log", args={"host": "web-8"})
    script = [Reply(text="Both.", tool_calls=(own, ASK)), Reply(text="So.")]
    with CLIENTS[client][0](script) as server:
        model = wrapped(client, server).bind_tools([read_log])
        answer = whole(await way(model, question()))
        (call,) = answer.tool_calls
        assert (call["name"], call["args"]) == ("read_log", {"host": "web-8"})
        told = ToolMessage("idle", tool_call_id=call["id"], name="read_log")
        await way(model, [*question(), answer, told])
        unpaired = [query.unpaired for query in server.requests]
        first, second = bodies(server)
    assert unpaired == [None, None]
    assert str(second).count(FOUND) == str(first).count(FOUND) + 1
    assert "idle" in str(second)


def agent(model: Any, tools: Any) -> Any:
    """A graph of a model and its tools, written by hand."""
    builder = StateGraph(MessagesState)
    bound = model.bind_tools(tools)
    builder.add_node(
        "agent", lambda state: {"messages": [bound.invoke(state["messages"])]}
    )
    builder.add_node("tools", ToolNode(tools, handle_tool_errors=True))
    builder.add_edge(START, "agent")
    builder.add_conditional_edges("agent", tools_condition)
    builder.add_edge("tools", "agent")
    return builder.compile()


def test_a_tool_node_never_meets_the_hidden_tool(client: str) -> None:
    """A graph runs its own tools only, and its state has each message once."""
    read = ToolUse(name="read_log", args={"host": "web-7"})
    script = [
        Reply(text="I look.", tool_calls=(read,)),
        Reply(text="More.", tool_calls=(ASK,)),
        Reply(text="Both.", tool_calls=(read, ASK)),
        Reply(text="The disk is full."),
    ]
    with CLIENTS[client][0](script) as server:
        graph = agent(wrapped(client, server), [read_log])
        state = graph.invoke({"messages": [HumanMessage("What is wrong?")]})
        unpaired = [query.unpaired for query in server.requests]
    messages = state["messages"]
    told = [m for m in messages if isinstance(m, ToolMessage)]
    assert [m.content for m in told] == [LOG, LOG]
    assert {m.status for m in told} == {"success"}
    assert [m.text for m in messages if isinstance(m, AIMessage)] == [
        "I look.",
        "More.\n\nBoth.",
        "The disk is full.",
    ]
    assert len({m.id for m in messages}) == len(messages)
    assert unpaired == [None] * 4


def test_a_failed_tool_stays_failed() -> None:
    """The status of a result reaches the provider, beside excerpts and retrievals."""
    calls = tuple(ToolUse(name=n, args={"host": "w"}) for n in ("restart", "read_log"))
    script = [Reply(tool_calls=calls), Reply(tool_calls=(ASK,)), Reply(text="No.")]
    server_class = CLIENTS["anthropic"][0]
    with server_class(script) as server:
        graph = agent(wrapped("anthropic", server), [restart, read_log])
        state = graph.invoke({"messages": [HumanMessage("Restart it.")]})
        last = bodies(server)[-1]["messages"]
    blocks = [
        block
        for message in last
        for block in message["content"]
        if isinstance(block, dict) and block["type"] == "tool_result"
    ]
    assert [bool(block.get("is_error")) for block in blocks] == [True, False, False]
    statuses = [m.status for m in state["messages"] if isinstance(m, ToolMessage)]
    assert statuses == ["error", "success"]


def test_a_long_error_is_still_an_error() -> None:
    """A failed tool's large output is shortened, and its status is kept."""
    messages: list[BaseMessage] = [HumanMessage("?"), *result(LOG, status="error")]
    inner = ScriptedChatModel(turns=["fine"])
    HeadroomChatModel(inner).invoke(messages)
    sent = inner.requests[0].messages[-1]
    assert isinstance(sent, ToolMessage)
    assert sent.status == "error"
    assert len(sent.text) < len(LOG) / 2
