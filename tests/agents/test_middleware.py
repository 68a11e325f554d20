"""Agents work with the middleware as without it, on fewer tokens."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_anthropic.middleware import AnthropicPromptCachingMiddleware
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

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
    Reply(text="As I said."),
]


@tool
def read_log(host: str) -> str:
    """Read the log of a host."""
    return BIG


def agent(server: FakeAnthropic, *more: Any, **options: Any) -> Any:
    model: Any = ChatAnthropic(model="claude-x", base_url=server.url, api_key="x")  # type: ignore[call-arg, arg-type] # aliases
    middleware = [*more, HeadroomMiddleware()]
    return create_agent(model, tools=[read_log], middleware=middleware, **options)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_an_agent_keeps_what_its_tools_wrote(*, asynchronous: bool) -> None:
    """The state has the originals and one answer; the model had the excerpt."""
    with FakeAnthropic(SCRIPT) as server:
        started = agent(server, checkpointer=InMemorySaver())
        config = {"configurable": {"thread_id": "1"}}
        for question in ("What is wrong?", "Sure?"):
            given = {"messages": [HumanMessage(question)]}
            if asynchronous:
                state = await started.ainvoke(given, config)
            else:
                state = started.invoke(given, config)
        sent = [query.received.body for query in server.requests]
    messages = state["messages"]
    assert [type(m) for m in messages] == [
        HumanMessage,
        AIMessage,
        ToolMessage,
        AIMessage,
        HumanMessage,
        AIMessage,
    ]
    assert messages[2].content == BIG
    assert messages[3].text == "More.\n\nThe disk of web-7 is full."
    assert len(str(sent[1])) < len(BIG) / 2
    assert sent[3]["messages"][: len(sent[2]["messages"])] == sent[2]["messages"]


async def test_an_agents_stream_shows_nothing_hidden() -> None:
    """Tokens of the hidden call are in no stream mode, subgraphs included."""
    with FakeAnthropic(SCRIPT) as server:
        started = agent(server)
        shown = ""
        modes = ["messages", "updates", "values", "custom"]
        async for _, mode, event in started.astream(
            {"messages": [HumanMessage("?")]}, stream_mode=modes, subgraphs=True
        ):
            if mode == "messages" and isinstance(event[0], AIMessage):
                shown += event[0].text
                assert "headroom_retrieve" not in str(event[0].content)
    assert shown == "I look.More.\n\nThe disk of web-7 is full."


def test_prompt_caching_before_it_keeps_working() -> None:
    """Middleware that looks for the provider's class finds it, and its mark arrives."""
    with FakeAnthropic(SCRIPT) as server:
        agent(server, AnthropicPromptCachingMiddleware()).invoke(
            {"messages": [HumanMessage("?")]}
        )
        sent = [query.received.body for query in server.requests]
    assert all("cache_control" in str(body) for body in sent)
