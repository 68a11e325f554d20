"""OpenAI Responses on the wire: `/v1/responses`."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from headroom_langchain.testing.servers.dialect import (
    CREATED,
    Dialect,
    arguments,
    frame,
    pieces,
    text_of,
)
from headroom_langchain.testing.servers.openai_common import (
    choice_of,
    error_body,
    error_type,
)
from headroom_langchain.testing.servers.query import OfferedTool, Query, Said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headroom_langchain.testing.servers.query import Json, Received
    from headroom_langchain.testing.servers.reply import Failure, Reply

_INCOMPLETE = {"length": "max_output_tokens", "refusal": "content_filter"}


class Responses(Dialect):
    """Reads and writes Responses."""

    path = "/v1/responses"

    def read(self, received: Received) -> Query:
        """Read a request."""
        body = received.body
        wanted: Json = (body.get("text") or {}).get("format") or {}
        return Query(
            received=received,
            model=str(body["model"]),
            stream=body.get("stream") is True,
            said=tuple(_said(body)),
            tools=tuple(
                OfferedTool(name=tool["name"], schema=tool.get("parameters") or {})
                for tool in body.get("tools") or ()
                if tool["type"] == "function"
            ),
            tool_choice=choice_of(body.get("tool_choice")),
            schema=wanted.get("schema"),
            wants_json=wanted.get("type") in {"json_object", "json_schema"},
        )

    def whole(self, reply: Reply, query: Query, number: int) -> Json:
        """Write a finished `response`."""
        return _response(query, number, reply, _items(reply, number))

    def events(self, reply: Reply, query: Query, number: int) -> Iterator[bytes]:
        """Write the events from `response.created` to `response.completed`."""
        numbers = count()
        for kind, fields in _events(reply, query, number):
            data = {"type": kind, **fields, "sequence_number": next(numbers)}
            yield frame(data, kind)

    def error(self, failure: Failure) -> Json:
        """Write the body of an HTTP error."""
        return error_body(failure)

    def error_event(self, failure: Failure) -> bytes:
        """Write an error in the middle of a stream."""
        fields = {"code": error_type(failure), "message": failure.message}
        return frame(
            {"type": "error", **fields, "param": None, "sequence_number": 0}, "error"
        )


def _said(body: Json) -> Iterator[Said]:
    if body.get("instructions"):
        yield Said(role="system", text=body["instructions"])
    if isinstance(body["input"], str):
        yield Said(role="user", text=body["input"])
        return
    names: dict[str, str] = {}
    for item in body["input"]:
        kind = item.get("type", "message")
        if kind == "message":
            developer = item["role"] == "developer"
            text = text_of(item["content"])
            yield Said(role="system" if developer else item["role"], text=text)
        elif kind == "function_call":
            names[item["call_id"]] = item["name"]
            yield Said(role="assistant", text="", calls=(item["call_id"],))
        elif kind == "function_call_output":
            call_id = item["call_id"]
            text, name = text_of(item["output"]), names.get(call_id, "")
            yield Said(role="tool", text=text, tool=name, calls=(call_id,))


def _items(reply: Reply, number: int) -> list[Json]:
    """Return the finished output items."""
    items: list[Json] = []
    if reply.thinking:
        summary = {"type": "summary_text", "text": reply.thinking}
        items.append({"id": f"rs_{number}", "type": "reasoning", "summary": [summary]})
    if reply.text or not reply.tool_calls:
        items.append(
            {
                "id": f"msg_{number}",
                "type": "message",
                "status": "completed",
                "role": "assistant",
                "content": [_text_part(reply.text)],
            }
        )
    items.extend(
        {
            "id": f"fc_{number}_{index}",
            "type": "function_call",
            "status": "completed",
            "arguments": arguments(call),
            "call_id": call.id or f"call_{number}_{index}",
            "name": call.name,
        }
        for index, call in enumerate(reply.tool_calls)
    )
    return items


def _text_part(text: str) -> Json:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _response(
    query: Query, number: int, reply: Reply | None, output: list[Json]
) -> Json:
    """Return the `response` object; `reply` is None while it is in progress."""
    body = query.received.body
    reason = _INCOMPLETE.get(reply.stop) if reply else None
    done = "incomplete" if reason else "completed"
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": CREATED,
        "status": done if reply else "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "model": query.model,
        "output": output,
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": body.get("store", True),
        "temperature": body.get("temperature", 1.0),
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools") or [],
        "top_p": body.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": _usage(reply) if reply else None,
        "user": None,
        "metadata": body.get("metadata") or {},
    }


def _usage(reply: Reply) -> Json:
    usage = reply.usage
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.input + usage.output,
    }


def _events(
    reply: Reply, query: Query, number: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    started = _response(query, number, None, [])
    yield "response.created", {"response": started}
    yield "response.in_progress", {"response": started}
    items = _items(reply, number)
    for index, item in enumerate(items):
        place = {"output_index": index, "item_id": item["id"]}
        opened = {"output_index": index, "item": _opened(item)}
        yield "response.output_item.added", opened
        yield from _PARTS[item["type"]](item, place, reply.piece)
        yield "response.output_item.done", {"output_index": index, "item": item}
    final = _response(query, number, reply, items)
    yield f"response.{final['status']}", {"response": final}


def _opened(item: Json) -> Json:
    """Return an item as it is when it is announced."""
    empty: dict[str, Json] = {
        "reasoning": {"summary": []},
        "message": {"status": "in_progress", "content": []},
        "function_call": {"status": "in_progress", "arguments": ""},
    }
    return {**item, **empty[item["type"]]}


def _message_events(
    item: Json, place: Json, size: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    at = {**place, "content_index": 0}
    part = item["content"][0]
    yield "response.content_part.added", {**at, "part": _text_part("")}
    for piece in pieces(part["text"], size):
        yield "response.output_text.delta", {**at, "delta": piece, "logprobs": []}
    text = part["text"]
    yield "response.output_text.done", {**at, "text": text, "logprobs": []}
    yield "response.content_part.done", {**at, "part": part}


def _reasoning_events(
    item: Json, place: Json, size: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    at = {**place, "summary_index": 0}
    part = item["summary"][0]
    prefix = "response.reasoning_summary"
    yield f"{prefix}_part.added", {**at, "part": {**part, "text": ""}}
    for piece in pieces(part["text"], size):
        yield f"{prefix}_text.delta", {**at, "delta": piece}
    yield f"{prefix}_text.done", {**at, "text": part["text"]}
    yield f"{prefix}_part.done", {**at, "part": part}


def _call_events(
    item: Json, place: Json, size: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    prefix = "response.function_call_arguments"
    for piece in pieces(item["arguments"], size):
        yield f"{prefix}.delta", {**place, "delta": piece}
    done = {"name": item["name"], "arguments": item["arguments"]}
    yield f"{prefix}.done", {**place, **done}


_PARTS = {
    "message": _message_events,
    "reasoning": _reasoning_events,
    "function_call": _call_events,
}
