"""OpenAI Chat Completions on the wire: `/v1/chat/completions`."""

from __future__ import annotations

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
)
from headroom_langchain.testing.servers.query import OfferedTool, Query, Said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headroom_langchain.testing.servers.query import Json, Received
    from headroom_langchain.testing.servers.reply import Failure, Reply, ToolUse

_FINISH = {"end": "stop", "length": "length", "refusal": "content_filter"}


class ChatCompletions(Dialect):
    """Reads and writes Chat Completions."""

    path = "/v1/chat/completions"

    def read(self, received: Received) -> Query:
        """Read a request."""
        body = received.body
        wanted: Json = body.get("response_format") or {}
        stop = body.get("stop") or ()
        return Query(
            received=received,
            model=str(body["model"]),
            stream=body.get("stream") is True,
            said=tuple(_said(body["messages"])),
            tools=tuple(
                OfferedTool(
                    name=tool["function"]["name"],
                    schema=tool["function"].get("parameters") or {},
                )
                for tool in body.get("tools") or ()
            ),
            tool_choice=choice_of(body.get("tool_choice")),
            stop=(stop,) if isinstance(stop, str) else tuple(stop),
            schema=(wanted.get("json_schema") or {}).get("schema"),
            wants_json=wanted.get("type") in {"json_object", "json_schema"},
        )

    def whole(self, reply: Reply, query: Query, number: int) -> Json:
        """Write a `chat.completion`."""
        message: dict[str, Any] = {
            "role": "assistant",
            "content": reply.text or (None if reply.tool_calls else ""),
            "refusal": None,
            "annotations": [],
        }
        if reply.tool_calls:
            message["tool_calls"] = [
                _call(call, number, index)
                for index, call in enumerate(reply.tool_calls)
            ]
        said = pieces(reply.text, reply.piece)
        choice = {
            "message": message,
            "logprobs": _logprobs(query, *said),
            "finish_reason": _finish(reply),
        }
        wanted = query.received.body.get("n") or 1
        return {
            **_envelope(query, number, "chat.completion"),
            "choices": [{"index": index, **choice} for index in range(wanted)],
            "usage": _usage(reply),
        }

    def events(self, reply: Reply, query: Query, number: int) -> Iterator[bytes]:
        """Write the `chat.completion.chunk`s, the usage if asked for, `[DONE]`."""
        options = query.received.body.get("stream_options") or {}
        usage_asked = options.get("include_usage") is True
        envelope: dict[str, Any] = _envelope(query, number, "chat.completion.chunk")
        if usage_asked:
            envelope["usage"] = None
        for delta in _deltas(reply, number):
            choice = _choice(delta)
            if text := delta.get("content"):
                choice["logprobs"] = _logprobs(query, text)
            yield frame({**envelope, "choices": [choice]})
        yield frame({**envelope, "choices": [_choice({}, _finish(reply))]})
        if usage_asked:
            yield frame({**envelope, "choices": [], "usage": _usage(reply)})
        yield b"data: [DONE]\n\n"

    def error(self, failure: Failure) -> Json:
        """Write the body of an HTTP error."""
        return error_body(failure)

    def error_event(self, failure: Failure) -> bytes:
        """Write an error in the middle of a stream."""
        return frame(error_body(failure))


def _said(messages: list[Json]) -> Iterator[Said]:
    names: dict[str, str] = {}
    for message in messages:
        calls = message.get("tool_calls") or ()
        names.update((call["id"], call["function"]["name"]) for call in calls)
        text = text_of(message.get("content"))
        if message["role"] == "tool":
            call_id = message["tool_call_id"]
            name = names.get(call_id, "")
            yield Said(role="tool", text=text, tool=name, calls=(call_id,))
        else:
            ids = tuple(call["id"] for call in calls)
            developer = message["role"] == "developer"
            yield Said(
                role="system" if developer else message["role"], text=text, calls=ids
            )


def _envelope(query: Query, number: int, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{number}",
        "object": kind,
        "created": CREATED,
        "model": query.model,
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


def _deltas(reply: Reply, number: int) -> Iterator[Json]:
    silent = bool(reply.tool_calls) and not reply.text
    yield {"role": "assistant", "content": None if silent else "", "refusal": None}
    for piece in pieces(reply.text, reply.piece):
        yield {"content": piece}
    for index, call in enumerate(reply.tool_calls):
        whole = _call(call, number, index)
        opening = {"name": call.name, "arguments": ""}
        yield {"tool_calls": [{"index": index, **whole, "function": opening}]}
        for piece in pieces(arguments(call), reply.piece):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _logprobs(query: Query, *tokens: str) -> Json | None:
    """Write how sure the model was of each piece, if it was asked."""
    if query.received.body.get("logprobs") is not True or not any(tokens):
        return None
    known = [
        {
            "token": token,
            "logprob": -0.5,
            "bytes": list(token.encode()),
            "top_logprobs": [],
        }
        for token in tokens
    ]
    return {"content": known, "refusal": None}


def _choice(delta: Json, finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _call(call: ToolUse, number: int, index: int) -> dict[str, Any]:
    return {
        "id": call.id or f"call_{number}_{index}",
        "type": "function",
        "function": {"name": call.name, "arguments": arguments(call)},
    }


def _finish(reply: Reply) -> str:
    if reply.tool_calls and reply.stop == "end":
        return "tool_calls"
    return _FINISH[reply.stop]


def _usage(reply: Reply) -> Json:
    usage = reply.usage
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
