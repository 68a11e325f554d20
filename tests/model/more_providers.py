"""Clients of Gemini, Bedrock and Ollama on fake servers, and four ways to call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import boto3  # type: ignore[import-untyped] # has no types
from botocore.config import Config  # type: ignore[import-untyped] # has no types
from langchain_aws import ChatBedrockConverse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    ToolMessage,
)
from langchain_core.tools import tool
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_ollama import ChatOllama
from pydantic import SecretStr

from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.testing.servers import (
    FakeBedrock,
    FakeGoogle,
    FakeOllama,
    FakeServer,
    ToolUse,
    Usage,
)

CLAUDE = "anthropic.claude-3-7-sonnet-20250219-v1:0"

# One session reads the descriptions of AWS once for all clients. With keys and a
# region it looks for neither, and without proxies it asks the environment for none.
_AWS = boto3.Session(
    aws_access_key_id="x",
    aws_secret_access_key="x",  # noqa: S106 - the fake server knows no secrets
    region_name="us-east-1",
)


def gemini(url: str, model: str = "gemini-2.5-flash", **more: Any) -> BaseChatModel:
    return ChatGoogleGenerativeAI(
        model=model,
        api_key=SecretStr("x"),
        base_url=url,
        vertexai=False,
        client_args={"trust_env": False},
        include_thoughts=True,
        max_retries=1,
        **more,
    )


def converse(url: str, model: str = CLAUDE, **more: Any) -> BaseChatModel:
    config = Config(retries={"total_max_attempts": 1}, proxies={})
    client = _AWS.client("bedrock-runtime", endpoint_url=url, config=config)
    return ChatBedrockConverse(
        model=model,
        client=client,
        bedrock_client=client,
        region_name="us-east-1",
        **more,
    )


def local(url: str, **more: Any) -> BaseChatModel:
    return ChatOllama(
        model="qwen3",
        base_url=url,
        reasoning=True,
        client_kwargs={"trust_env": False},
        **more,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A provider's client and its server."""

    server: type[FakeServer]
    make: Callable[[str], BaseChatModel]
    messages: str
    """Where a request has the conversation."""


CLIENTS: Mapping[str, Client] = {
    "google": Client(server=FakeGoogle, make=gemini, messages="contents"),
    "bedrock": Client(server=FakeBedrock, make=converse, messages="messages"),
    "ollama": Client(server=FakeOllama, make=local, messages="messages"),
}

VARIANTS: Mapping[str, Client] = {
    "google_3": Client(
        server=FakeGoogle,
        make=lambda url: gemini(url, "gemini-3-pro-preview"),
        messages="contents",
    ),
    "google_v1": Client(
        server=FakeGoogle,
        make=lambda url: gemini(url, output_version="v1"),
        messages="contents",
    ),
    "bedrock_v1": Client(
        server=FakeBedrock,
        make=lambda url: converse(url, output_version="v1"),
        messages="messages",
    ),
    "ollama_v1": Client(
        server=FakeOllama,
        make=lambda url: local(url, output_version="v1"),
        messages="messages",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An answer, and the chunks of it if it was streamed."""

    answer: AIMessage
    chunks: tuple[AIMessageChunk, ...] = ()

    @classmethod
    def streamed(cls, chunks: list[Any]) -> Heard:
        first, *rest = chunks
        return cls(answer=first.__add__(rest), chunks=tuple(chunks))


async def _invoke(model: Any, messages: list[BaseMessage]) -> Heard:
    return Heard(answer=model.invoke(messages))


async def _ainvoke(model: Any, messages: list[BaseMessage]) -> Heard:
    return Heard(answer=await model.ainvoke(messages))


async def _stream(model: Any, messages: list[BaseMessage]) -> Heard:
    return Heard.streamed(list(model.stream(messages)))


async def _astream(model: Any, messages: list[BaseMessage]) -> Heard:
    return Heard.streamed([chunk async for chunk in model.astream(messages)])


Way: TypeAlias = Callable[[Any, list[BaseMessage]], Awaitable[Heard]]

WAYS: Mapping[str, Way] = {
    "invoke": _invoke,
    "ainvoke": _ainvoke,
    "stream": _stream,
    "astream": _astream,
}


ALL = {**CLIENTS, **VARIANTS}

CASES = [
    *((client, way) for client in CLIENTS for way in WAYS),
    *((client, way) for client in VARIANTS for way in ("invoke", "astream")),
]
"""Each client called in each way, and its variants whole and streamed."""


@tool
def search(q: str) -> str:
    """Search for something."""
    return q


BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full on web-7' if n == 300 else 'INFO ok'} {n}"
    for n in range(600)
)
HIDDEN = ToolUse(
    name="headroom_retrieve", args={"hash": content_key(BIG), "query": "disk full"}
)
OWN = ToolUse(name="search", args={"q": "web-7"})
USAGE = Usage(input=30, output=7, cached=20)


def history() -> list[BaseMessage]:
    """A conversation whose last tool result is large; its call is signed."""
    signed = {"__gemini_function_call_thought_signatures__": {"c1": "aGVsbG8="}}
    call = {"name": "search", "args": {"q": "x"}, "id": "c1"}
    return [
        HumanMessage("What is wrong?"),
        AIMessage("", tool_calls=[call], additional_kwargs=signed),
        ToolMessage(BIG, tool_call_id="c1", name="search"),
    ]
