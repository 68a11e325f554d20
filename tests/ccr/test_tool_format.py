"""`headroom_retrieve` as providers receive it.

It stands in the cached prefix of every request that offers it: one changed byte
makes every conversation that is under way dearer. These are its bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import wire_clients
from langchain_core.language_models import BaseChatModel

from headroom_langchain import (
    CompressionPolicy,
    HeadroomChatModel,
    InMemoryCCRStore,
    create_retrieve_tool,
)
from headroom_langchain.testing.servers import (
    FakeAnthropic,
    FakeOpenAI,
    FakeServer,
    Reply,
)

DESCRIPTION = (
    "Return parts of a tool output that was shortened to a [headroom: ...] line. "
    "Without query and lines: its beginning."
)
PROPERTIES = (
    '{"hash": {"description": "Hash from the [headroom: ...] line; several joined by '
    'commas.", "type": "string"}, "query": {"anyOf": [{"type": "string"}, {"type": '
    '"null"}], "description": "What to find: words, /regex/ or a JSON path '
    '($.a[0].b)."}, "lines": {"anyOf": [{"type": "string"}, {"type": "null"}], '
    '"description": "Line numbers, as \\"120-180\\"."}}'
)
LOOSE = f'{{"properties": {PROPERTIES}, "required": ["hash"], "type": "object"}}'
STRICT = (
    f'{{"properties": {PROPERTIES}, "required": ["hash", "query", "lines"], '
    '"type": "object", "additionalProperties": false}'
)
NAMED = f'"name": "headroom_retrieve", "description": "{DESCRIPTION}"'

Make = Callable[[str], BaseChatModel]
CLIENTS: dict[str, tuple[type[FakeServer], Make]] = {
    "chat": (FakeOpenAI, wire_clients.chat),
    "responses": (FakeOpenAI, wire_clients.responses),
    "anthropic": (FakeAnthropic, wire_clients.anthropic),
}
BYTES: dict[tuple[str, bool], str] = {
    ("chat", False): (
        f'{{"type": "function", "function": {{{NAMED}, "parameters": {LOOSE}}}}}'
    ),
    ("chat", True): (
        f'{{"type": "function", "function": {{{NAMED}, "parameters": {STRICT}, '
        '"strict": true}}'
    ),
    ("responses", False): f'{{"type": "function", {NAMED}, "parameters": {LOOSE}}}',
    ("responses", True): (
        f'{{"type": "function", {NAMED}, "parameters": {STRICT}, "strict": true}}'
    ),
    ("anthropic", False): (
        f'{{"name": "headroom_retrieve", "input_schema": {LOOSE}, '
        f'"description": "{DESCRIPTION}"}}'
    ),
    ("anthropic", True): (
        f'{{"name": "headroom_retrieve", "input_schema": {STRICT}, '
        f'"description": "{DESCRIPTION}", "strict": true}}'
    ),
}


@pytest.mark.parametrize(("client", "strict"), BYTES)
def test_a_provider_receives_these_bytes(client: str, *, strict: bool) -> None:
    """Bound like any tool, strictly or not, it is these bytes on the wire."""
    tool = create_retrieve_tool(InMemoryCCRStore())
    assert sent(client, lambda model: bound(model, tool, strict=strict)) == [
        BYTES[client, strict]
    ]


@pytest.mark.parametrize("client", CLIENTS)
def test_the_wrapper_offers_the_same_bytes(client: str) -> None:
    """What the wrapper adds to a call is the tool as it would be bound."""
    policy = CompressionPolicy(offer="always")
    tools = sent(client, lambda model: HeadroomChatModel(model, policy=policy))
    assert tools == [BYTES[client, False]]


@pytest.mark.parametrize("client", ["chat", "responses"])
def test_it_is_strict_beside_strict_tools(client: str) -> None:
    """Where the caller's tools are strict, so is this one."""

    def search(q: str) -> str:
        """Search for something."""
        return q

    tools = sent(
        client, lambda model: bound(HeadroomChatModel(model), search, strict=True)
    )
    assert tools[1:] == [BYTES[client, True]]


def test_it_is_short() -> None:
    """Name, description and arguments are no burden: under 700 characters of JSON."""
    assert len(BYTES["chat", False]) < 700


def bound(model: Any, tool: Any, *, strict: bool) -> Any:
    return model.bind_tools([tool], strict=True if strict else None)


def sent(client: str, made: Callable[[BaseChatModel], Any]) -> list[str]:
    """Return the tools that a provider received, each as JSON."""
    serves, make = CLIENTS[client]
    with serves([Reply(text="Fine.")]) as server:
        assert made(make(server.url)).invoke("Hello?").text == "Fine."
        (query,) = server.requests
    return [json.dumps(tool) for tool in query.received.body["tools"]]
