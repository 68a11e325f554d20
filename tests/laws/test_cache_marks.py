"""Marks of `cache_control`: what they close off is sent again as it was sent once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_anthropic.middleware import AnthropicPromptCachingMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from outputs import MAKERS
from pydantic import SecretStr
from ways import WAYS, Ask, invoke

from headroom_langchain import HeadroomChatModel
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.middleware import HeadroomMiddleware
from headroom_langchain.testing.servers import (
    FakeAnthropic,
    FakeOpenAI,
    FakeServer,
    Reply,
    ToolUse,
)

MARK = {"cache_control": {"type": "ephemeral"}}
BIG = MAKERS["logs"](400, ["the disk of web-417 is full"])
OTHER = MAKERS["json_records"](120, ["no space left"])
HIDDEN = ToolUse(
    name="headroom_retrieve", args={"hash": content_key(BIG), "query": "disk full"}
)
TURNS = [
    Reply(text="Let me look.", tool_calls=(HIDDEN,)),
    Reply(text="The disk is full."),
    Reply(text="Nothing new."),
    Reply(text="Once more.", tool_calls=(HIDDEN,)),
    Reply(text="It is still full."),
]


@tool
def read_log(host: str) -> str:
    """Read the log of a host."""
    return BIG


def anthropic(url: str) -> BaseChatModel:
    return ChatAnthropic(
        model_name="claude-x",
        base_url=url,
        api_key=SecretStr("x"),
        timeout=None,
        stop=None,
    )


def openai(url: str) -> BaseChatModel:
    return ChatOpenAI(model="gpt-x", base_url=url, api_key=SecretStr("x"))


PROVIDERS: dict[
    str, tuple[type[FakeServer], Callable[[str], BaseChatModel], list[str]]
] = {
    "anthropic": (
        FakeAnthropic,
        anthropic,
        ["system", "human", "assistant", "tool", "tool_result", "all"],
    ),
    "openai": (FakeOpenAI, openai, ["system", "human", "all"]),
}
PLACES = [(name, place) for name, (_, _, all_) in PROVIDERS.items() for place in all_]
EACH_PLACE: list[tuple[str, str, Ask]] = [
    (name, place, invoke) for name, place in PLACES
]
EACH_WAY: list[tuple[str, str, Ask]] = [
    (name, "all", way) for name in PROVIDERS for way in WAYS[1:]
]


def text(place: str, marked: str, words: str) -> dict[str, Any]:
    """A block of text, marked when its place is."""
    mark = MARK if marked in {place, "all"} and place != "assistant" else {}
    return {"type": "text", "text": words, **mark}


def history(marked: str) -> list[BaseMessage]:
    """A conversation with large results, and marks in one place or in all."""
    calls = [
        {"name": "read_log", "args": {"host": host}, "id": f"toolu_{host}"}
        for host in ("a", "b")
    ]
    said = {
        "type": "text",
        "text": "I read.",
        **(MARK if marked == "assistant" else {}),
    }
    first: list[Any] = [text("tool", marked, BIG)]
    second: BaseMessage = ToolMessage(
        [text("tool", marked, OTHER)], tool_call_id="toolu_b"
    )
    if marked == "tool_result":
        block = {"type": "tool_result", "tool_use_id": "toolu_b", "content": OTHER}
        second = HumanMessage([{**block, **MARK}])
    return [
        SystemMessage([text("system", marked, "Be brief.")]),
        HumanMessage([text("human", marked, "What is wrong?")]),
        AIMessage([said], tool_calls=calls),
        ToolMessage(first, tool_call_id="toolu_a"),
        second,
    ]


def conversation(provider: str, ask: Ask, messages: list[BaseMessage]) -> list[Any]:
    """Ask three times, twice with a retrieval; returns the bodies of the requests."""
    served, client, _ = PROVIDERS[provider]
    with served(TURNS) as server:
        model = HeadroomChatModel(client(server.url)).bind_tools([read_log])
        for question in ("And now?", "Sure?", ""):
            answer = ask(model, messages)
            messages += [answer, HumanMessage(question)]
        return [query.received.body for query in server.requests]


def marks(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something is marked, in order."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "cache_control":
                yield path
            else:
                yield from marks(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from marks(inner, (*path, index))


def unmarked(value: Any) -> Any:
    """Leave the marks out."""
    if isinstance(value, dict):
        return {k: unmarked(v) for k, v in value.items() if k != "cache_control"}
    return [unmarked(v) for v in value] if isinstance(value, list) else value


def front(body: Any, messages: int) -> str:
    """What a provider caches: tools, system prompt, and the first messages."""
    kept = [body.get("tools"), body.get("system"), body["messages"][:messages]]
    return json.dumps(kept)


@pytest.mark.parametrize(("provider", "place", "ask"), EACH_PLACE + EACH_WAY)
def test_what_is_marked_is_sent_again(provider: str, place: str, ask: Ask) -> None:
    """Up to its last mark, and beyond, each request is repeated byte for byte."""
    bodies = conversation(provider, ask, history(place))
    assert len(bodies) == len(TURNS)
    assert any(marks(bodies[0]))
    for before, after in pairwise(bodies):
        length = len(before["messages"])
        assert front(after, length) == front(before, length)
        assert list(marks(after)) == list(marks(before))


@pytest.mark.parametrize(("provider", "place"), PLACES)
def test_marks_stay_where_they_were(provider: str, place: str) -> None:
    """A request is marked where a bare model's is, and nowhere else."""
    served, client, _ = PROVIDERS[provider]
    with served([Reply(text="Fine.")] * 2) as server:
        bare = client(server.url)
        for model in (bare, HeadroomChatModel(bare)):
            model.bind_tools([read_log]).invoke(history(place))
        given, sent = [query.received.body for query in server.requests]
    assert list(marks(sent)) == list(marks(given))
    assert len(json.dumps(sent)) < len(json.dumps(given)) / 2


@pytest.mark.parametrize(("provider", "place"), PLACES)
def test_marks_decide_nothing(provider: str, place: str) -> None:
    """Without its marks a request is the one of a conversation without any."""
    plain = "tool_result" if place == "tool_result" else "none"
    without = unmarked_history(history(plain))
    marked = conversation(provider, invoke, history(place))
    assert unmarked(marked) == conversation(provider, invoke, without)


def unmarked_history(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    return [m.model_copy(update={"content": unmarked(m.content)}) for m in messages]


@pytest.mark.parametrize("ask", WAYS)
def test_a_mark_that_moves_on_changes_nothing_else(ask: Ask) -> None:
    """Whoever marks only the last question sends the same texts before it."""
    messages = history("none")
    with FakeAnthropic(TURNS) as server:
        model = HeadroomChatModel(anthropic(server.url)).bind_tools([read_log])
        for question in ("And now?", "Sure?", "Really?"):
            last = HumanMessage([{"type": "text", "text": question, **MARK}])
            answer = ask(model, [*messages, last])
            messages += [HumanMessage([{"type": "text", "text": question}]), answer]
        bodies = [query.received.body for query in server.requests]
    assert [len(list(marks(body["messages"]))) for body in bodies] == [1] * len(TURNS)
    for before, after in pairwise(map(unmarked, bodies)):
        length = len(before["messages"])
        assert front(after, length) == front(before, length)


@pytest.mark.parametrize("caching", ["before", "after"])
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_with_caching_middleware(caching: str, *, asynchronous: bool) -> None:
    """Both middlewares together keep the front of an agent's requests, marks too."""
    reads = Reply(
        text="I read.", tool_calls=(ToolUse(name="read_log", args={"host": "a"}),)
    )
    both: list[Any] = [
        AnthropicPromptCachingMiddleware(),
        HeadroomMiddleware(preserve_type=True),
    ]
    with FakeAnthropic([reads, *TURNS[:2], reads, *TURNS[3:]]) as server:
        agent: Any = create_agent(
            anthropic(server.url),
            [read_log],
            system_prompt="Be brief.",
            middleware=both if caching == "before" else both[::-1],
            checkpointer=InMemorySaver(),
        )
        config = {"configurable": {"thread_id": "1"}}
        for question in ("What is wrong?", "Look again."):
            given = {"messages": [HumanMessage(question)]}
            if asynchronous:
                await agent.ainvoke(given, config)
            else:
                agent.invoke(given, config)
        bodies = [query.received.body for query in server.requests]
    assert len(bodies) == 6
    for before, after in pairwise(bodies):
        length = len(before["messages"])
        assert front(unmarked(after), length) == front(unmarked(before), length)
        assert (after["system"], after["tools"]) == (before["system"], before["tools"])
        assert (
            before["system"][-1]["cache_control"]
            == after["system"][-1]["cache_control"]
        )
