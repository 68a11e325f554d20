"""Anthropic Messages on the wire: `/v1/messages`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from headroom_langchain.testing.servers.dialect import (
    Dialect,
    arguments,
    frame,
    pieces,
    text_of,
)
from headroom_langchain.testing.servers.query import OfferedTool, Query, Said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headroom_langchain.testing.servers.query import Json, Received
    from headroom_langchain.testing.servers.reply import Failure, Reply, ToolUse

_STOP = {"end": "end_turn", "length": "max_tokens", "refusal": "refusal"}
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class Messages(Dialect):
    """Reads and writes Messages."""

    path = "/v1/messages"

    def read(self, received: Received) -> Query:
        """Read a request."""
        body = received.body
        output = (body.get("output_config") or {}).get("format")
        wanted: Json = output or body.get("output_format") or {}
        return Query(
            received=received,
            model=str(body["model"]),
            stream=body.get("stream") is True,
            said=tuple(_said(body)),
            tools=tuple(
                OfferedTool(name=tool["name"], schema=tool["input_schema"])
                for tool in body.get("tools") or ()
                if "input_schema" in tool
            ),
            tool_choice=_choice_of(body.get("tool_choice")),
            stop=tuple(body.get("stop_sequences") or ()),
            schema=wanted.get("schema"),
            wants_json=wanted.get("type") == "json_schema",
        )

    def whole(self, reply: Reply, query: Query, number: int) -> Json:
        """Write a `message`."""
        content = [_closed(block) for block in _blocks(reply, number)]
        return {
            **_message(query, number),
            "content": content,
            **_ending(reply),
            "usage": _usage(reply, reply.usage.output),
        }

    def events(self, reply: Reply, query: Query, number: int) -> Iterator[bytes]:
        """Write the events from `message_start` to `message_stop`."""
        message = {
            **_message(query, number),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": _usage(reply, 1),
        }
        yield _event("message_start", message=message)
        for index, block in enumerate(_blocks(reply, number)):
            yield _event("content_block_start", index=index, content_block=_open(block))
            if index == 0:
                yield _event("ping")
            for delta in _deltas(block, reply):
                yield _event("content_block_delta", index=index, delta=delta)
            yield _event("content_block_stop", index=index)
        usage = _usage(reply, reply.usage.output)
        yield _event("message_delta", delta=_ending(reply), usage=usage)
        yield _event("message_stop")

    def error(self, failure: Failure) -> Json:
        """Write the body of an HTTP error."""
        kind = failure.type or _ERRORS.get(failure.status, "api_error")
        error = {"type": kind, "message": failure.message}
        return {"type": "error", "error": error, "request_id": "req_scripted"}

    def error_event(self, failure: Failure) -> bytes:
        """Write an error in the middle of a stream."""
        return frame(self.error(failure), "error")


def _event(kind: str, **fields: Any) -> bytes:
    return frame({"type": kind, **fields}, kind)


def _said(body: Json) -> Iterator[Said]:
    if body.get("system"):
        yield Said(role="system", text=text_of(body["system"]))
    names: dict[str, str] = {}
    for message in body["messages"]:
        content = message["content"]
        if isinstance(content, str):
            yield Said(role=message["role"], text=content)
            continue
        spoken: list[Json] = []
        calls: dict[str, str] = {}
        for block in content:
            if block["type"] == "tool_result":
                call_id = block["tool_use_id"]
                text, name = text_of(block.get("content")), names.get(call_id, "")
                yield Said(role="tool", text=text, tool=name, calls=(call_id,))
                continue
            if block["type"] == "tool_use":
                calls[block["id"]] = block["name"]
            spoken.append(block)
        names |= calls
        if spoken:
            text = text_of(spoken)
            yield Said(role=message["role"], text=text, calls=tuple(calls))


def _choice_of(value: Json | None) -> str:
    if value is None:
        return "auto"
    chosen: str = value["name"] if value["type"] == "tool" else value["type"]
    return chosen


def _message(query: Query, number: int) -> dict[str, Any]:
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": query.model,
    }


def _blocks(reply: Reply, number: int) -> Iterator[Json]:
    """Yield the content blocks; `input` is still JSON text."""
    if reply.thinking:
        thinking = {"thinking": reply.thinking, "signature": reply.signature}
        yield {"type": "thinking", **thinking}
    if reply.text:
        yield {"type": "text", "text": reply.text}
    for index, call in enumerate(reply.tool_calls):
        yield {"type": "tool_use", **_call(call, number, index)}


def _call(call: ToolUse, number: int, index: int) -> Json:
    call_id = call.id or f"toolu_{number}_{index}"
    return {"id": call_id, "name": call.name, "input": arguments(call)}


def _closed(block: Json) -> Json:
    if block["type"] != "tool_use":
        return block
    return {**block, "input": json.loads(block["input"])}


def _open(block: Json) -> Json:
    empty: dict[str, Json] = {
        "text": {"text": ""},
        "thinking": {"thinking": "", "signature": ""},
        "tool_use": {"input": {}},
    }
    return {**block, **empty[block["type"]]}


def _deltas(block: Json, reply: Reply) -> Iterator[Json]:
    if block["type"] == "text":
        for piece in pieces(block["text"], reply.piece):
            yield {"type": "text_delta", "text": piece}
    elif block["type"] == "thinking":
        for piece in pieces(block["thinking"], reply.piece):
            yield {"type": "thinking_delta", "thinking": piece}
        yield {"type": "signature_delta", "signature": block["signature"]}
    else:
        yield {"type": "input_json_delta", "partial_json": ""}
        for piece in pieces(block["input"], reply.piece):
            yield {"type": "input_json_delta", "partial_json": piece}


def _ending(reply: Reply) -> Json:
    if reply.stop_sequence is not None:
        reason = "stop_sequence"
    elif reply.tool_calls and reply.stop == "end":
        reason = "tool_use"
    else:
        reason = _STOP[reply.stop]
    return {"stop_reason": reason, "stop_sequence": reply.stop_sequence}


def _usage(reply: Reply, output: int) -> Json:
    return {
        "input_tokens": reply.usage.input - reply.usage.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": reply.usage.cached,
        "output_tokens": output,
    }
