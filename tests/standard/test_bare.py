"""The standard suites pass for the bare models: the fakes behave like providers."""

from __future__ import annotations

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests
from providers import AnthropicMessages, Bare, OpenAIChat, OpenAIResponses


class TestOpenAIChatUnit(Bare, OpenAIChat, ChatModelUnitTests):
    """ChatOpenAI on Chat Completions keeps the interface."""


class TestOpenAIChat(Bare, OpenAIChat, ChatModelIntegrationTests):
    """ChatOpenAI on Chat Completions works against the fake."""


class TestOpenAIResponsesUnit(Bare, OpenAIResponses, ChatModelUnitTests):
    """ChatOpenAI on Responses keeps the interface."""


class TestOpenAIResponses(Bare, OpenAIResponses, ChatModelIntegrationTests):
    """ChatOpenAI on Responses works against the fake."""


class TestAnthropicUnit(Bare, AnthropicMessages, ChatModelUnitTests):
    """ChatAnthropic keeps the interface."""


class TestAnthropic(Bare, AnthropicMessages, ChatModelIntegrationTests):
    """ChatAnthropic works against the fake."""
