"""Reports say what the clients of providers really sent, byte for byte."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytest
import wire_clients
from calling import history, log
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import SystemMessage
from recount import as_json, texts

from headroom_langchain import HeadroomChatModel
from headroom_langchain.accounts.prices import ModelPrice
from headroom_langchain.calls.tool_choice import tool_name
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.testing.marker import RETRIEVE
from headroom_langchain.testing.servers import (
    FakeAnthropic,
    FakeOpenAI,
    FakeServer,
    Reply,
    ToolUse,
    Usage,
)
from headroom_langchain.tokens import estimate_tokens

CLIENTS: dict[str, tuple[type[FakeServer], Callable[[str], BaseChatModel]]] = {
    "chat": (FakeOpenAI, partial(wire_clients.chat, stream_usage=True)),
    "responses": (FakeOpenAI, wire_clients.responses),
    "anthropic": (FakeAnthropic, wire_clients.anthropic),
}


def replies(retrievals: int) -> Iterator[Reply]:
    """Return what a model says that retrieves so often."""
    for number in range(retrievals):
        args = {"hash": content_key(log()), "query": f"disk {number}"}
        call = ToolUse(name=RETRIEVE, args=args, id=f"secret_{number}")
        counted = Usage(input=300 + number, output=20, cached=100)
        yield Reply(text="Wait.", tool_calls=(call,), usage=counted)
    yield Reply(text="The disk.", usage=Usage(input=400, output=10, cached=100))


def texts_of(body: Mapping[str, Any]) -> int:
    """Count the texts of a request, whichever provider it is for."""
    found = [*texts(body.get("system"))]
    for item in body.get("messages") or body["input"]:
        if item.get("type") == "function_call_output":
            found += texts(item["output"])
        elif "content" in item:
            content = item["content"]
            spoken = content if isinstance(content, str) else _sayable(content)
            found += texts(spoken)
    return sum(map(estimate_tokens, found))


def _sayable(blocks: Any) -> list[Any]:
    kinds = {"text", "input_text", "output_text", "tool_result"}
    return [block for block in blocks or () if block["type"] in kinds]


def schema_of(body: Mapping[str, Any]) -> int:
    """Count the retrieve tool in the list of tools."""
    tools = [tool for tool in body.get("tools") or () if tool_name(tool) == RETRIEVE]
    return sum(map(as_json, tools))


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
@pytest.mark.parametrize("retrievals", [0, 1, 3])
@pytest.mark.parametrize("client", CLIENTS)
async def test_the_report_is_what_went_over_the_wire(
    client: str, retrievals: int, way: str
) -> None:
    """Texts, the tool's schema and the provider's usage, of every request."""
    server_class, make = CLIENTS[client]
    said = deque(replies(retrievals))
    with server_class(lambda _: said.popleft()) as server:
        model = HeadroomChatModel(make(server.url))
        messages = [SystemMessage("Be brief."), *history()]
        await called(model, way, messages)
        bodies = [query.received.body for query in server.requests]
    report = model.report
    assert report is not None
    assert len(bodies) == retrievals + 1
    assert [request.tokens for request in report.requests] == [*map(texts_of, bodies)]
    schemas = [*map(schema_of, bodies)]
    arguments = 0
    for request, schema in zip(report.requests, schemas, strict=True):
        assert 0 < schema <= request.tokens_tool - arguments
        arguments = request.tokens_tool - schema
    assert report.figures.input_tokens == (
        sum(300 + number for number in range(retrievals)) + 400
    )
    assert report.figures.cache_read_tokens == 100 * (retrievals + 1)
    assert report.figures.uncounted == 0
    paid = ModelPrice(input=1.0, cached_input=0.0).savings(report).paid
    fresh = report.figures.input_tokens - report.figures.cache_read_tokens
    assert paid == pytest.approx(fresh / 1_000_000)


async def called(model: BaseChatModel, way: str, messages: Any) -> None:
    """Call a model in a way."""
    match way:
        case "invoke":
            model.invoke(messages)
        case "ainvoke":
            await model.ainvoke(messages)
        case "stream":
            list(model.stream(messages))
        case _:
            [chunk async for chunk in model.astream(messages)]
