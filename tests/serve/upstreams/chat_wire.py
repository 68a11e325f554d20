"""OpenAI Chat Completions: `/v1/chat/completions`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from upstreams import chat_rules
from upstreams.malformed import refuse
from upstreams.script import Call, Json, Refusal, Text, Turn
from upstreams.wire import Request, Wire, chunks, event, object_of

OPENAI_ERRORS: Final = {
    429: "rate_limit_exceeded",
    500: "server_error",
    503: "server_error",
}
_CREATED: Final = 1_700_000_000


class ChatWire(Wire):
    """Reads and writes Chat Completions, and remembers the calls it gave."""

    path = "/v1/chat/completions"

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._given: dict[str, tuple[str, str]] = {}

    def check(self, request: Request) -> Sequence[Json]:
        """Refuse a malformed request; returns the conversation."""
        if not dict(request.headers).get("authorization"):
            refuse("You didn't provide an API key.")
        chat_rules.check(request.body, self._given)
        return list(request.body["messages"])

    def whole(self, turn: Turn, request: Request) -> Json:
        """Write a `chat.completion`."""
        text = "".join(one.text for one in turn.blocks if isinstance(one, Text))
        calls = self._calls(turn, request)
        message: Json = {
            "role": "assistant",
            "content": text or (None if calls else ""),
            "refusal": None,
            "annotations": [],
        }
        if calls:
            message["tool_calls"] = calls
        choice = {"message": message, "logprobs": None, "finish_reason": _finish(turn)}
        asked = request.body.get("n") or 1
        return {
            **_envelope(request, "chat.completion"),
            "choices": [{"index": index, **choice} for index in range(asked)],
            "usage": _usage(turn),
        }

    def frames(self, turn: Turn, request: Request) -> Iterator[bytes]:
        """Write the chunks, the usage if asked for, and `[DONE]`."""
        options = request.body.get("stream_options") or {}
        asked = options.get("include_usage") is True
        envelope = _envelope(request, "chat.completion.chunk")
        if asked:
            envelope["usage"] = None
        many = range(request.body.get("n") or 1)
        for delta in self._deltas(turn, request):
            for index in many:
                yield event({**envelope, "choices": [_choice(index, delta)]})
        for index in many:
            yield event({**envelope, "choices": [_choice(index, {}, _finish(turn))]})
        if asked:
            yield event({**envelope, "choices": [], "usage": _usage(turn)})
        yield b"data: [DONE]\n\n"

    def ping(self) -> bytes:
        """Write what keeps a stream alive."""
        return b": ping\n\n"

    def error(self, refusal: Refusal) -> Json:
        """Write the body of an error."""
        return openai_error(refusal)

    def error_frame(self, refusal: Refusal) -> bytes:
        """Write an error in the middle of a stream."""
        return event(openai_error(refusal))

    def _calls(self, turn: Turn, request: Request) -> list[Json]:
        made = []
        for index, block in enumerate(turn.blocks):
            if not isinstance(block, Call):
                continue
            args = block.args
            raw = args if isinstance(args, str) else json.dumps(args)
            function = {"name": block.name, "arguments": raw}
            call_id = block.id or f"call_{request.number}_{index}"
            if object_of(raw) is not None:
                self._given[call_id] = (block.name, raw)
            made.append({"id": call_id, "type": "function", "function": function})
        return made

    def _deltas(self, turn: Turn, request: Request) -> Iterator[Json]:
        silent = not any(isinstance(block, Text) for block in turn.blocks)
        first = None if silent and turn.blocks else ""
        yield {"role": "assistant", "content": first, "refusal": None}
        calls = self._calls(turn, request)
        index = 0
        for block in turn.blocks:
            if isinstance(block, Text):
                for piece in chunks(block.text, turn.piece):
                    yield {"content": piece}
            elif isinstance(block, Call):
                for delta in _call_deltas(calls[index], block, turn.piece):
                    yield {"tool_calls": [{"index": index, **delta}]}
                index += 1


def openai_error(refusal: Refusal) -> Json:
    """Write an error as OpenAI does."""
    kind = refusal.type or OPENAI_ERRORS.get(refusal.status, "invalid_request_error")
    error = {"message": refusal.message, "type": kind, "param": None, "code": None}
    return {"error": error}


def _call_deltas(call: Json, block: Call, size: int) -> Iterator[Json]:
    name, raw = call["function"]["name"], call["function"]["arguments"]
    names = list(chunks(name, block.letters or len(name)))
    yield {**call, "function": {"name": names[0], "arguments": ""}}
    for piece in names[1:]:
        yield {"function": {"name": piece}}
    for piece in chunks(raw, size):
        yield {"function": {"arguments": piece}}


def _envelope(request: Request, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{request.number}",
        "object": kind,
        "created": _CREATED,
        "model": request.body["model"],
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


def _choice(index: int, delta: Json, finish: str | None = None) -> Json:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}


def _finish(turn: Turn) -> str:
    if turn.stop == "length":
        return "length"
    calls = any(isinstance(block, Call) for block in turn.blocks)
    return "tool_calls" if calls else "stop"


def _usage(turn: Turn) -> Json:
    usage = turn.usage
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 2, "audio_tokens": 0},
    }
