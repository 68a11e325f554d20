"""Answers in OpenAI Chat Completions: the chunks of a stream, and the whole object."""

from __future__ import annotations

import time
from collections.abc import Iterator

from headroom_langchain.serve.model_backed.ending import chat_stop
from headroom_langchain.serve.model_backed.pieces import (
    Argued,
    Called,
    Piece,
    Said,
    Thought,
)
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.frames import event


class ChatAnswer:
    """Writes one answer."""

    heartbeat = b": ping\n\n"

    def __init__(self, answer_id: str, model: str, *, usage_wanted: bool) -> None:
        """Begin an answer.

        Args:
            answer_id: Its id.
            model: The name of the model, as the client wrote it.
            usage_wanted: Whether a last chunk says what was counted.
        """
        self._head = {
            "id": answer_id,
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._usage_wanted = usage_wanted

    def start(self) -> Iterator[Json]:
        """Yield what stands at the beginning."""
        yield self._chunk({"role": "assistant", "content": ""})

    def take(self, piece: Piece) -> Iterator[Json]:
        """Yield the chunks of a piece; what the protocol has no words for, has none."""
        match piece:
            case Said(text=text) if text:
                yield self._chunk({"content": text})
            case Thought(text=text) if text:
                yield self._chunk({"reasoning_content": text})
            case Called():
                function = {"name": piece.name, "arguments": ""}
                call = {"id": piece.id, "type": "function", "function": function}
                yield self._chunk({"tool_calls": [{"index": piece.number, **call}]})
            case Argued():
                more = {"function": {"arguments": piece.json}}
                yield self._chunk({"tool_calls": [{"index": piece.number, **more}]})

    def end(
        self,
        word: str | None,
        usage: Json,
        *,
        called: bool,
        sequence: str | None,  # noqa: ARG002 - the protocol does not tell it
    ) -> Iterator[Json]:
        """Yield what stands at the end.

        Args:
            word: Why the model stopped, in its provider's word.
            usage: What was counted, in the protocol's words.
            called: Whether it called tools.
            sequence: The stop sequence it met.
        """
        yield self._chunk({}, chat_stop(word, called=called))
        if self._usage_wanted:
            yield {**self._head, "choices": [], "usage": usage}

    def written(self, message: Json) -> bytes:
        """Write a chunk."""
        return event("", message)

    def last(self) -> bytes:
        """Return what stands behind the last chunk."""
        return b"data: [DONE]\n\n"

    def _chunk(self, delta: Json, reason: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return {**self._head, "choices": [choice]}


def whole_completion(chunks: Iterator[Json]) -> Json:
    """Return the completion that the chunks of a stream tell of."""
    completion: Json = {}
    message: Json = {"role": "assistant", "content": None, "refusal": None}
    calls: dict[int, Json] = {}
    reason = "stop"
    for chunk in chunks:
        completion |= {key: value for key, value in chunk.items() if key != "choices"}
        for choice in chunk["choices"]:
            delta = choice["delta"]
            reason = choice["finish_reason"] or reason
            for name in ("content", "reasoning_content"):
                if delta.get(name):
                    message[name] = (message.get(name) or "") + delta[name]
            for call in delta.get("tool_calls") or ():
                _grow(calls, call)
    if calls:
        message["tool_calls"] = [calls[number] for number in sorted(calls)]
    elif message["content"] is None:
        message["content"] = ""
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    return {**completion, "object": "chat.completion", "choices": [choice]}


def _grow(calls: dict[int, Json], delta: Json) -> None:
    number = delta["index"]
    if number not in calls:
        function = dict(delta["function"])
        calls[number] = {**delta, "function": function}
        del calls[number]["index"]
        return
    calls[number]["function"]["arguments"] += delta["function"]["arguments"]
