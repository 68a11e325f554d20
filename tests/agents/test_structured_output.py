"""Structured answers are the same with this package, and may rest on an original."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from pydantic import BaseModel
from three_turns import JOBS, LOG, SERVERS, TOOLS, Seam, model_of, seen, ticket

from headroom_langchain import HeadroomChatModel
from headroom_langchain.middleware import HeadroomMiddleware
from headroom_langchain.testing.marker import RETRIEVE, last_hash
from headroom_langchain.testing.servers import (
    Query,
    Reply,
    ToolUse,
    asking_first,
    plausible,
)


class Found(BaseModel):
    """What was found, in JSON."""

    job: str
    ticket: str


HISTORY: list[BaseMessage] = [
    HumanMessage("Look."),
    AIMessage(
        "", tool_calls=[{"name": "read_log", "args": {"host": "x"}, "id": "call_1"}]
    ),
    ToolMessage(LOG, tool_call_id="call_1", name="read_log"),
    HumanMessage("Say 'job' and 'ticket' as JSON."),
]

METHODS = [
    (client, method)
    for client in sorted(SERVERS)
    for method in ("json_schema", "function_calling", "json_mode")
    if (client, method) != ("anthropic", "json_mode")
]
"""Anthropic's client has no `json_mode`."""


def fields(query: Query) -> dict[str, Any]:
    """The fields of a request, without messages and without our tool."""
    body = dict(query.received.body)
    tools = [tool for tool in body.pop("tools", ()) if RETRIEVE not in str(tool)]
    body.pop("messages", body.pop("input", None))
    return {**body, "tools": tools}


def around_the_log(query: Query) -> str:
    """The messages of a request, with something else for what the tool wrote."""
    body = query.received.body
    (written,) = (said.text for said in query.said if said.role == "tool")
    return json.dumps(body.get("messages") or body["input"]).replace(
        json.dumps(written)[1:-1], "what the tool wrote"
    )


@pytest.mark.parametrize(
    ("asynchronous", "include_raw"), [(False, True), (True, False)]
)
@pytest.mark.parametrize(("client", "method"), METHODS)
async def test_with_structured_output_sends_and_gives_the_same(
    client: str, method: str, *, asynchronous: bool, include_raw: bool
) -> None:
    """Each method gives the bare model's object, and only the log is shorter."""
    given = []
    with SERVERS[client](plausible) as server:
        model = model_of(client, server.url)
        for each in (model, HeadroomChatModel(model)):
            chain: Any = each.with_structured_output(
                Found, method=method, include_raw=include_raw
            )
            given.append(
                await chain.ainvoke(HISTORY) if asynchronous else chain.invoke(HISTORY)
            )
        bare, wrapped = server.requests
    parsed = [each["parsed"] if include_raw else each for each in given]
    assert parsed[0] == parsed[1]
    assert fields(bare) == fields(wrapped)
    assert around_the_log(bare) == around_the_log(wrapped)
    assert len(wrapped.received.raw) < len(bare.received.raw) / 4
    if include_raw:
        assert given[1]["parsing_error"] is None
        calls = [
            [(call["name"], call["args"]) for call in each["raw"].tool_calls]
            for each in given
        ]
        assert calls[0] == calls[1]
        assert "headroom" not in seen(given[1]["raw"])


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream"])
@pytest.mark.parametrize("client", sorted(SERVERS))
async def test_an_answer_format_beside_tools_allows_retrieval(
    client: str, way: str
) -> None:
    """With tools in the call the model may retrieve before it answers in JSON."""
    with SERVERS[client](asking_first(plausible)) as server:
        model = model_of(client, server.url)
        schema = {"type": "json_schema", "json_schema": _schema()}
        said = []
        for each in (model, HeadroomChatModel(model)):
            bound: Any = each.bind_tools(TOOLS, response_format=schema, strict=True)
            match way:
                case "invoke":
                    said.append(bound.invoke(HISTORY))
                case "ainvoke":
                    said.append(await bound.ainvoke(HISTORY))
                case _:
                    first, *rest = bound.stream(HISTORY)
                    said.append(first.__add__(rest))
        bare, asked, told = server.requests
    assert Found.model_validate_json(said[1].text) == Found.model_validate_json(
        said[0].text
    )
    assert fields(bare) == fields(asked) == fields(told)
    assert told.answered == (RETRIEVE,)
    offered = asked.received.body["tools"]
    assert all('"strict": true' in json.dumps(tool) for tool in offered)


def _schema() -> dict[str, Any]:
    schema = {**Found.model_json_schema(), "additionalProperties": False}
    return {"name": "Found", "strict": True, "schema": schema}


def finding(query: Query) -> Reply:
    """Answer as a model that reads the log, looks closer, and fills in a form."""
    job = JOBS["first"]
    if "read_log" not in query.used:
        return Reply(tool_calls=(ToolUse(name="read_log", args={"host": "w"}),))
    if query.tool(RETRIEVE) and RETRIEVE not in query.used:
        asked = {
            "hash": last_hash(said.text for said in query.said) or "0" * 24,
            "query": f"job {job}",
        }
        return Reply(tool_calls=(ToolUse(name=RETRIEVE, args=asked),))
    texts = "\n".join(said.text for said in query.said)
    found = re.search(rf"INFO job {job} ticket (\w+)", texts)
    form = {"job": str(job), "ticket": found[1] if found else "not seen"}
    if query.tool("Found"):
        return Reply(tool_calls=(ToolUse(name="Found", args=form),))
    return Reply(text=json.dumps(form))


STRATEGIES: dict[str, Callable[[type[Found]], Any]] = {
    "tool": ToolStrategy,
    "provider": ProviderStrategy,
    "automatic": lambda schema: schema,
}
NAMES = {"anthropic": "claude-opus-4-6", "chat": "gpt-5", "responses": "gpt-5"}
"""Models of which langchain knows that they have an answer format."""


@pytest.mark.parametrize(
    ("seam", "asynchronous"), [("wrapped", True), ("middleware", False)]
)
@pytest.mark.parametrize("client", sorted(SERVERS))
@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
async def test_an_agent_answers_in_a_schema_from_an_original(
    strategy: str, client: str, seam: Seam, *, asynchronous: bool
) -> None:
    """The form is filled from a hidden line, and requests differ by the tool only."""
    states = []
    with SERVERS[client](finding) as server:
        model = model_of(client, server.url, NAMES[client])
        for each in ("bare", seam):
            agent: Any = create_agent(
                HeadroomChatModel(model) if each == "wrapped" else model,
                TOOLS,
                middleware=[HeadroomMiddleware()] if each == "middleware" else [],
                response_format=STRATEGIES[strategy](Found),
            )
            given = {"messages": [("user", "Which ticket has my first job?")]}
            states.append(
                await agent.ainvoke(given) if asynchronous else agent.invoke(given)
            )
        requests = server.requests
    assert [state["structured_response"] for state in states] == [
        Found(job="417", ticket=ticket(417))
    ] * 2
    bare, ours = requests[:2], requests[2:]
    assert len(ours) == 3
    assert ticket(417) not in str(ours[1].said)
    for query in ours:
        assert fields(query) == fields(bare[0]) == fields(bare[1])
    assert [m.type for m in states[0]["messages"]] == [
        m.type for m in states[1]["messages"]
    ]
    assert "headroom" not in seen(states[1])
