from __future__ import annotations

import json
from typing import Any

import pytest
from chat_turns import TOOL, answer, asks, called, chunks, request_of
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from headroom_langchain import (
    CompressionPolicy,
    InMemoryCCRStore,
    create_retrieve_tool,
)
from headroom_langchain.plan.messages import rewritten, text_blocks
from headroom_langchain.serve.dialects.chat import CHAT
from headroom_langchain.serve.dialects.dialect import Request
from headroom_langchain.serve.wire.body import Body, Json

STRICT = {"type": "function", "function": {"name": "s", "strict": True}}
HISTORY: list[Json] = [
    {"role": "developer", "content": "Be kind."},
    {
        "role": "user",
        "content": [{"type": "text", "text": "List"}, {"type": "image_url"}],
    },
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [called("ls_all", '{"path": "/"}', index=None, call="c1")],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "long one", "name": None},
    {
        "role": "assistant",
        "content": "",
        "function_call": {"name": "old", "arguments": ""},
    },
    {"role": "function", "name": "old", "content": "long two"},
    {
        "role": "tool",
        "tool_call_id": "c1",
        "content": [
            {"type": "text", "text": "short"},
            {"type": "text", "text": "long three", "cache_control": {"type": "e"}},
        ],
    },
    {"role": "critic", "content": "?"},
    {"role": "assistant", "content": "long four"},
]


def sent(request: Request) -> Json:
    value: Json = json.loads(request.written())
    return value


def test_a_conversation_is_read_message_by_message() -> None:
    """Each message has one of LangChain's, and results know their tools."""
    messages = request_of(HISTORY).messages({})
    assert len(messages) == len(HISTORY)
    kinds = [
        SystemMessage,
        HumanMessage,
        AIMessage,
        ToolMessage,
        AIMessage,
        ToolMessage,
    ]
    assert [type(message) for message in messages[:6]] == kinds
    results = [block for block in text_blocks(messages) if block.role == "tool"]
    assert [(block.tool, dict(block.arguments)) for block in results] == [
        ("ls_all", {"path": "/"}),
        ("old", {}),
        ("ls_all", {"path": "/"}),
        ("ls_all", {"path": "/"}),
    ]
    assert {block.question for block in results} == {"List"}


def test_only_texts_of_results_change() -> None:
    """Shortened texts stand where the long ones stood; all other bytes are the same."""
    raw = json.dumps({"messages": HISTORY, "model": "x", "seed": 1e3}, indent=1)
    body = Body.of(raw.encode())
    assert body is not None
    request = CHAT.read(body, CompressionPolicy())
    assert request is not None
    messages = list(request.messages({}))
    for block in text_blocks(messages):
        if block.text.startswith("long"):
            index = block.message
            texts = {block.path: block.text.replace("long", "1")}
            messages[index] = rewritten(messages[index], texts, ["0" * 24])
    request.shorten(messages)
    assert request.written() == raw.replace("long", "1").encode()


def test_nothing_changes_the_bytes() -> None:
    """Without a change the body is the client's own."""
    request = request_of(HISTORY)
    before = request.written()
    request.shorten(request.messages({}))
    assert request.written() is before


@pytest.mark.parametrize(
    ("more", "able"),
    [
        ({}, True),
        ({"n": 1, "tools": None, "tool_choice": None}, True),
        ({"n": 2}, False),
        ({"functions": [{"name": "f"}]}, False),
        ({"tools": [asks()]}, False),
        ({"tool_choice": "none"}, True),
        ({"tools": [], "response_format": {"type": "json_object"}}, True),
    ],
)
def test_who_can_ask(more: Json, *, able: bool) -> None:
    """A request is able unless the client has the tool, or wants several answers."""
    assert request_of(**more).able is able


def test_who_can_ask_by_policy() -> None:
    """The policy may let originals out where the client leaves no choice."""
    original = CompressionPolicy(when_forced="original")
    assert not request_of(policy=original, tool_choice="none").able
    assert request_of(policy=original, tool_choice="auto").able
    assert not request_of(policy=CompressionPolicy(offer="never")).able


@pytest.mark.parametrize("strict", [False, True])
def test_the_tool_is_the_one_that_a_model_binds(*, strict: bool) -> None:
    """The tool is what ChatOpenAI sends for it, strict beside strict tools."""
    llm = ChatOpenAI(model="gpt-x", api_key=SecretStr("x"))
    tool = create_retrieve_tool(InMemoryCCRStore())
    options: Any = {"strict": True} if strict else {}
    bound: Any = llm.bind_tools([tool], **options)
    own = STRICT if strict else TOOL
    request = request_of(tools=[own])
    request.offer()
    assert sent(request)["tools"] == [own, *bound.kwargs["tools"]]


@pytest.mark.parametrize("tools", [{}, {"tools": None}, {"tools": []}])
def test_the_tool_where_there_is_none(tools: Json) -> None:
    """The tool is offered where the client has no tools at all."""
    body = Body.of(json.dumps({"messages": [], **tools}).encode())
    assert body is not None
    request = CHAT.read(body, CompressionPolicy())
    assert request is not None
    request.offer()
    (tool,) = sent(request)["tools"]
    assert tool["function"]["name"] == "headroom_retrieve"
    assert "tool_choice" not in sent(request)


NAMED = {"type": "function", "function": {"name": "search"}}
OTHER = {"type": "function", "function": {"name": "other"}}


def offered(when_forced: str, choice: Any, tools: list[Json]) -> tuple[list[str], Any]:
    policy = CompressionPolicy.model_validate({"when_forced": when_forced})
    request = request_of(policy=policy, tool_choice=choice, tools=tools)
    request.offer()
    body = sent(request)
    return [tool["function"]["name"] for tool in body["tools"]], body["tool_choice"]


def test_what_the_client_demands() -> None:
    """A demand stays as it is, or lets the model retrieve before it."""
    tools = [TOOL, OTHER]
    names = ["search", "other", "headroom_retrieve"]
    assert offered("excerpt", NAMED, tools) == (names, NAMED)
    assert offered("excerpt", "none", tools) == (names, "none")
    assert offered("excerpt", "required", tools) == (names, "required")
    assert offered("excerpt", "none", []) == ([], "none")
    first = ["search", "headroom_retrieve"]
    assert offered("retrieve", NAMED, tools) == (first, "required")
    assert offered("retrieve", "none", tools) == (["headroom_retrieve"], "auto")


def test_allowed_tools() -> None:
    """Where the client allows some of its tools, ours is allowed beside them."""
    among = {"mode": "required", "tools": [NAMED]}
    choice = {"type": "allowed_tools", "allowed_tools": among}
    names, chosen = offered("excerpt", choice, [TOOL, OTHER])
    assert names[-1] == "headroom_retrieve"
    allowed = [tool["function"]["name"] for tool in chosen["allowed_tools"]["tools"]]
    assert allowed == ["search", "headroom_retrieve"]


@pytest.mark.parametrize(
    ("more", "tools", "choice"),
    [
        ({}, ["search", "headroom_retrieve"], "none"),
        ({"tool_choice": "required"}, ["search"], "required"),
        ({"tool_choice": NAMED}, ["search", "headroom_retrieve"], NAMED),
    ],
)
def test_the_last_round(more: Json, tools: list[str], choice: Any) -> None:
    """Behind the last round that may ask, the model must answer."""
    policy = CompressionPolicy(max_rounds=1, when_forced="retrieve")
    request = request_of(policy=policy, **more)
    request.offer()
    asking = chunks({"tool_calls": [asks()]})
    turn = answer([asking, asking, chunks({"content": "x"})], request)
    before, last = turn.bodies
    assert before["tools"][-1]["function"]["name"] == "headroom_retrieve"
    assert [tool["function"]["name"] for tool in last["tools"]] == tools
    assert last["tool_choice"] == choice


def test_the_next_request() -> None:
    """The next round goes on behind what was said and answered, byte for byte."""
    request = request_of(HISTORY)
    request.offer()
    before = request.written()
    said = (
        {"reasoning_content": "hm"},
        {"content": "Let me see."},
        {"tool_calls": [asks()]},
    )
    turn = answer([chunks(*said), chunks({"content": "x"})], request)
    *history, spoken, result = turn.bodies[0]["messages"]
    assert history == HISTORY
    assert list(spoken) == ["role", "content", "reasoning_content", "tool_calls"]
    assert spoken["content"] == "Let me see."
    assert spoken["reasoning_content"] == "hm"
    assert result == {
        "role": "tool",
        "tool_call_id": "h",
        "content": "what h asked for",
    }
    assert request.written().startswith(before[: before.index(b'"critic"')])


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"messages": {}}',
        b'{"messages": ["a"]}',
        b'{"messages": [{}]}',
        b'{"messages": [], "tools": {}}',
        b'{"messages": [], "tool_choice": 1}',
        b'{"messages": [], "tool_choice": {"type": []}}',
    ],
)
def test_what_is_not_understood(body: bytes) -> None:
    """What has not the form of a request is left to the provider."""
    read = Body.of(body)
    assert read is not None
    assert CHAT.read(read, CompressionPolicy()) is None


def test_odd_contents_are_read() -> None:
    """Contents of any form are read, and their messages counted."""
    odd: list[Any] = [
        None,
        1,
        {},
        [1, None, "a", {"type": "text"}],
        [{"type": "text", "text": 1}],
    ]
    roles = ["user", "tool", "assistant", "system", "function"]
    said: list[Json] = [
        {"role": role, "content": content} for role in roles for content in odd
    ]
    said.append({"role": "assistant", "tool_calls": [1, {"function": 1, "id": 1}]})
    request = request_of(said)
    assert len(request.messages({})) == len(said)
    request.shorten(request.messages({}))
    assert sent(request)["messages"] == said
    assert request.past
