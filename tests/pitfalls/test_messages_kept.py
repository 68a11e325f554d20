"""A message arrives as it was written, but for the text that was shortened."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from langchain_core import messages as classes
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    BaseMessageChunk,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph, add_messages
from langgraph.prebuilt import ToolNode
from real_clients import ASK, CLIENTS, bodies
from tool_results import IMAGE, LOG, ROWS, question, result

from headroom_langchain import (
    CompressionPolicy,
    CompressMessages,
    HeadroomChatModel,
    InMemoryCCRStore,
    compress,
    create_retrieve_tool,
)
from headroom_langchain.ccr.marker import is_marked, marked_keys
from headroom_langchain.testing import ScriptedChatModel
from headroom_langchain.testing.servers import Reply

KINDS: list[type[BaseMessage]] = [
    found
    for name in classes.__all__
    if isinstance(found := getattr(classes, name), type)
    and issubclass(found, BaseMessage)
    and found not in (BaseMessage, BaseMessageChunk)
]
NEEDED: dict[str, Any] = {"role": "developer", "name": "run", "tool_call_id": "c1"}
EXTRA: dict[str, Any] = {
    "id": "m1",
    "additional_kwargs": {"reasoning_content": "Hm.", "deep": {"a": [1]}},
    "response_metadata": {"origin": "here"},
}


def written(kind: type[BaseMessage], content: Any) -> BaseMessage:
    """Make a message of a class, with all the fields it has."""
    if kind is classes.RemoveMessage:
        return classes.RemoveMessage(id="m1")
    fields = {name: NEEDED[name] for name in kind.model_fields if name in NEEDED}
    if issubclass(kind, ToolMessage):
        fields |= {"status": "error", "artifact": {"raw": 1}}
    if issubclass(kind, AIMessage):
        call = {"name": "run", "args": {"a": 1}, "id": "c1", "type": "tool_call"}
        usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
        fields |= {"tool_calls": [call], "usage_metadata": usage}
        fields |= {"invalid_tool_calls": []}
    return kind(content=content, **{**EXTRA, **fields})


def received(*messages: BaseMessage, **options: Any) -> list[BaseMessage]:
    """Return what the inner model of a wrapper is sent."""
    inner = ScriptedChatModel(turns=["fine"])
    HeadroomChatModel(inner, **options).invoke(list(messages))
    return list(inner.requests[0].messages)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "content", ["short", LOG, ["a", IMAGE]], ids=["short", "long", "blocks"]
)
def test_every_class_of_message_passes(kind: type[BaseMessage], content: Any) -> None:
    """No class of message is dropped, converted, or loses a field on its way."""
    message = written(kind, content)
    before = message.model_copy(deep=True)
    (sent,) = received(message)
    assert type(sent) is kind
    assert message == before
    if content == LOG and "tool" in kind.__name__.lower():
        assert is_marked(sent.text)
        assert sent.response_metadata.pop("headroom")
        sent = sent.model_copy(update={"content": content})
    if content == LOG and "function" in kind.__name__.lower():
        assert is_marked(sent.text)
        sent = message
    assert sent == message


@pytest.mark.parametrize(
    "odd",
    [
        date(2026, 3, 1),
        datetime(2026, 3, 1, tzinfo=UTC),
        Decimal("1.5"),
        UUID(int=7),
        b"raw",
        {"a", "b"},
        float("nan"),
        object(),
        pytest.param(10**5000, id="huge"),
    ],
)
def test_arguments_that_json_lacks_are_no_obstacle(odd: Any) -> None:
    """A call whose arguments are Python values is sent, and its result shortened."""
    call: Any = {"name": "run", "args": {"odd": odd, "deep": [odd]}, "id": "c1"}
    asked = AIMessage("", tool_calls=[call])
    told = ToolMessage(LOG, tool_call_id="c1", name="run")
    sent = received(asked, told)
    assert sent[0] is asked
    assert is_marked(sent[1].text)
    store = InMemoryCCRStore()
    assert is_marked(str(compress([asked, told], store=store).messages[1].content))


def test_pairs_and_order_are_kept() -> None:
    """Each result stands behind its call, in the order it was given."""
    messages: list[BaseMessage] = [SystemMessage("s"), HumanMessage("q")]
    for number in range(4):
        messages += result(f"{LOG}\n{number}", number=number)
    sent = received(*messages)
    assert [type(m) for m in sent] == [type(m) for m in messages]
    calls = [m.tool_calls[0]["id"] for m in sent if isinstance(m, AIMessage)]
    told = [m.tool_call_id for m in sent if isinstance(m, ToolMessage)]
    assert calls == told == ["c0", "c1", "c2", "c3"]
    keys = [marked_keys(m.text)[0] for m in sent if isinstance(m, ToolMessage)]
    assert len(set(keys)) == 4


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_an_image_beside_a_text_arrives(client: str) -> None:
    """Of a result in blocks the text is shortened and the image stays an image."""
    server_class, make = CLIENTS[client]
    blocks = [{"type": "text", "text": LOG}, IMAGE]
    messages = [*question()[:2], *result(blocks)]
    with server_class(["Fine."] * 2) as server:
        make(server.url).invoke(messages)
        HeadroomChatModel(make(server.url)).invoke(messages)
        bare, sent = (json.dumps(body) for body in bodies(server))
    assert bare.count("aGk=") == sent.count("aGk=") == 1
    assert "headroom_retrieve" in sent
    assert len(sent) < len(bare) / 2


def test_a_history_keeps_blocks_as_blocks() -> None:
    """Images and results in a thread stay what they are, over several turns."""
    inner = ScriptedChatModel(turns=["one", "two", "three"])
    model = HeadroomChatModel(inner)
    builder = StateGraph(MessagesState)
    builder.add_node("agent", lambda s: {"messages": [model.invoke(s["messages"])]})
    builder.add_edge(START, "agent")
    graph: Any = builder.compile(checkpointer=InMemorySaver())
    asked: Any = [{"type": "text", "text": "What is this?"}, IMAGE]
    config = {"configurable": {"thread_id": "1"}}
    for _ in range(3):
        state = graph.invoke({"messages": [HumanMessage(asked), *result(LOG)]}, config)
    messages = state["messages"]
    assert [m.content for m in messages[::4]] == [asked] * 3
    assert [m.content for m in messages[2::4]] == [LOG] * 3
    last = inner.requests[-1].messages
    assert len(last) == len(messages) - 1
    assert [m.content for m in last[::4]] == [asked] * 3


@tool
def list_hosts() -> dict[str, Any]:
    """List the hosts."""
    return {"hosts": json.loads(ROWS)}


@tool(response_format="content_and_artifact")
def read_log() -> tuple[str, dict[str, Any]]:
    """Read the log."""
    return LOG, {"raw": [1, 2]}


def run_tools() -> list[BaseMessage]:
    """Run both tools as a graph does."""
    node = ToolNode([list_hosts, read_log])
    calls: Any = [
        {"name": "list_hosts", "args": {}, "id": "a", "type": "tool_call"},
        {"name": "read_log", "args": {}, "id": "b", "type": "tool_call"},
    ]
    builder = StateGraph(MessagesState)
    builder.add_node("tools", node)
    builder.add_edge(START, "tools")
    builder.add_edge("tools", END)
    graph: Any = builder.compile()
    given = [AIMessage("", tool_calls=calls, id="m")]
    messages: list[BaseMessage] = graph.invoke({"messages": given})["messages"]
    return messages


def test_a_tool_that_returns_a_dict_is_shortened_as_json() -> None:
    """What a tool node writes of a dict is read as JSON, and comes back as it was."""
    messages = run_tools()
    store = InMemoryCCRStore()
    compressed = compress(messages, store=store)
    block = compressed.blocks[1]
    assert (block.tool, block.skipped) == ("list_hosts", None)
    assert block.kind is not None
    assert block.kind.startswith("json")
    assert block.tokens_after < block.tokens_before / 2
    if block.key:
        original = store.get(block.key)
        assert original is not None
        assert json.loads(original.content) == {"hosts": json.loads(ROWS)}


def test_an_artifact_stays_with_its_message() -> None:
    """A tool's artifact is in the state and on what the model's client is given."""
    messages = run_tools()
    sent = received(*messages)
    for told in (messages[2], sent[2]):
        assert isinstance(told, ToolMessage)
        assert told.artifact == {"raw": [1, 2]}
    assert messages[2].content == LOG
    assert is_marked(sent[2].text)


def test_compressing_a_state_replaces_its_messages() -> None:
    """Compressed messages keep their ids, so a state has each of them once."""
    state: Any = add_messages([], question())  # type: ignore[arg-type] # messages are message-like
    compressed: Any = CompressMessages(store=InMemoryCCRStore()).invoke(state)
    again: Any = add_messages(state, compressed)
    assert [m.id for m in again] == [m.id for m in state]
    assert [m.content == LOG for m in again] == [False] * 4
    assert CompressMessages(store=InMemoryCCRStore()).invoke(again) == again


@pytest.mark.parametrize(
    "policy", [CompressionPolicy(), CompressionPolicy(exclude_tools=())]
)
def test_what_was_retrieved_is_not_shortened_again(policy: CompressionPolicy) -> None:
    """The result of the caller's own retrieve tool goes out to the last letter."""
    call: Any = {"name": "headroom_retrieve", "args": dict(ASK.args), "id": "c9"}  # type: ignore[arg-type] # a mapping, as made there
    told = ToolMessage(LOG, tool_call_id="c9", name="headroom_retrieve")
    sent = received(AIMessage("", tool_calls=[call]), told, policy=policy)
    assert sent[1].content == LOG


def test_the_callers_own_retrieve_tool_works_in_its_own_graph() -> None:
    """Messages compressed outside the wrapper are redeemed by an ordinary tool."""
    store = InMemoryCCRStore()
    retrieve = create_retrieve_tool(store)
    compressed = compress(question(), store=store).messages
    with CLIENTS["openai"][0]([Reply(tool_calls=(ASK,)), Reply(text="So.")]) as server:
        model = CLIENTS["openai"][1](server.url).bind_tools([retrieve])
        answer = model.invoke(compressed)
        told = retrieve.invoke({**answer.tool_calls[0], "type": "tool_call"})
        model.invoke([*compressed, answer, told])
        assert server.requests[-1].unpaired is None
    assert "ERROR disk full on web-7" in told.content
    assert compress([*compressed, answer, told], store=store).messages[-1] is told
