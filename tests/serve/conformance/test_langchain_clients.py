"""LangChain's own clients, whose requests and histories have shapes of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    ToolMessage,
)
from upstreams import Call, Retrieve, StrictUpstream, Thinking, Usage
from upstreams.script import said
from wire_clients import anthropic, chat, responses

from conformance.house import House
from conformance.speaking import SCHEMA, How, rows
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME

Make: TypeAlias = Callable[..., BaseChatModel]

LOOK = Call("look", {"at": "x"})
TOOL = {
    "type": "function",
    "function": {"name": "look", "description": "Look.", "parameters": SCHEMA},
}
MAKERS: Mapping[str, Callable[[House], BaseChatModel]] = {
    "anthropic": lambda house: anthropic(house.url, max_retries=0),
    "chat": lambda house: chat(f"{house.url}/v1", max_retries=0, stream_usage=True),
    "responses": lambda house: responses(f"{house.url}/v1", max_retries=0),
    "chained": lambda house: responses(
        f"{house.url}/v1", max_retries=0, use_previous_response_id=True
    ),
    "unstored": lambda house: responses(
        f"{house.url}/v1",
        max_retries=0,
        store=False,
        include=["reasoning.encrypted_content"],
    ),
}


@pytest.fixture(params=sorted(MAKERS))
def model(request: pytest.FixtureRequest, house: House) -> BaseChatModel:
    """Each client in turn."""
    return MAKERS[request.param](house)


def _begin() -> list[BaseMessage]:
    call = {"id": "call_own", "name": "look", "args": {}}
    return [
        HumanMessage("Which host is odd?"),
        AIMessage("", tool_calls=[call]),
        ToolMessage(rows(), tool_call_id="call_own"),
    ]


def _ask(model: BaseChatModel, messages: list[BaseMessage], how: How) -> AIMessage:
    bound = model.bind_tools([TOOL])
    if how == "whole":
        return bound.invoke(messages)
    whole: Any = None
    for chunk in bound.stream(messages):
        whole = chunk if whole is None else whole + chunk
    assert isinstance(whole, AIMessageChunk)
    return whole


def test_a_conversation(
    upstream: StrictUpstream, model: BaseChatModel, how: How
) -> None:
    """Retrievals, calls of tools and turns of the user follow one another."""
    upstream.play(
        said("One. ", Retrieve("host-44"), usage=Usage(1000, 10)),
        said("Two. ", LOOK, usage=Usage(2000, 20)),
        said(Retrieve("host-7"), LOOK),
        said("Three. ", Retrieve("host-8")),
        said("Four."),
        said("Five."),
    )
    messages = _begin()
    texts, usages = [], []
    for _ in range(4):
        answer = _ask(model, messages, how)
        texts.append(answer.text)
        usages.append(answer.usage_metadata)
        messages.append(answer)
        messages += [
            ToolMessage(rows(first=3000), tool_call_id=call["id"])
            for call in answer.tool_calls
        ] or [HumanMessage("Go on.")]
    assert texts == ["One. Two. ", "", "Three. Four.", "Five."]
    assert usages[0] is not None
    assert usages[0]["input_tokens"] == 3000
    assert usages[0]["output_tokens"] == 30
    assert RETRIEVE_TOOL_NAME not in str(messages)


def test_parallel_calls(
    upstream: StrictUpstream, model: BaseChatModel, how: How
) -> None:
    """Hidden and shown calls in one answer, several of each."""
    other = Call("look", {"at": "y"})
    upstream.play(
        said(Retrieve("host-44"), LOOK, Retrieve("host-7"), other), said("Done.")
    )
    messages = _begin()
    answer = _ask(model, messages, how)
    assert [call["args"] for call in answer.tool_calls] == [LOOK.args, other.args]
    told = [
        ToolMessage("a result", tool_call_id=call["id"]) for call in answer.tool_calls
    ]
    last = _ask(model, [*messages, answer, *told], how)
    assert last.text == "Done."


def test_thinking_of_chat_anthropic(
    house: House, upstream: StrictUpstream, how: How
) -> None:
    """Its thinking blocks come back signed, before hidden calls and before shown."""
    thinking = {"type": "enabled", "budget_tokens": 2000}
    model = anthropic(house.url, max_retries=0, thinking=thinking, max_tokens=4000)
    upstream.play(
        said(Thinking("Where?"), "One. ", Retrieve("host-44")),
        said(Thinking("There."), "Two. ", Retrieve("host-7"), LOOK),
        said(Thinking("So."), "Three. ", Retrieve("host-8")),
        said(Thinking("I see."), "Four."),
        said("Five."),
    )
    messages = _begin()
    texts = []
    for _ in range(3):
        answer = _ask(model, messages, how)
        texts.append(answer.text)
        messages.append(answer)
        messages += [
            ToolMessage("a result", tool_call_id=call["id"])
            for call in answer.tool_calls
        ] or [HumanMessage("Go on.")]
    assert texts == ["One. Two. ", "Three. Four.", "Five."]
    sent = upstream.got[-1].json["messages"]
    kinds = [
        [block["type"] for block in one["content"]]
        for one in sent
        if one["role"] == "assistant"
    ][1:]
    assert kinds == [
        ["thinking", "text", "tool_use"],
        ["thinking", "text", "tool_use", "tool_use"],
        ["thinking", "text", "tool_use"],
        ["thinking", "text"],
    ]


@pytest.mark.parametrize("kind", ["responses", "chained", "unstored"])
def test_reasoning_of_chat_openai(
    house: House, upstream: StrictUpstream, how: How, kind: str
) -> None:
    """Its reasoning items come back with what they led to."""
    model = MAKERS[kind](house)
    upstream.play(
        said(Thinking("Where?"), "One. ", Retrieve("host-44")),
        said(Thinking("There."), LOOK),
        said(Thinking("So."), "Three."),
        said("Four."),
    )
    messages = _begin()
    texts = []
    for _ in range(3):
        answer = _ask(model, messages, how)
        texts.append(answer.text)
        messages.append(answer)
        messages += [
            ToolMessage("a result", tool_call_id=call["id"])
            for call in answer.tool_calls
        ] or [HumanMessage("Go on.")]
    assert texts == ["One. ", "Three.", "Four."]


def test_cache_marks(house: House, upstream: StrictUpstream, how: How) -> None:
    """Marks of the provider's cache stay where the client put them."""
    model = anthropic(house.url, max_retries=0)
    upstream.play(said("One. ", Retrieve("host-44")), said("Two."), said("Three."))
    mark = {"cache_control": {"type": "ephemeral"}}
    question: list[str | dict[str, Any]] = [
        {"type": "text", "text": "Which host is odd?", **mark}
    ]
    messages = [HumanMessage(question), *_begin()[1:]]
    answer = _ask(model, messages, how)
    last: list[str | dict[str, Any]] = [{"type": "text", "text": "Go on.", **mark}]
    _ask(model, [*messages, answer, HumanMessage(last)], how)
    raw = json.dumps(upstream.got[-1].json["messages"])
    assert raw.count("cache_control") == 2
