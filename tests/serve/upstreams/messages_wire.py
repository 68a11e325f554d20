"""Anthropic Messages: `/v1/messages`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from upstreams import messages_rules
from upstreams.malformed import refuse
from upstreams.script import Call, Json, Redacted, Refusal, Text, Thinking, Turn
from upstreams.seals import redacted, seal
from upstreams.wire import Request, Wire, chunks, event, object_of

_ERRORS: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class MessagesWire(Wire):
    """Reads and writes Messages, and remembers the calls it gave."""

    path = "/v1/messages"

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._given: dict[str, Sequence[Json]] = {}

    def check(self, request: Request) -> Sequence[Json]:
        """Refuse a malformed request; returns the conversation."""
        names = dict(request.headers)
        if not names.get("x-api-key") and not names.get("authorization"):
            refuse("x-api-key header is required")
        if not names.get("anthropic-version"):
            refuse("anthropic-version: header is required")
        messages_rules.check(request.body, self._given)
        return list(request.body["messages"])

    def whole(self, turn: Turn, request: Request) -> Json:
        """Write a `message`."""
        blocks = self._blocks(turn, request)
        content = [
            {**block, "input": object_of(block["input"]) or {}}
            if block["type"] == "tool_use"
            else block
            for block in blocks
        ]
        start = self._message(request)
        usage = _usage(turn, turn.usage.output)
        return {**start, "content": content, **_ending(turn), "usage": usage}

    def frames(self, turn: Turn, request: Request) -> Iterator[bytes]:
        """Write the events from `message_start` to `message_stop`."""
        ending = {"stop_reason": None, "stop_sequence": None}
        message = {**self._message(request), "content": [], **ending}
        message["usage"] = _usage(turn, 1)
        yield _event("message_start", message=message)
        for index, block in enumerate(self._blocks(turn, request)):
            opened = {**block, **_EMPTY.get(block["type"], {})}
            yield _event("content_block_start", index=index, content_block=opened)
            for delta in _deltas(block, turn.piece):
                yield _event("content_block_delta", index=index, delta=delta)
            yield _event("content_block_stop", index=index)
        usage = _usage(turn, turn.usage.output)
        yield _event("message_delta", delta=_ending(turn), usage=usage)
        yield _event("message_stop")

    def ping(self) -> bytes:
        """Write what keeps a stream alive."""
        return _event("ping")

    def error(self, refusal: Refusal) -> Json:
        """Write the body of an error."""
        kind = refusal.type or _ERRORS.get(refusal.status, "api_error")
        error = {"type": kind, "message": refusal.message}
        return {"type": "error", "error": error, "request_id": "req_scripted"}

    def error_frame(self, refusal: Refusal) -> bytes:
        """Write an error in the middle of a stream."""
        return event(self.error(refusal), "error")

    def _message(self, request: Request) -> Json:
        return {
            "id": f"msg_{request.number}",
            "type": "message",
            "role": "assistant",
            "model": request.body["model"],
        }

    def _blocks(self, turn: Turn, request: Request) -> Sequence[Json]:
        """Return the blocks, calls with their arguments as text, and remember them."""
        blocks = [
            _block(block, f"toolu_{request.number}_{index}")
            for index, block in enumerate(turn.blocks)
        ]
        kept = [
            {**block, "input": object_of(block["input"])}
            if block["type"] == "tool_use"
            else block
            for block in blocks
        ]
        self._given |= {block["id"]: kept for block in kept if "id" in block}
        return blocks


_EMPTY: Final[dict[str, Json]] = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
    "tool_use": {"input": {}},
}


def _event(kind: str, **fields: Any) -> bytes:
    return event({"type": kind, **fields}, kind)


def _block(block: object, call_id: str) -> Json:
    match block:
        case Text(text):
            return {"type": "text", "text": text}
        case Thinking(text):
            signature = seal("thinking", text)
            return {"type": "thinking", "thinking": text, "signature": signature}
        case Redacted(name):
            return {"type": "redacted_thinking", "data": redacted(name)}
        case Call(name, args, own_id):
            raw = args if isinstance(args, str) else json.dumps(args)
            place = own_id or call_id
            return {"type": "tool_use", "id": place, "name": name, "input": raw}
    msg = f"{block!r} is no block of Messages"
    raise TypeError(msg)


def _deltas(block: Json, size: int) -> Iterator[Json]:
    if block["type"] == "text":
        for piece in chunks(block["text"], size):
            yield {"type": "text_delta", "text": piece}
    elif block["type"] == "thinking":
        for piece in chunks(block["thinking"], size):
            yield {"type": "thinking_delta", "thinking": piece}
        yield {"type": "signature_delta", "signature": block["signature"]}
    elif block["type"] == "tool_use":
        yield {"type": "input_json_delta", "partial_json": ""}
        for piece in chunks(block["input"], size):
            yield {"type": "input_json_delta", "partial_json": piece}


def _ending(turn: Turn) -> Json:
    calls = any(isinstance(block, Call) for block in turn.blocks)
    reason = "tool_use" if calls else "end_turn"
    if turn.stop == "length":
        reason = "max_tokens"
    return {"stop_reason": reason, "stop_sequence": None}


def _usage(turn: Turn, output: int) -> Json:
    return {
        "input_tokens": turn.usage.input - turn.usage.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": turn.usage.cached,
        "output_tokens": output,
    }
