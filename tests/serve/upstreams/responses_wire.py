"""OpenAI Responses: `/v1/responses`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final

from upstreams import responses_rules
from upstreams.chat_wire import OPENAI_ERRORS, openai_error
from upstreams.malformed import refuse
from upstreams.responses_rules import Kept
from upstreams.script import Call, Json, Refusal, Text, Thinking, Turn
from upstreams.seals import seal
from upstreams.wire import Request, Wire, chunks, event

_CREATED: Final = 1_700_000_000


class ResponsesWire(Wire):
    """Reads and writes Responses, and keeps those that are to be stored."""

    path = "/v1/responses"

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._kept: dict[str, Kept] = {}
        self._given: dict[str, Json] = {}
        self._before: dict[int, Sequence[Json]] = {}

    def check(self, request: Request) -> Sequence[Json]:
        """Refuse a malformed request; returns the conversation."""
        if not dict(request.headers).get("authorization"):
            refuse("Missing bearer authentication")
        before = responses_rules.check(request.body, self._kept, self._given)
        self._before[request.number] = before
        return before

    def whole(self, turn: Turn, request: Request) -> Json:
        """Write a finished `response`."""
        items = self._items(turn, request)
        return _response(request, turn, items)

    def frames(self, turn: Turn, request: Request) -> Iterator[bytes]:
        """Write the events from `response.created` to `response.completed`."""
        numbers = count()
        for kind, fields in self._events(turn, request):
            data = {"type": kind, **fields, "sequence_number": next(numbers)}
            yield event(data, kind)

    def ping(self) -> bytes:
        """Write what keeps a stream alive."""
        return b": ping\n\n"

    def error(self, refusal: Refusal) -> Json:
        """Write the body of an error."""
        return openai_error(refusal)

    def error_frame(self, refusal: Refusal) -> bytes:
        """Write an error in the middle of a stream."""
        kind = refusal.type or OPENAI_ERRORS.get(refusal.status, "server_error")
        fields = {"code": kind, "message": refusal.message, "param": None}
        return event({"type": "error", **fields, "sequence_number": 0}, "error")

    def _events(
        self, turn: Turn, request: Request
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        items = self._items(turn, request)
        started = _response(request, None, [])
        yield "response.created", {"response": started}
        yield "response.in_progress", {"response": started}
        for index, item in enumerate(items):
            opened = {**item, **_EMPTY[item["type"]]}
            place = {"output_index": index, "item_id": item["id"]}
            yield "response.output_item.added", {"output_index": index, "item": opened}
            yield from _PARTS[item["type"]](item, place, turn.piece)
            yield "response.output_item.done", {"output_index": index, "item": item}
        final = _response(request, turn, items)
        yield f"response.{final['status']}", {"response": final}

    def _items(self, turn: Turn, request: Request) -> list[Json]:
        sealed = "reasoning.encrypted_content" in (request.body.get("include") or ())
        stored = request.body.get("store") is not False
        items = [
            _item(block, f"{request.number}_{index}", sealed=sealed)
            for index, block in enumerate(turn.blocks)
        ]
        if not items:
            items = [_item(Text(""), f"{request.number}_0", sealed=False)]
        thought = None
        for item in items:
            more = {"_kept": stored, "_thought": thought}
            self._given[item["id"]] = {**item, **more}
            thought = item["id"] if item["type"] == "reasoning" else None
        if stored:
            whole = Kept(items=[*self._before[request.number], *items])
            self._kept[f"resp_{request.number}"] = whole
        return items


_EMPTY: Final[dict[str, Json]] = {
    "reasoning": {"summary": []},
    "message": {"status": "in_progress", "content": []},
    "function_call": {"status": "in_progress", "arguments": ""},
}


def _item(block: object, place: str, *, sealed: bool) -> Json:
    match block:
        case Thinking(text):
            own = f"rs_{place}"
            summary = {"type": "summary_text", "text": text}
            item: Json = {"id": own, "type": "reasoning", "summary": [summary]}
            if sealed:
                item["encrypted_content"] = seal("reasoning", own)
            return item
        case Text(text):
            item = {"id": f"msg_{place}", "type": "message", "status": "completed"}
            return {**item, "role": "assistant", "content": [_part(text)]}
        case Call(name, args, own_id):
            raw = args if isinstance(args, str) else json.dumps(args)
            item = {"id": f"fc_{place}", "type": "function_call", "status": "completed"}
            call_id = own_id or f"call_{place}"
            return {**item, "arguments": raw, "call_id": call_id, "name": name}
    msg = f"{block!r} is no block of Responses"
    raise TypeError(msg)


def _part(text: str) -> Json:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _response(request: Request, turn: Turn | None, output: list[Json]) -> Json:
    """Return the `response` object; `turn` is None while it is in progress."""
    body = request.body
    cut = turn is not None and turn.stop == "length"
    done = "incomplete" if cut else "completed"
    return {
        "id": f"resp_{request.number}",
        "object": "response",
        "created_at": _CREATED,
        "status": done if turn else "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "model": body["model"],
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
        "usage": _usage(turn) if turn else None,
        "user": None,
        "metadata": body.get("metadata") or {},
    }


def _usage(turn: Turn) -> Json:
    usage = turn.usage
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": usage.input + usage.output,
    }


def _message_events(
    item: Json, place: Json, size: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    at = {**place, "content_index": 0}
    part = item["content"][0]
    yield "response.content_part.added", {**at, "part": _part("")}
    for piece in chunks(part["text"], size):
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
    for piece in chunks(part["text"], size):
        yield f"{prefix}_text.delta", {**at, "delta": piece}
    yield f"{prefix}_text.done", {**at, "text": part["text"]}
    yield f"{prefix}_part.done", {**at, "part": part}


def _call_events(
    item: Json, place: Json, size: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    prefix = "response.function_call_arguments"
    for piece in chunks(item["arguments"], size):
        yield f"{prefix}.delta", {**place, "delta": piece}
    done = {"name": item["name"], "arguments": item["arguments"]}
    yield f"{prefix}.done", {**place, **done}


_PARTS: Final = {
    "message": _message_events,
    "reasoning": _reasoning_events,
    "function_call": _call_events,
}
