"""The providers the standard suites run against, each on a fake server.

A provider is a mixin: it starts the server, says how its chat model is built
and what it can do. Which model the suite then tests is another mixin's matter:
`Bare` takes the provider's own, a wrapper can be built around `bare()`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI

from headroom_langchain.testing.servers import (
    FakeAnthropic,
    FakeOpenAI,
    FakeServer,
    asking_first,
    plausible,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.language_models import BaseChatModel

    from headroom_langchain.testing.servers import Router


API_KEY = "sk-not-to-be-shown"


class Sealed:
    """Stands in for the stored snapshot of a serialised model.

    A stored one would pin the versions of the providers' packages. What a
    serialised model must never hold is the key.
    """

    def __call__(self, *, name: str) -> Sealed:
        """Take the place of every snapshot."""
        return self

    def __eq__(self, serialised: object) -> bool:
        """Tell whether the key stayed out."""
        return API_KEY not in json.dumps(serialised)

    __hash__ = None  # type: ignore[assignment]  # it equals many things


class Provider:
    """A provider's chat model, and the server it talks to."""

    # The suites ask for what a provider lacks, and the providers say so.
    pytestmark: ClassVar[list[pytest.MarkDecorator]] = [
        pytest.mark.filterwarnings(f"ignore:{said}:UserWarning")
        for said in (
            "Received a Pydantic BaseModel V1 schema",
            "Unrecognized structured output method 'json_mode'",
            "(?s)Pydantic serializer warnings.*field_name='parsed'",
        )
    ]

    bare_class: ClassVar[type[BaseChatModel]]
    server_class: ClassVar[type[FakeServer]]
    key_name: ClassVar[str]
    server: ClassVar[FakeServer]

    @classmethod
    def router(cls) -> Router:
        """Return what answers the requests."""
        return plausible

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _served(cls) -> Iterator[None]:
        with cls.server_class(cls.router()) as server:
            cls.server = server
            yield

    @pytest.fixture
    def snapshot(self) -> Sealed:
        """Take the place of the fixture the suite's `test_serdes` asks for."""
        return Sealed()

    @property
    def bare_params(self) -> dict[str, Any]:
        """What the provider's chat model is built from."""
        return {"base_url": self.server.url, "api_key": API_KEY}

    def bare(self) -> BaseChatModel:
        """Build the provider's own chat model."""
        return self.bare_class(**self.bare_params)

    @property
    def environment(self) -> dict[str, str]:
        """The variable the provider's key is read from."""
        return {self.key_name.upper(): API_KEY}

    @property
    def model_override_value(self) -> str | None:
        """The model the suite asks for instead."""
        return "another-model"

    @property
    def supports_anthropic_inputs(self) -> bool:
        """All three accept Anthropic's content blocks."""
        return True


class OpenAIChat(Provider):
    """ChatOpenAI on Chat Completions."""

    bare_class = ChatOpenAI
    key_name = "openai_api_key"
    server_class = FakeOpenAI

    @property
    def bare_params(self) -> dict[str, Any]:
        """Usage has to be asked for where the base URL is not OpenAI's."""
        return {**super().bare_params, "model": "gpt-x", "stream_usage": True}

    @property
    def supports_json_mode(self) -> bool:
        """Only OpenAI has it."""
        return True


class OpenAIResponses(OpenAIChat):
    """ChatOpenAI on Responses."""

    @property
    def bare_params(self) -> dict[str, Any]:
        """The same model on the other protocol."""
        return {**super().bare_params, "use_responses_api": True}


class AnthropicMessages(Provider):
    """ChatAnthropic."""

    bare_class = ChatAnthropic
    key_name = "anthropic_api_key"
    server_class = FakeAnthropic

    @property
    def bare_params(self) -> dict[str, Any]:
        """A model that knows no more than its name."""
        return {**super().bare_params, "model": "claude-x"}


class Hostile(Provider):
    """The server asks for an original before it answers anything."""

    @classmethod
    def router(cls) -> Router:
        """Return what asks, then answers the requests."""
        return asking_first(plausible)


class Bare(Provider):
    """The suite tests the provider's own chat model."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        """The class under test."""
        return self.bare_class

    @property
    def chat_model_params(self) -> dict[str, Any]:
        """What the suite builds it from."""
        return self.bare_params

    @property
    def init_from_env_params(
        self,
    ) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        """The key comes from the environment when it is not given."""
        params = {k: v for k, v in self.bare_params.items() if k != "api_key"}
        return self.environment, params, {self.key_name: API_KEY}
