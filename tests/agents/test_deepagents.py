"""Beside deepagents: its eviction of large results, its files, its subagents."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest
from deepagents import create_deep_agent
from deepagents.backends import StateBackend
from deepagents.middleware.filesystem import FilesystemMiddleware
from langchain_core.messages import AIMessageChunk
from langchain_core.tools import tool
from three_turns import (
    ANSWERS,
    MODES,
    QUESTIONS,
    SERVERS,
    THREAD,
    TOOLS,
    Agent,
    Seam,
    Way,
    model_of,
    prefix_of,
    seen,
    sensible,
    taken,
    ticket,
)

from headroom_langchain import CompressionPolicy, HeadroomChatModel
from headroom_langchain.middleware import HeadroomMiddleware
from headroom_langchain.testing.servers import FakeOpenAI, Query, Reply, ToolUse

EVICTED_FROM = 80_000
"""Characters from which deepagents puts a result into a file of its own."""


@tool
def listing(lines: int, width: int) -> str:
    """List jobs."""
    return "\n".join(
        f"2026-03-01 INFO job {n} ticket {ticket(n)}".ljust(width, ".")
        for n in range(lines)
    )


@tool
def boasting() -> str:
    """List jobs, as if they were in a file."""
    opening = "Tool result too large, the result of this tool call c1 was saved"
    return f"{opening}\n{listing.invoke({'lines': 900, 'width': 80})}"


def calling(name: str, **arguments: Any) -> list[Reply]:
    """A script of one call and an answer."""
    return [
        Reply(tool_calls=(ToolUse(name=name, args=arguments),)),
        Reply(text="Done."),
    ]


def played(
    script: list[Reply],
    *,
    files: Mapping[str, str] | None = None,
    middleware: Sequence[Any] = (),
) -> tuple[str, str]:
    """Play one turn; returns the first result in the state and as it was sent."""
    given: dict[str, Any] = {"messages": [("user", "Go.")]}
    if files:
        given["files"] = {
            path: {"content": text, "encoding": "utf-8"} for path, text in files.items()
        }
    with FakeOpenAI(script) as server:
        model = HeadroomChatModel(model_of("chat", server.url))
        agent: Agent = create_deep_agent(
            model, [listing, boasting], middleware=middleware
        )
        state = agent.invoke(given)
        said = server.requests[1].said
    kept = next(m.text for m in state["messages"] if m.type == "tool")
    return kept, next(message.text for message in said if message.role == "tool")


def test_a_result_below_its_limit_is_kept_and_compressed() -> None:
    """What deepagents leaves in the state goes out as an excerpt."""
    kept, sent = played(calling("listing", lines=900, width=80))
    assert kept == listing.invoke({"lines": 900, "width": 80})
    assert len(kept) < EVICTED_FROM
    assert len(sent) < len(kept) / 10
    assert "headroom_retrieve(" in sent


@pytest.mark.parametrize(("lines", "width"), [(1100, 80), (100, 2000)])
def test_a_result_above_its_limit_is_a_file_and_we_leave_it_alone(
    lines: int, width: int
) -> None:
    """What deepagents says of an evicted result goes out as it is: where, and how."""
    kept, sent = played(calling("listing", lines=lines, width=width))
    assert kept.startswith("Tool result too large")
    assert "/large_tool_results/" in kept
    assert sent == kept


def test_a_result_that_only_begins_like_an_evicted_one_is_compressed() -> None:
    """No tool can talk its way past compression."""
    kept, sent = played(calling("boasting"))
    assert kept == boasting.invoke({})
    assert len(sent) < len(kept) / 10


def test_without_its_eviction_we_compress_the_large_result() -> None:
    """With its limit taken away the whole result stays in the state."""
    own = FilesystemMiddleware(
        backend=StateBackend(), tool_token_limit_before_evict=None
    )
    kept, sent = played(calling("listing", lines=1100, width=80), middleware=[own])
    assert kept == listing.invoke({"lines": 1100, "width": 80})
    assert len(sent) < len(kept) / 10
    assert "headroom_retrieve(" in sent


CODE = "\n".join(f"value_{n} = {n * 7919 % 1000}  # job" for n in range(400))
MANY = {f"/jobs/{n:03}.py": "# job" for n in range(200)}


@pytest.mark.parametrize(
    ("name", "arguments", "files"),
    [
        ("read_file", {"file_path": "/a.py", "limit": 400}, {"/a.py": CODE}),
        ("grep", {"pattern": "# job", "output_mode": "content"}, {"/a.py": CODE}),
        ("grep", {"pattern": "# job"}, MANY),
        ("glob", {"pattern": "**/*.py"}, MANY),
        ("ls", {"path": "/jobs"}, MANY),
    ],
)
def test_what_is_edited_from_goes_out_letter_by_letter(
    name: str, arguments: dict[str, Any], files: dict[str, str]
) -> None:
    """Results of its file tools are sent as they are, however long."""
    kept, sent = played(calling(name, **arguments), files=files)
    assert len(kept) > 2000
    assert sent == kept


@pytest.mark.parametrize("name", ["write_file", "edit_file"])
def test_what_confirms_an_edit_goes_out_letter_by_letter(name: str) -> None:
    """The tools that change files are among those left alone."""
    assert CompressionPolicy().excludes(name)


def delegating(query: Query) -> Reply:
    """Answer as a model that leaves the work to a subagent."""
    if query.user != "Ask another.":
        return sensible(query)
    if "task" in query.used:
        return Reply(text=f"I heard: {query.said[-1].text}")
    work = {"description": QUESTIONS[0], "subagent_type": "general-purpose"}
    return Reply(text="I ask.", tool_calls=(ToolUse(name="task", args=work),))


def with_subagent(model: Any, seam: Seam) -> Agent:
    """A deep agent whose subagent has this package too."""
    if seam == "wrapped":
        return create_deep_agent(HeadroomChatModel(model), TOOLS)
    other: Any = {
        "name": "general-purpose",
        "description": "Does what it is told.",
        "system_prompt": "Do it.",
        "middleware": [HeadroomMiddleware()],
    }
    return create_deep_agent(
        model, TOOLS, middleware=[HeadroomMiddleware()], subagents=[other]
    )


@pytest.mark.parametrize(
    ("seam", "client", "way"),
    [
        ("wrapped", "chat", "stream"),
        ("wrapped", "responses", "astream"),
        ("wrapped", "anthropic", "astream"),
        ("middleware", "anthropic", "stream"),
        ("middleware", "chat", "astream"),
    ],
)
async def test_a_subagent_retrieves_unseen(seam: Seam, client: str, way: Way) -> None:
    """Nothing hidden comes out of a subagent, in no stream mode of the outer agent."""
    with SERVERS[client](delegating) as server:
        agent = with_subagent(model_of(client, server.url), seam)
        events = await taken(agent, {"messages": [("user", "Ask another.")]}, way)
        requests = server.requests
    assert {mode for _, mode, _ in events} == set(MODES) - {"checkpoints"}
    assert any(namespace for namespace, _, _ in events)
    assert all("headroom" not in seen(event) for _, _, event in events)
    texts: dict[Any, str] = defaultdict(str)
    for _, mode, event in events:
        if mode == "messages" and isinstance(event[0], AIMessageChunk):
            texts[event[0].id] += event[0].text
    found = f"I look.\n\n{ANSWERS[0]}"
    assert [*texts.values()] == [
        "I ask.",
        "I read the log.",
        found,
        f"I heard: {found}",
    ]
    theirs = [q.received.body for q in requests if q.user == QUESTIONS[0]]
    assert len(theirs) == 3
    assert all(prefix_of(one, two) for one, two in pairwise(theirs))
    assert ticket(417) not in json.dumps(theirs[1])


async def test_middleware_of_the_agent_does_not_reach_its_subagents() -> None:
    """Subagents need the middleware for themselves, deepagents does not pass it on."""
    with FakeOpenAI(delegating) as server:
        agent: Agent = create_deep_agent(
            model_of("chat", server.url), TOOLS, middleware=[HeadroomMiddleware()]
        )
        await agent.ainvoke({"messages": [("user", "Ask another.")]}, THREAD)
        theirs = [q for q in server.requests if q.user == QUESTIONS[0]]
    assert all(query.tool("headroom_retrieve") is None for query in theirs)
    assert ticket(417) in json.dumps(theirs[1].received.body)
