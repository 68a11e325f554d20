"""A compressing model behind the protocols: hidden rounds, and what follows them."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from headroom_langchain import HeadroomChatModel
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.serve.model_backed import ModelBacked
from headroom_langchain.testing.servers import (
    FakeAnthropic,
    FakeOpenAI,
    FakeServer,
    Reply,
    ToolUse,
)
from model_backed.answers import whole
from model_backed.turns_of_clients import (
    CLIENTS,
    ChatClient,
    ClientClass,
    MessagesClient,
)

BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full on web-7' if n == 300 else 'INFO ok'} {n}"
    for n in range(600)
)
HIDDEN = ToolUse(
    name="headroom_retrieve", args={"hash": content_key(BIG), "query": "disk full"}
)
SCRIPT = [
    Reply(text="Looking.", thinking="Hm.", tool_calls=(ToolUse(name="logs"),)),
    Reply(text="One moment.", thinking="More.", tool_calls=(HIDDEN,)),
    Reply(
        text="Both.",
        thinking="And?",
        tool_calls=(ToolUse(name="logs", args={"n": 2}), HIDDEN),
    ),
    Reply(text="The disk is full.", thinking="Aha."),
    Reply(text="Bye."),
]
"""Three turns: one call; a hidden one, then a mixed turn; the end."""


def _anthropic(server: FakeServer) -> BaseChatModel:
    return ChatAnthropic(
        model_name="claude-s",
        base_url=server.url,
        api_key=SecretStr("x"),
        timeout=None,
        stop=None,
    )


def _openai(server: FakeServer) -> BaseChatModel:
    return ChatOpenAI(
        model="gpt-s",
        base_url=server.url,
        api_key=SecretStr("x"),
        stream_usage=True,
    )


SERVERS: dict[str, tuple[type[FakeServer], Callable[[FakeServer], BaseChatModel]]] = {
    "anthropic": (FakeAnthropic, _anthropic),
    "openai": (FakeOpenAI, _openai),
}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("client_class", CLIENTS)
@pytest.mark.parametrize("name", sorted(SERVERS))
async def test_hidden_rounds_of_a_served_model(
    name: str, client_class: ClientClass, *, stream: bool
) -> None:
    """No client sees the hidden tool, and each request extends the one before."""
    server_class, make = SERVERS[name]
    client = client_class()
    with server_class(SCRIPT) as server:
        backed = ModelBacked(HeadroomChatModel(make(server)))
        for result in (BIG, "two", ""):
            answer = await client.answer(backed, stream=stream)
            assert "headroom_retrieve" not in json.dumps(answer)
            client.take(answer, result)
        requests = [query.received.body["messages"] for query in server.requests]
    assert len(requests) == 4
    for earlier, later in pairwise(requests):
        assert later[: len(earlier)] == earlier
    assert "591 of 600 lines hidden" in json.dumps(requests[1])
    assert "ERROR disk full on web-7" in json.dumps(requests[3])


async def test_signatures_come_back_for_a_chat_client() -> None:
    """What Chat Completions has no words for is put back for the model."""
    client = ChatClient()
    with FakeAnthropic(SCRIPT) as server:
        backed = ModelBacked(_anthropic(server))
        client.take(await whole(backed, "chat", client.body()), "fine")
        await whole(backed, "chat", client.body())
        blocks = server.requests[1].received.body["messages"][1]["content"]
    kinds = [block["type"] for block in blocks]
    assert kinds == ["thinking", "text", "tool_use"]
    assert blocks[0]["signature"]


async def test_strangers_are_not_given_what_was_kept() -> None:
    """What was kept for one tenant is put back into no conversation of another."""
    client = ChatClient()
    with FakeAnthropic(SCRIPT) as server:
        backed = ModelBacked(_anthropic(server))
        client.take(await whole(backed, "chat", client.body()), "fine")
        await backed.answer("chat", client.body(), namespace="another")
        blocks = server.requests[1].received.body["messages"][1]["content"]
    assert [block["type"] for block in blocks] == ["text", "tool_use"]


async def test_rounds_are_told_apart_in_the_usage_of_messages() -> None:
    """The last iteration is what the model's context held."""
    client = MessagesClient()
    with FakeAnthropic([SCRIPT[0], SCRIPT[1], SCRIPT[3]]) as server:
        backed = ModelBacked(HeadroomChatModel(_anthropic(server)))
        client.take(await whole(backed, "messages", client.body()), BIG)
        answer = await whole(backed, "messages", client.body())
    usage = answer["usage"]
    assert usage["input_tokens"] == 20
    assert [each["input_tokens"] for each in usage["iterations"]] == [10, 10]


async def test_report_of_a_served_call() -> None:
    """Who serves an answer can tell what compression did for it."""
    client = MessagesClient()
    with FakeAnthropic([SCRIPT[0], SCRIPT[1], SCRIPT[3]]) as server:
        backed = ModelBacked(HeadroomChatModel(_anthropic(server)))
        client.take(await whole(backed, "messages", client.body()), BIG)
        answer = await backed.answer("messages", client.body())
    assert answer.report is not None
    assert answer.report.rounds == 2
    assert answer.report.tokens_saved > 5_000
    assert len(answer.report.retrievals) == 1


async def test_plain_models_have_no_report() -> None:
    """A model that does not compress has nothing to report."""
    with FakeAnthropic([Reply(text="Hi")]) as server:
        answer = await ModelBacked(_anthropic(server)).answer(
            "messages", MessagesClient().body()
        )
    assert answer.status == 200
    assert answer.report is None
