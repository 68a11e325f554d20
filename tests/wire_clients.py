"""The clients of providers, as users make them, for a server at some address."""

from __future__ import annotations

from typing import Any

from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

KEY = SecretStr("x")


def chat(url: str, **more: Any) -> ChatOpenAI:
    """Make a client of OpenAI's Chat Completions."""
    return ChatOpenAI(base_url=url, api_key=KEY, model="gpt-x", **more)


def responses(url: str, **more: Any) -> ChatOpenAI:
    """Make a client of OpenAI's Responses."""
    return chat(url, use_responses_api=True, **more)


def anthropic(url: str, **more: Any) -> ChatAnthropic:
    """Make a client of Anthropic's Messages."""
    return ChatAnthropic(base_url=url, api_key=KEY, model="claude-x", **more)  # type: ignore[call-arg] # aliases
