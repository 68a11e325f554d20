"""Answers of a model behind the protocols, read and checked."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.language_models import BaseChatModel

from headroom_langchain.serve.model_backed import ModelBacked
from headroom_langchain.serve.model_backed.asked import Protocol
from headroom_langchain.serve.wire.frames import Frames

Json = dict[str, Any]

HELLO: Json = {"messages": [{"role": "user", "content": "Hello"}]}


async def answered(
    model: BaseChatModel | ModelBacked, protocol: Protocol, body: Json
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an answer."""
    backed = model if isinstance(model, ModelBacked) else ModelBacked(model)
    answer = await backed.answer(protocol, body)
    data = b"".join([chunk async for chunk in answer.chunks()])
    await answer.close()
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return answer.status, headers, data


async def whole(model: Any, protocol: Protocol, body: Json = HELLO) -> Json:
    """Return an answer in one piece."""
    status, _, data = await answered(model, protocol, body)
    assert status == 200, data
    value: Json = json.loads(data)
    return value


async def streamed(model: Any, protocol: Protocol, body: Json = HELLO) -> list[Json]:
    """Return the events of a stream, those of Messages checked."""
    status, _, data = await answered(model, protocol, {**body, "stream": True})
    assert status == 200, data
    events = events_of(data)
    if protocol == "messages" and events[-1]["type"] != "error":
        check(events)
    return events


def events_of(data: bytes) -> list[Json]:
    """Return the events of a stream as JSON, but for the last word of a chat."""
    frames = list(Frames().feed(data))
    return [value for frame in frames if (value := frame.json()) is not None]


def check(events: list[Json]) -> None:
    """Check that a stream of Messages is one that every client reads."""
    kinds = [event["type"] for event in events if event["type"] != "ping"]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    begun, under_way = 0, False
    for event in events:
        match event["type"]:
            case "content_block_start":
                assert not under_way
                assert event["index"] == begun
                begun, under_way = begun + 1, True
            case "content_block_delta":
                assert under_way
                assert event["index"] == begun - 1
            case "content_block_stop":
                assert under_way
                assert event["index"] == begun - 1
                under_way = False
    assert not under_way
    assert kinds.count("message_start") == kinds.count("message_stop") == 1


def inputs(events: list[Json]) -> dict[str, str]:
    """Return the arguments of the calls in a stream of Messages, by their names."""
    names: dict[int, str] = {}
    written: dict[str, str] = {}
    for event in events:
        if event["type"] == "content_block_start":
            block = event["content_block"]
            if block["type"] == "tool_use":
                names[event["index"]] = block["name"]
                written[block["name"]] = ""
        elif event["type"] == "content_block_delta" and event["index"] in names:
            written[names[event["index"]]] += event["delta"]["partial_json"]
    return written
