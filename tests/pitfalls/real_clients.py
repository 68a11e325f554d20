"""Models of real providers and the ways to call them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI
from tool_results import LOG

from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.testing.servers import (
    FakeAnthropic,
    FakeOpenAI,
    FakeServer,
    ToolUse,
)

ASK = ToolUse(
    name="headroom_retrieve", args={"hash": content_key(LOG), "query": "disk full"}
)
"""The call with which a model asks for that line."""


def openai(url: str, **fields: Any) -> BaseChatModel:
    given: Any = {"base_url": url, "api_key": "x", "model": "gpt-x", "max_retries": 0}
    return ChatOpenAI(**{**given, **fields})


def responses(url: str, **fields: Any) -> BaseChatModel:
    return openai(url, use_responses_api=True, **fields)


def anthropic(url: str, **fields: Any) -> BaseChatModel:
    given: Any = {
        "base_url": url,
        "api_key": "x",
        "model": "claude-x",
        "max_retries": 0,
    }
    return ChatAnthropic(**{**given, **fields})


Make = Callable[..., BaseChatModel]
CLIENTS: dict[str, tuple[type[FakeServer], Make]] = {
    "anthropic": (FakeAnthropic, anthropic),
    "openai": (FakeOpenAI, openai),
    "responses": (FakeOpenAI, responses),
}
"""Servers and the clients for them."""

Way = Callable[[Any, Any], Awaitable[list[AIMessage]]]


async def invoked(model: Any, messages: Any) -> list[AIMessage]:
    return [model.invoke(messages)]


async def ainvoked(model: Any, messages: Any) -> list[AIMessage]:
    return [await model.ainvoke(messages)]


async def streamed(model: Any, messages: Any) -> list[AIMessage]:
    return list(model.stream(messages))


async def astreamed(model: Any, messages: Any) -> list[AIMessage]:
    return [chunk async for chunk in model.astream(messages)]


WAYS: list[Way] = [invoked, ainvoked, streamed, astreamed]
"""The ways to call a model; each returns its pieces."""


def whole(pieces: list[Any]) -> Any:
    """Return the message that some pieces are."""
    first, *rest = pieces
    return first.__add__(rest) if rest else first


def bodies(server: FakeServer) -> list[Any]:
    """Return the requests as the provider got them."""
    return [query.received.body for query in server.requests]
