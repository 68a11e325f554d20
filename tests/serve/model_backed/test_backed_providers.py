"""Models of other providers behind both protocols: a turn with tools, and the next."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from langchain_aws import ChatBedrockConverse
from langchain_core.language_models import BaseChatModel
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_ollama import ChatOllama
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from headroom_langchain import HeadroomChatModel
from headroom_langchain.serve.model_backed import ModelBacked
from headroom_langchain.testing.servers import (
    FakeBedrock,
    FakeGoogle,
    FakeOllama,
    FakeOpenAI,
    FakeServer,
    Reply,
    ToolUse,
)
from model_backed.turns_of_clients import CLIENTS, ClientClass

SCRIPT = [
    Reply(
        text="Looking.",
        thinking="Hm.",
        tool_calls=(ToolUse(name="logs", args={"n": 1}), ToolUse(name="logs")),
    ),
    Reply(text="Bye."),
]
BIG = "\n".join(f"INFO ok {n}" for n in range(700))


def _responses(server: FakeServer) -> BaseChatModel:
    return ChatOpenAI(
        model="gpt-5",
        base_url=server.url,
        api_key=SecretStr("x"),
        use_responses_api=True,
    )


def _ollama(server: FakeServer) -> BaseChatModel:
    return ChatOllama(model="llama", base_url=server.url, reasoning=True)


def _google(server: FakeServer) -> BaseChatModel:
    return ChatGoogleGenerativeAI(
        model="gemini-2.5-pro",
        base_url=server.url,
        api_key=SecretStr("x"),
        include_thoughts=True,
    )


def _bedrock(server: FakeServer) -> BaseChatModel:
    return ChatBedrockConverse(
        model="anthropic.claude-x",
        provider="anthropic",
        region_name="us-east-1",
        base_url=server.url,
        aws_access_key_id=SecretStr("x"),
        aws_secret_access_key=SecretStr("y"),
        disable_streaming=False,
    )


Provider = tuple[type[FakeServer], Callable[[FakeServer], BaseChatModel], bytes]
PROVIDERS: dict[str, Provider] = {
    "responses": (FakeOpenAI, _responses, b"rs_1"),
    "ollama": (FakeOllama, _ollama, b"Looking."),
    "google": (FakeGoogle, _google, b"thoughtSignature"),
    "bedrock": (FakeBedrock, _bedrock, b"reasoningContent"),
}
"""Server, model, and what the second request repeats that no client has sent back."""


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("client_class", CLIENTS)
@pytest.mark.parametrize("name", sorted(PROVIDERS))
async def test_tools_of_another_providers_model(
    name: str, client_class: ClientClass, *, stream: bool
) -> None:
    """Calls, thoughts and results go both ways, and what the model needs comes back."""
    server_class, make, kept = PROVIDERS[name]
    client = client_class()
    with server_class(SCRIPT) as server:
        backed = ModelBacked(HeadroomChatModel(make(server)))
        client.take(await client.answer(backed, stream=stream), BIG)
        assert client.text == "Looking."
        assert client.thought == "Hm."
        assert client.calls == [{"n": 1}, {}]
        client.take(await client.answer(backed, stream=stream), "")
        assert client.text == "Bye."
        assert client.calls == []
        second = server.requests[1].received.raw
    assert second.count(b"700 lines hidden") == 2
    assert kept in second
