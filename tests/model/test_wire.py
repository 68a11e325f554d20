"""What providers receive, byte for byte, from their own clients."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import wire_clients
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool

from headroom_langchain import HeadroomChatModel
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.testing.servers import (
    FakeAnthropic,
    FakeOpenAI,
    FakeServer,
    Reply,
    ToolUse,
)

BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full on web-7' if n == 300 else 'INFO ok'} {n}"
    for n in range(600)
)

Way = Callable[[Any, list[BaseMessage]], AIMessage]


def invoked(model: Any, messages: list[BaseMessage]) -> AIMessage:
    answer: AIMessage = model.invoke(messages)
    return answer


def streamed(model: Any, messages: list[BaseMessage]) -> AIMessage:
    first, *rest = model.stream(messages)
    answer: AIMessage = first.__add__(rest)
    return answer


@tool
def search(q: str) -> str:
    """Search for something."""
    return q


CLIENTS: dict[str, tuple[type[FakeServer], Callable[[str], BaseChatModel]]] = {
    "chat": (FakeOpenAI, wire_clients.chat),
    "responses": (FakeOpenAI, wire_clients.responses),
    "responses_v1": (FakeOpenAI, partial(wire_clients.responses, output_version="v1")),
    "anthropic": (FakeAnthropic, wire_clients.anthropic),
    "anthropic_v1": (
        FakeAnthropic,
        partial(wire_clients.anthropic, output_version="v1"),
    ),
}


HIDDEN = ToolUse(
    name="headroom_retrieve", args={"hash": content_key(BIG), "query": "disk full"}
)
OWN = ToolUse(name="search", args={"q": "web-7"})
SCRIPT = [
    Reply(text="Let me look.", thinking="Hm.", tool_calls=(HIDDEN,)),
    Reply(text="The disk is full."),
    Reply(text="Both.", tool_calls=(OWN, HIDDEN)),
    Reply(text="The disk is full."),
]


@pytest.mark.parametrize("way", [invoked, streamed])
@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_each_request_extends_the_one_before(client: str, way: Way) -> None:
    """Over hidden rounds and mixed turns the provider's cached prefix holds."""
    server_class, make = CLIENTS[client]
    with server_class(SCRIPT) as server:
        model = HeadroomChatModel(make(server.url)).bind_tools([search])
        history: list[BaseMessage] = [
            HumanMessage("What is wrong?"),
            AIMessage(
                "", tool_calls=[{"name": "search", "args": {"q": "x"}, "id": "c1"}]
            ),
            ToolMessage(BIG, tool_call_id="c1", name="search"),
        ]
        first = way(model, history)
        assert first.text == "Let me look.\n\nThe disk is full."
        said = [b["text"] for b in first.content_blocks if b["type"] == "text"]
        assert "".join(said) == first.text
        history += [first, HumanMessage("Look again.")]
        mixed = way(model, history)
        (own,) = mixed.tool_calls
        assert own["name"] == "search"
        history += [mixed, ToolMessage("found", tool_call_id=own["id"], name="search")]
        assert way(model, history).text == "The disk is full."
        sent = [query.received.body for query in server.requests]
    key = "input" if client.startswith("responses") else "messages"
    assert len(sent) == 4
    assert "ERROR disk full on web-7 300" in str(sent[1][key][-1])
    for before, after in pairwise(sent):
        assert after[key][: len(before[key])] == before[key]
        assert after["tools"] == before["tools"]
    assert [t.get("name") or t["function"]["name"] for t in sent[0]["tools"]] == [
        "search",
        "headroom_retrieve",
    ]
