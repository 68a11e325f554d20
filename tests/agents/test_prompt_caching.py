"""Middleware that marks what Anthropic is to cache asks for a `ChatAnthropic`.

So it needs `preserve_type`. Without it a wrapped model is not marked, which costs
more than compression saves; that is why the option is there.
"""

from __future__ import annotations

from typing import Any

import pytest
from deepagents import create_deep_agent
from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_anthropic.middleware import AnthropicPromptCachingMiddleware
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.tools import tool
from pydantic import SecretStr

from headroom_langchain import HeadroomChatModel
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.middleware import HeadroomMiddleware
from headroom_langchain.testing.servers import FakeAnthropic, Reply, ToolUse

BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full on web-7' if n == 300 else 'INFO ok'} {n}"
    for n in range(600)
)
HIDDEN = ToolUse(
    name="headroom_retrieve", args={"hash": content_key(BIG), "query": "disk full"}
)
SCRIPT = [
    Reply(text="I look.", tool_calls=(ToolUse(name="read_log", args={"host": "w"}),)),
    Reply(text="More.", tool_calls=(HIDDEN,)),
    Reply(text="The disk of web-7 is full."),
]
ANSWER = "More.\n\nThe disk of web-7 is full."


@tool
def read_log(host: str) -> str:
    """Read the log of a host."""
    return BIG


def _agent(llm: Any, kind: str, how: str, *, preserve_type: bool = True) -> Any:
    middleware: list[Any] = []
    if how == "model":
        llm = HeadroomChatModel(llm, preserve_type=preserve_type)
    elif how == "middleware":
        middleware.append(HeadroomMiddleware(preserve_type=preserve_type))
    options: dict[str, Any] = {"system_prompt": "Be brief."}
    if kind == "deep":
        # It appends its caching middleware after that of the caller.
        return create_deep_agent(llm, [read_log], middleware=middleware, **options)
    caching = AnthropicPromptCachingMiddleware(unsupported_model_behavior="ignore")
    middleware.append(caching)
    return create_agent(llm, [read_log], middleware=middleware, **options)


async def _answered(agent: Any, *, streaming: bool, asynchronous: bool) -> str:
    """Ask an agent; returns the last answer as the client sees it."""
    given = {"messages": [HumanMessage("What is wrong?")]}
    if streaming:
        events = agent.stream(given, stream_mode="messages")
        chunks = [c for c, _ in events if isinstance(c, AIMessageChunk)]
        last = chunks[-1].id
        return "".join(chunk.text for chunk in chunks if chunk.id == last)
    state = await agent.ainvoke(given) if asynchronous else agent.invoke(given)
    text: str = state["messages"][-1].text
    return text


def _bodies(server: FakeAnthropic) -> list[Any]:
    return [query.received.body for query in server.requests]


def _without_the_tool(body: Any) -> Any:
    """Leave out of a request what the wrapper adds to it."""
    own = [offered for offered in body["tools"] if offered["name"] != HIDDEN.name]
    return {**body, "tools": own}


@pytest.mark.parametrize(
    ("streaming", "asynchronous"),
    [(False, False), (False, True), (True, False)],
    ids=["invoke", "ainvoke", "stream"],
)
@pytest.mark.parametrize("how", ["model", "middleware"])
@pytest.mark.parametrize("kind", ["plain", "deep"])
async def test_the_marks_arrive(
    kind: str, how: str, *, streaming: bool, asynchronous: bool
) -> None:
    """Requests are marked as a bare model's are, those of hidden rounds too."""
    with FakeAnthropic(SCRIPT) as server:
        agent = _agent(_client(server), kind, how)
        text = await _answered(agent, streaming=streaming, asynchronous=asynchronous)
        sent = _bodies(server)
    with FakeAnthropic([SCRIPT[0], SCRIPT[2]]) as server:
        agent = _agent(_client(server), kind, "bare")
        await _answered(agent, streaming=streaming, asynchronous=asynchronous)
        bare = _bodies(server)
    assert text == ANSWER
    assert _without_the_tool(sent[0]) == bare[0]
    assert bare[0]["cache_control"]
    assert bare[0]["system"][-1]["cache_control"]
    assert [(s["cache_control"], s["system"], s["tools"]) for s in sent[1:]] == [
        (sent[0]["cache_control"], sent[0]["system"], sent[0]["tools"])
    ] * 2
    assert len(str(sent[1]["messages"])) < len(BIG) / 2


@pytest.mark.parametrize("how", ["model", "middleware"])
@pytest.mark.parametrize("kind", ["plain", "deep"])
async def test_without_the_option_none_arrives(kind: str, how: str) -> None:
    """The caching middleware leaves alone what it does not take for its model."""
    with FakeAnthropic(SCRIPT) as server:
        agent = _agent(_client(server), kind, how, preserve_type=False)
        assert await _answered(agent, streaming=False, asynchronous=False) == ANSWER
        sent = _bodies(server)
    assert not [body for body in sent if "cache_control" in str(body)]


def _client(server: FakeAnthropic) -> Any:
    return ChatAnthropic(
        model_name="claude-x",
        base_url=server.url,
        api_key=SecretStr("x"),
        timeout=None,
        stop=None,
    )
