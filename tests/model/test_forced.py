"""Calls that leave the model no retrieval, and the policy that gives it one first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from headroom_langchain import CompressionPolicy, HeadroomChatModel
from headroom_langchain.calls.tool_choice import ToolChoice, tool_name
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.testing.servers import (
    FakeAnthropic,
    FakeOpenAI,
    FakeServer,
    Reply,
    ToolUse,
)

BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full' if n == 300 else 'INFO ok'} {n}"
    for n in range(600)
)
ASKED = [
    HumanMessage("What is wrong?"),
    AIMessage("", tool_calls=[{"name": "search", "args": {"q": "x"}, "id": "c1"}]),
    ToolMessage(BIG, tool_call_id="c1", name="search"),
]
HIDDEN = ToolUse(
    name="headroom_retrieve", args={"hash": content_key(BIG), "query": "disk"}
)
FIRST = CompressionPolicy(when_forced="retrieve")


@tool
def search(q: str) -> str:
    """Search for something."""
    return q


@tool
def report(finding: str) -> str:
    """Report what was found."""
    return finding


class Finding(BaseModel):
    """What was found."""

    cause: str


def chat(url: str) -> ChatOpenAI:
    return ChatOpenAI(base_url=url, api_key="x", model="gpt-x")  # type: ignore[arg-type] # a plain key is fine


def responses(url: str) -> ChatOpenAI:
    return ChatOpenAI(base_url=url, api_key="x", model="gpt-x", use_responses_api=True)  # type: ignore[arg-type] # a plain key is fine


def messages(url: str) -> ChatAnthropic:
    return ChatAnthropic(base_url=url, api_key="x", model="claude-x")  # type: ignore[call-arg, arg-type] # aliases


CLIENTS: Mapping[str, tuple[type[FakeServer], Callable[[str], BaseChatModel]]] = {
    "chat": (FakeOpenAI, chat),
    "responses": (FakeOpenAI, responses),
    "messages": (FakeAnthropic, messages),
}
PROVIDERS = pytest.mark.parametrize("client", sorted(CLIENTS))

DEMANDS: Mapping[str, Any] = {
    "chat": {
        "any": "required",
        "report": {"type": "function", "function": {"name": "report"}},
    },
    "responses": {
        "any": "required",
        "report": {"type": "function", "name": "report"},
    },
    "messages": {"any": {"type": "any"}, "report": {"type": "tool", "name": "report"}},
}
"""How each provider is told to call some tool, and to call `report`."""


def streamed(model: Any) -> AIMessage:
    first, *rest = model.stream(ASKED)
    answer: AIMessage = first.__add__(rest)
    return answer


WAYS = pytest.mark.parametrize("way", [lambda model: model.invoke(ASKED), streamed])


@PROVIDERS
@WAYS
def test_a_retrieval_may_come_before_a_demanded_tool(
    client: str, way: Callable[[Any], AIMessage]
) -> None:
    """The model chooses between the demanded tool and ours, and no other."""
    server_class, make = CLIENTS[client]
    call = ToolUse(name="report", args={"finding": "disk"})
    with server_class(
        [Reply(tool_calls=(HIDDEN,)), Reply(tool_calls=(call,))]
    ) as server:
        model = HeadroomChatModel(make(server.url), policy=FIRST)
        bound = model.bind_tools([search, report], tool_choice="report")
        answer = way(bound)
        sent = [query.received.body for query in server.requests]
    assert [call["name"] for call in answer.tool_calls] == ["report"]
    assert "ERROR disk full 300" in str(sent[1])
    for body in sent:
        assert [*map(tool_name, body["tools"])] == ["report", "headroom_retrieve"]
        assert body["tool_choice"] == DEMANDS[client]["any"]


@PROVIDERS
@WAYS
def test_after_the_last_retrieval_the_demand_counts(
    client: str, way: Callable[[Any], AIMessage]
) -> None:
    """A model that asks on and on is held to what the caller demanded."""
    server_class, make = CLIENTS[client]
    call = ToolUse(name="report", args={"finding": "disk"})
    asking = Reply(tool_calls=(HIDDEN,))
    policy = FIRST.model_copy(update={"max_rounds": 1})
    with server_class([asking, asking, Reply(tool_calls=(call,))]) as server:
        model = HeadroomChatModel(make(server.url), policy=policy)
        answer = way(model.bind_tools([search, report], tool_choice="report"))
        last = server.requests[-1].received.body
    assert [call["name"] for call in answer.tool_calls] == ["report"]
    assert last["tool_choice"] == DEMANDS[client]["report"]
    assert [*map(tool_name, last["tools"])] == ["search", "report", "headroom_retrieve"]


# The bare ChatOpenAI warns of its own parsed chunk, too.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@PROVIDERS
@WAYS
def test_a_retrieval_may_come_before_a_native_answer(
    client: str, way: Callable[[Any], Any]
) -> None:
    """Structured output in the provider's own format can read originals first."""
    server_class, make = CLIENTS[client]
    script = [Reply(tool_calls=(HIDDEN,)), Reply(text='{"cause": "disk"}')]
    with server_class(script) as server:
        model = HeadroomChatModel(make(server.url), policy=FIRST)
        chain = model.with_structured_output(Finding, method="json_schema")
        found = chain.invoke(ASKED) if way is not streamed else [*chain.stream(ASKED)]
        sent = [query.received.body for query in server.requests]
    assert (found if way is not streamed else found[-1]) == Finding(cause="disk")
    assert "ERROR disk full 300" in str(sent[1])
    for body in sent:
        assert [*map(tool_name, body["tools"])] == ["headroom_retrieve"]
        assert "tool_choice" not in body
        assert "cause" in str(body.get("response_format") or body)


@PROVIDERS
def test_a_call_without_markers_is_the_callers_own(client: str) -> None:
    """With nothing to retrieve the demand goes out as it was made."""
    server_class, make = CLIENTS[client]
    call = ToolUse(name="report", args={"finding": "disk"})
    with server_class([Reply(tool_calls=(call,))]) as server:
        model = HeadroomChatModel(make(server.url), policy=FIRST)
        model.bind_tools([report], tool_choice="report").invoke("go")
        (body,) = [query.received.body for query in server.requests]
    assert body["tool_choice"] == DEMANDS[client]["report"]


@pytest.mark.parametrize("client", ["chat", "messages"])
def test_a_retrieval_may_come_before_an_answer_without_tools(client: str) -> None:
    """Told to call none of its tools, the model can still call ours, and only it."""
    server_class, make = CLIENTS[client]
    none: Any = "none" if client == "chat" else {"type": "none"}
    script = [Reply(tool_calls=(HIDDEN,)), Reply(text="The disk.")]
    with server_class(script) as server:
        model = HeadroomChatModel(make(server.url), policy=FIRST)
        answer = model.bind_tools([search]).bind(tool_choice=none).invoke(ASKED)
        sent = [query.received.body for query in server.requests]
    assert answer.text == "The disk."
    for body in sent:
        assert [*map(tool_name, body["tools"])] == ["headroom_retrieve"]


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({}, "free"),
        ({"tool_choice": "auto"}, "free"),
        ({"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}, "free"),
        ({"tool_choice": {"auto": {}}}, "free"),
        ({"tool_choice": "required"}, "any"),
        ({"tool_choice": True}, "any"),
        ({"tool_choice": {"type": "any"}}, "any"),
        ({"tool_choice": {"any": {}}}, "any"),
        ({"tool_choice": "none"}, "none"),
        ({"tool_choice": {"type": "none"}}, "none"),
        ({"tool_choice": "report"}, "named"),
        ({"tool_choice": {"tool": {"name": "report"}}}, "named"),
        ({"tool_choice": DEMANDS["chat"]["report"]}, "named"),
        ({"tool_choice": DEMANDS["messages"]["report"]}, "named"),
        ({"response_format": {"type": "json_object"}}, "format"),
        ({"format": "json"}, "format"),
        ({"response_mime_type": "application/json"}, "format"),
        ({"response_format": {"type": "json_object"}, "tools": [{}]}, "free"),
    ],
)
def test_a_demand_is_read_in_every_providers_words(
    arguments: Mapping[str, Any], kind: str
) -> None:
    """What a call leaves the model to do is known, whoever's format it has."""
    choice = ToolChoice.of(arguments)
    assert choice.kind == kind
    assert choice.name == ("report" if kind == "named" else None)
