"""Ollama on the wire: `/api/chat`, one JSON object a line.

Nothing on this wire names a call: a result answers the first call that has none.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from headroom_langchain.testing.servers.dialect import (
    Dialect,
    arguments,
    dump,
    pieces,
    text_of,
)
from headroom_langchain.testing.servers.query import OfferedTool, Query, Said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headroom_langchain.testing.servers.query import Json, Received
    from headroom_langchain.testing.servers.reply import Failure, Reply, ToolUse

_CREATED = "2023-11-14T22:13:20Z"


class OllamaChat(Dialect):
    """Reads and writes Ollama's chat."""

    path = "/api/chat"
    stream_type = "application/x-ndjson"

    def read(self, received: Received) -> Query:
        """Read a request."""
        body = received.body
        wanted = body.get("format")
        stop = (body.get("options") or {}).get("stop") or ()
        return Query(
            received=received,
            model=str(body["model"]),
            stream=body.get("stream") is not False,
            said=tuple(_said(body["messages"])),
            tools=tuple(
                OfferedTool(
                    name=tool["function"]["name"],
                    schema=tool["function"].get("parameters") or {},
                )
                for tool in body.get("tools") or ()
            ),
            tool_choice="auto",
            stop=(stop,) if isinstance(stop, str) else tuple(stop),
            schema=wanted if isinstance(wanted, dict) else None,
            wants_json=bool(wanted),
        )

    def whole(self, reply: Reply, query: Query, number: int) -> Json:
        """Write the one object of an answer."""
        message = {"content": reply.text}
        if _thinks(reply, query):
            message["thinking"] = reply.thinking
        return {**_line(query, {**message, **_calls(reply, number)}), **_ending(reply)}

    def events(self, reply: Reply, query: Query, number: int) -> Iterator[bytes]:
        """Write thoughts, text, all calls in one line, and the figures."""
        if _thinks(reply, query):
            for piece in pieces(reply.thinking, reply.piece):
                yield _sent(_line(query, {"content": "", "thinking": piece}))
        for piece in pieces(reply.text, reply.piece):
            yield _sent(_line(query, {"content": piece}))
        if reply.tool_calls:
            yield _sent(_line(query, {"content": "", **_calls(reply, number)}))
        yield _sent({**_line(query, {"content": ""}), **_ending(reply)})

    def error(self, failure: Failure) -> Json:
        """Write the body of an HTTP error."""
        return {"error": failure.message}

    def error_event(self, failure: Failure) -> bytes:
        """Write an error in the middle of a stream."""
        return _sent(self.error(failure))


def _said(messages: list[Json]) -> Iterator[Said]:
    waiting: list[tuple[str, str]] = []
    made = 0
    for message in messages:
        text = text_of(message.get("content"))
        if message["role"] == "tool":
            call_id, name = waiting.pop(0) if waiting else ("", "")
            yield Said(role="tool", text=text, tool=name, calls=(call_id,))
            continue
        names = [call["function"]["name"] for call in message.get("tool_calls") or ()]
        calls = [(f"{name} {made + n}", name) for n, name in enumerate(names)]
        made += len(calls)
        waiting.extend(calls)
        ids = tuple(call_id for call_id, _ in calls)
        yield Said(role=message["role"], text=text, calls=ids)


def _thinks(reply: Reply, query: Query) -> bool:
    # Unless it is told not to, a model that can think does.
    return bool(reply.thinking) and query.received.body.get("think") is not False


def _line(query: Query, message: Json) -> dict[str, Any]:
    return {
        "model": query.model,
        "created_at": _CREATED,
        "message": {"role": "assistant", **message},
        "done": False,
    }


def _calls(reply: Reply, number: int) -> Json:
    calls = [_call(call, number, index) for index, call in enumerate(reply.tool_calls)]
    return {"tool_calls": calls} if calls else {}


def _call(call: ToolUse, number: int, index: int) -> Json:
    function = {
        "index": index,
        "name": call.name,
        "arguments": json.loads(arguments(call)),
    }
    return {"id": call.id or f"call_{number}_{index}", "function": function}


def _ending(reply: Reply) -> Json:
    return {
        "done": True,
        "done_reason": "length" if reply.stop == "length" else "stop",
        "total_duration": 5_000_000,
        "load_duration": 1_000_000,
        "prompt_eval_count": reply.usage.input,
        "prompt_eval_duration": 1_000_000,
        "eval_count": reply.usage.output,
        "eval_duration": 3_000_000,
    }


def _sent(line: Json) -> bytes:
    return f"{dump(line)}\n".encode()
