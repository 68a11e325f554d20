"""What clients are told when a model fails, stops short, or cannot do what is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from headroom_langchain.serve.model_backed import ModelBacked
from headroom_langchain.serve.model_backed.asked import Protocol
from headroom_langchain.testing import ScriptedChatModel, Turn
from headroom_langchain.testing.servers import (
    Break,
    Failure,
    FakeAnthropic,
    FakeOpenAI,
    Reply,
)
from model_backed.answers import HELLO, Json, answered, events_of, streamed

BOTH: list[Protocol] = ["messages", "chat"]
SECRET = "postgres://user:pass@host"  # noqa: S105 - what must not be told


def claude(server: FakeAnthropic) -> BaseChatModel:
    return ChatAnthropic(
        model_name="claude-s",
        base_url=server.url,
        api_key=SecretStr("x"),
        timeout=None,
        stop=None,
        max_retries=0,
    )


def gpt(server: FakeOpenAI) -> BaseChatModel:
    return ChatOpenAI(
        model="gpt-s", base_url=server.url, api_key=SecretStr("x"), max_retries=0
    )


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("protocol", BOTH)
async def test_a_refusal_of_the_provider_keeps_its_status(
    protocol: Protocol, *, stream: bool
) -> None:
    """Status, words and the time to wait are those of the model's provider."""
    failure = Failure(status=429, message="Slow down.", headers={"retry-after": "7"})
    with FakeAnthropic([failure]) as server:
        body = {**HELLO, "stream": stream}
        status, headers, data = await answered(claude(server), protocol, body)
    error = json.loads(data)["error"]
    assert status == 429
    assert headers["retry-after"] == "7"
    assert error["message"] == "Slow down."
    known = {"messages": "rate_limit_error", "chat": "rate_limit_exceeded"}
    assert error["type"] == known[protocol]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("protocol", BOTH)
async def test_other_failures_tell_nothing_of_the_server(
    protocol: Protocol, *, stream: bool
) -> None:
    """An exception without a status is named, not shown, and not worth a retry."""
    model = ScriptedChatModel(turns=[Turn(error=ValueError(SECRET))])
    body = {**HELLO, "stream": stream}
    status, headers, data = await answered(model, protocol, body)
    assert status == 500
    assert headers["x-should-retry"] == "false"
    assert json.loads(data)["error"]["message"] == "The model failed: ValueError."


@pytest.mark.parametrize("protocol", BOTH)
async def test_a_failure_behind_the_first_word(protocol: Protocol) -> None:
    """What has been said stays said, and the last event is an error."""
    failed = Turn(text="Half an", error=ValueError(SECRET))
    events = await streamed(ScriptedChatModel(turns=[failed]), protocol)
    assert "Half an" in json.dumps(events)
    assert events[-1]["error"]["message"] == "The model failed: ValueError."


@pytest.mark.parametrize("protocol", BOTH)
async def test_an_answer_cut_short_is_an_error(protocol: Protocol) -> None:
    """A provider's stream that ends without a reason is not taken for whole."""
    cut = Reply(text="Half an answer", breaks=Break(after=5, how="end"))
    with FakeAnthropic([cut]) as server:
        events = await streamed(claude(server), protocol)
    assert "broke off" in events[-1]["error"]["message"]
    cut = Reply(text="Half an answer", breaks=Break(after=3, how="end"))
    with FakeOpenAI([cut]) as openai_server:
        events = await streamed(gpt(openai_server), protocol)
    assert "broke off" in events[-1]["error"]["message"]


class SilentModel(ScriptedChatModel):
    """A model whose streams say neither why they end nor, perhaps, anything."""

    says: str = ""

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(content=self.says))


@pytest.mark.parametrize("protocol", BOTH)
async def test_models_that_never_say_why_they_end(protocol: Protocol) -> None:
    """Of a model that gives no reasons an answer is whole, but nothing is none."""
    whole = await streamed(SilentModel(turns=[], says="Hi"), protocol)
    assert "error" not in whole[-1]
    nothing = await streamed(SilentModel(turns=[]), protocol)
    assert nothing[-1]["error"]["message"] == "The model ended without any answer."


class SlowModel(SilentModel):
    """A model that waits before it speaks."""

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        told = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, told.set)
        await told.wait()
        yield ChatGenerationChunk(message=AIMessageChunk(content="Hi"))


@pytest.mark.parametrize("protocol", BOTH)
async def test_a_slow_model_keeps_its_stream_alive(protocol: Protocol) -> None:
    """A client that waits is told that the stream lives, before anything is said."""
    backed = ModelBacked(SlowModel(turns=[]), heartbeat=0.01)
    _, _, data = await answered(backed, protocol, {**HELLO, "stream": True})
    assert data.count(b"ping") >= 1
    assert data.index(b"ping") < data.index(b"Hi")
    assert "error" not in events_of(data)[-1]


@pytest.mark.parametrize("protocol", BOTH)
@pytest.mark.parametrize("taken", [0, 3])
async def test_leaving_closes_the_model(protocol: Protocol, taken: int) -> None:
    """Who stops reading an answer stops the model that writes it."""
    model = ScriptedChatModel(turns=["word " * 400], chunking=5)
    backed = ModelBacked(model)
    answer = await backed.answer(protocol, {**HELLO, "stream": True})
    chunks = answer.chunks()
    for _ in range(taken):
        await anext(chunks)
    await answer.close()
    assert model.closed
    assert model.pulled < 12
    await answer.close()


BAD: dict[str, tuple[Protocol, Json, str]] = {
    "no messages": ("messages", {}, "messages"),
    "no messages in chat": ("chat", {}, "messages"),
    "messages of text": ("chat", {"messages": ["Hi"]}, "array of objects"),
    "unknown role": ("chat", {"messages": [{"role": "x", "content": ""}]}, "'x'"),
    "content": ("messages", {"messages": [{"role": "user", "content": 3}]}, "content"),
    "several answers": ("chat", {**HELLO, "n": 2}, "n=2"),
    "sound": ("chat", {**HELLO, "modalities": ["audio"]}, "modalities"),
    "format": ("chat", {**HELLO, "response_format": {"type": "json_object"}}, "format"),
    "tool choice": ("chat", {**HELLO, "tool_choice": 3}, "tool_choice"),
    "a wrong type": ("messages", {**HELLO, "stop_sequences": 3}, "malformed"),
    "another's tool": (
        "messages",
        {**HELLO, "tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        "web_search_20250305",
    ),
}


@pytest.mark.parametrize("case", sorted(BAD))
async def test_what_cannot_be_done_is_refused(case: str) -> None:
    """A request that the model cannot answer in its form is the client's error."""
    protocol, body, named = BAD[case]
    model = ScriptedChatModel(turns=["never said"])
    status, _, data = await answered(model, protocol, body)
    error = json.loads(data)["error"]
    assert status == 400
    assert error["type"] == "invalid_request_error"
    assert named in error["message"]
    assert not model.requests


async def test_tools_for_a_model_without() -> None:
    """Tools are refused where the model cannot call any."""
    model = ScriptedChatModel.without_tools(turns=["never said"])
    function = {"name": "f", "parameters": {"type": "object", "properties": {}}}
    body = {**HELLO, "tools": [{"type": "function", "function": function}]}
    status, _, data = await answered(model, "chat", body)
    assert status == 400
    assert b"cannot call tools" in data


async def test_refusals_are_told_from_failures() -> None:
    """Who serves an answer knows whether the model was asked at all."""
    backed = ModelBacked(ScriptedChatModel(turns=[Turn(error=ValueError())]))
    refused = await backed.answer("chat", {})
    failed = await backed.answer("chat", HELLO)
    assert (refused.refused, failed.refused) == (True, False)
    assert refused.problem is not None
    assert failed.problem is not None


async def test_a_format_for_the_responses_api() -> None:
    """A model that speaks Responses is asked for a format in the words of that."""
    wanted = {"name": "it", "schema": {"type": "object", "properties": {}}}
    body = {
        **HELLO,
        "response_format": {"type": "json_schema", "json_schema": wanted},
    }
    with FakeOpenAI([Reply(text="{}")]) as server:
        model = ChatOpenAI(
            model="gpt-s",
            base_url=server.url,
            api_key=SecretStr("x"),
            use_responses_api=True,
        )
        status, _, _ = await answered(model, "chat", body)
        got = server.requests[0].received.body
    assert status == 200
    assert got["text"]["format"]["schema"] == wanted["schema"]
