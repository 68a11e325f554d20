"""What a model's provider gets of a client's history: all of it, where it can."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from headroom_langchain.serve.model_backed import ModelBacked
from headroom_langchain.testing import ScriptedChatModel
from headroom_langchain.testing.servers import FakeAnthropic, FakeOpenAI, Reply
from model_backed.answers import Json, answered, whole

MARK = {"type": "ephemeral"}
PIXEL = "iVBORw0KGgo="
DOCUMENT: Json = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
    "title": "Report",
    "citations": {"enabled": True},
}
IMAGE: Json = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
}

MESSAGES: Json = {
    "model": "claude-s",
    "max_tokens": 99,
    "system": [{"type": "text", "text": "Be good.", "cache_control": MARK}],
    "temperature": 0.5,
    "metadata": {"user_id": "u-1"},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "something_new": {"deep": [1]},
    "stop_sequences": ["END"],
    "tools": [
        {
            "name": "logs",
            "description": "Read logs",
            "input_schema": {"type": "object", "properties": {}},
            "cache_control": MARK,
        },
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 2},
    ],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Why?", "cache_control": MARK},
                IMAGE,
                DOCUMENT,
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
                {"type": "redacted_thinking", "data": "cmVk"},
                {"type": "text", "text": "Looking."},
                {
                    "type": "tool_use",
                    "id": "toolu_1",
                    "name": "logs",
                    "input": {"a": 1},
                },
                {"type": "tool_use", "id": "toolu_2", "name": "logs", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_1",
                    "content": "fine",
                    "cache_control": MARK,
                },
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_2",
                    "content": [{"type": "text", "text": "bad"}],
                    "is_error": True,
                },
                {"type": "text", "text": "Go on."},
            ],
        },
    ],
}

CHAT: Json = {
    "model": "gpt-s",
    "seed": 7,
    "logit_bias": {"50256": -100},
    "something_new": {"deep": [1]},
    "stop": ["END"],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "logs",
                "description": "Read logs",
                "parameters": {"type": "object", "properties": {}},
                "strict": False,
            },
        }
    ],
    "tool_choice": "required",
    "parallel_tool_calls": False,
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "it", "schema": {"type": "object"}, "strict": False},
    },
    "messages": [
        {"role": "developer", "content": "Be good."},
        {
            "role": "user",
            "name": "ann",
            "content": [
                {"type": "text", "text": "Why?"},
                {
                    "type": "image_url",
                    "image_url": {"url": f"data:image/png;base64,{PIXEL}"},
                },
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "logs", "arguments": '{"a": 1}'},
                },
                {
                    "id": "call_2",
                    "type": "function",
                    "function": {"name": "logs", "arguments": '{"a": '},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "fine"},
        {"role": "tool", "tool_call_id": "call_2", "content": "bad"},
    ],
}


def claude() -> tuple[FakeAnthropic, Any]:
    server = FakeAnthropic([Reply(text="Done.")] * 2)
    return server, lambda: ChatAnthropic(
        model_name="claude-s",
        base_url=server.url,
        api_key=SecretStr("x"),
        timeout=None,
        stop=None,
    )


def gpt() -> tuple[FakeOpenAI, Any]:
    server = FakeOpenAI([Reply(text="{}")] * 2)
    return server, lambda: ChatOpenAI(
        model="gpt-s", base_url=server.url, api_key=SecretStr("x")
    )


@pytest.mark.parametrize(
    ("make", "body"), [(claude, MESSAGES), (gpt, CHAT)], ids=["messages", "chat"]
)
async def test_a_request_reaches_its_own_provider_as_it_was(
    make: Any, body: Json
) -> None:
    """A client's request comes out of the model as it went in, fields unknown too."""
    server, model = make()
    with server:
        status, headers, _ = await answered(
            model(), "messages" if "max_tokens" in body else "chat", body
        )
        got = dict(server.requests[0].received.body)
    assert status == 200
    assert "x-headroom-ignored" not in headers
    assert got.pop("stream", False) is False
    assert got == body


async def test_features_in_beta_are_asked_for() -> None:
    """What the client's header names is named to the provider."""
    server, model = claude()
    with server:
        await ModelBacked(model()).answer("messages", MESSAGES, betas=["new-2026"])
        assert server.requests[0].received.headers["anthropic-beta"] == "new-2026"


async def test_messages_client_on_another_model() -> None:
    """Another provider gets the forms it knows, without marks and thoughts."""
    server, model = gpt()
    body = {key: value for key, value in MESSAGES.items() if key != "tools"}
    body["tools"] = MESSAGES["tools"][:1]
    with server:
        status, headers, _ = await answered(model(), "messages", body)
        got = server.requests[0].received.body
    assert status == 200
    assert headers["x-headroom-ignored"] == "metadata, thinking, something_new"
    system, user, said, one, two, more = got["messages"]
    assert system == {"role": "system", "content": "Be good."}
    kinds = [block["type"] for block in user["content"]]
    assert kinds == ["text", "image_url", "file"]
    assert said["content"] == "Looking."
    assert [call["id"] for call in said["tool_calls"]] == ["toolu_1", "toolu_2"]
    assert (one["content"], two["content"]) == ("fine", "bad")
    assert more == {"role": "user", "content": "Go on."}
    assert "cache_control" not in str(got)
    assert got["max_completion_tokens"] == 99
    assert got["parallel_tool_calls"] is False
    assert got["stop"] == ["END"]


async def test_chat_client_on_another_model() -> None:
    """A client of Chat Completions can ask Claude for tools, images and a format."""
    server, model = claude()
    with server:
        status, headers, _ = await answered(model(), "chat", CHAT)
        got = server.requests[0].received.body
    assert status == 200
    assert headers["x-headroom-ignored"] == "seed, logit_bias, something_new"
    assert got["system"] == "Be good."
    user, said, results = got["messages"]
    assert user["content"][1] == IMAGE
    assert [block["id"] for block in said["content"]] == ["call_1", "call_2"]
    assert [block["tool_use_id"] for block in results["content"]] == [
        "call_1",
        "call_2",
    ]
    assert got["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    assert got["output_config"]["format"]["schema"] == {"type": "object"}
    assert got["tools"][0]["input_schema"] == {"type": "object", "properties": {}}


async def test_results_are_tool_messages() -> None:
    """Results of tools become messages that compression knows, named by their calls."""
    model = ScriptedChatModel(turns=["Done."])
    body = {**MESSAGES, "tools": MESSAGES["tools"][:1]}
    await whole(model, "messages", body)
    sent = model.requests[0].messages
    kinds = [SystemMessage, HumanMessage, AIMessage, ToolMessage, ToolMessage]
    assert [type(message) for message in sent] == [*kinds, HumanMessage]
    first, second = (message for message in sent if isinstance(message, ToolMessage))
    assert (first.name, first.content, first.status) == ("logs", "fine", "success")
    assert (second.content, second.status) == ("bad", "error")
