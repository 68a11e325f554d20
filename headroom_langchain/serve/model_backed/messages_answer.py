"""Answers in Anthropic Messages: the events of a stream, and the whole message.

One block is open at a time, which is why pieces are put in order first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from headroom_langchain.serve.model_backed.ending import messages_stop, messages_usage
from headroom_langchain.serve.model_backed.in_order import InOrder
from headroom_langchain.serve.model_backed.pieces import (
    Argued,
    Called,
    Native,
    NativeInput,
    Piece,
    Redacted,
    Said,
    Thought,
)
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.frames import event


class MessagesAnswer:
    """Writes one answer."""

    heartbeat = b'event: ping\ndata: {"type": "ping"}\n\n'

    def __init__(self, answer_id: str, model: str) -> None:
        """Begin an answer.

        Args:
            answer_id: Its id.
            model: The name of the model, as the client wrote it.
        """
        self._id, self._model = answer_id, model
        self._index = -1
        self._kind = ""
        """The kind of the block that is open; empty for none."""
        self._key: int | str | None = None
        self._signed = False
        self._in_order = InOrder()

    def start(self) -> Iterator[Json]:
        """Yield what stands at the beginning."""
        message: Json = {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": messages_usage(None),
        }
        yield {"type": "message_start", "message": message}

    def take(self, piece: Piece) -> Iterator[Json]:
        """Yield the events of a piece."""
        for ready in self._in_order.take(piece):
            yield from self._events(ready)

    def end(
        self,
        word: str | None,
        usage: Json,
        *,
        called: bool,
        sequence: str | None,
    ) -> Iterator[Json]:
        """Yield what stands at the end.

        Args:
            word: Why the model stopped, in its provider's word.
            usage: What was counted, in the protocol's words.
            called: Whether it called tools.
            sequence: The stop sequence it met.
        """
        for ready in self._in_order.rest():
            yield from self._events(ready)
        yield from self._close()
        delta = {
            "stop_reason": messages_stop(word, called=called),
            "stop_sequence": sequence,
        }
        yield {"type": "message_delta", "delta": delta, "usage": usage}
        yield {"type": "message_stop"}

    def written(self, message: Json) -> bytes:
        """Write an event."""
        return event(message["type"], message)

    def last(self) -> bytes:
        """Return what stands behind the last event."""
        return b""

    def _events(self, piece: Piece) -> Iterator[Json]:
        match piece:
            case Said():
                yield from self._open("text", piece.key, {"text": ""})
                if piece.text:
                    yield self._delta("text_delta", text=piece.text)
                for citation in piece.citations:
                    yield self._delta("citations_delta", citation=citation)
            case Thought():
                yield from self._thought(piece)
            case Redacted():
                yield from self._begin("redacted_thinking", None, {"data": piece.data})
                yield from self._close()
            case Called():
                use = {"id": piece.id, "name": piece.name, "input": {}}
                yield from self._begin("tool_use", None, use)
            case Argued():
                yield self._delta("input_json_delta", partial_json=piece.json)
            case Native():
                fields = {k: v for k, v in piece.block.items() if k != "type"}
                yield from self._begin(piece.block["type"], None, fields)
            case NativeInput() if self._kind:
                yield self._delta("input_json_delta", partial_json=piece.json)

    def _thought(self, piece: Thought) -> Iterator[Json]:
        if self._signed and piece.text:
            # What is signed is over.
            yield from self._close()
        empty = {"thinking": "", "signature": ""}
        yield from self._open("thinking", piece.key, empty)
        if piece.text:
            yield self._delta("thinking_delta", thinking=piece.text)
        if piece.signature:
            self._signed = True
            yield self._delta("signature_delta", signature=piece.signature)

    def _open(self, kind: str, key: Any, empty: Json) -> Iterator[Json]:
        """Begin a block, unless the one that is open is meant."""
        known = key is not None and self._key is not None
        if kind != self._kind or (known and key != self._key):
            yield from self._begin(kind, key, empty)

    def _begin(self, kind: str, key: Any, fields: Json) -> Iterator[Json]:
        yield from self._close()
        self._index += 1
        self._kind, self._key = kind, key
        block = {"type": kind, **fields}
        yield {
            "type": "content_block_start",
            "index": self._index,
            "content_block": block,
        }

    def _close(self) -> Iterator[Json]:
        if self._kind:
            self._kind, self._key, self._signed = "", None, False
            yield {"type": "content_block_stop", "index": self._index}

    def _delta(self, kind: str, **fields: Any) -> Json:
        delta = {"type": kind, **fields}
        return {"type": "content_block_delta", "index": self._index, "delta": delta}


def whole_message(events: Iterator[Json]) -> Json:
    """Return the message that the events of a stream tell of."""
    message: Json = {}
    blocks: list[Json] = []
    for told in events:
        match told["type"]:
            case "message_start":
                message = {**told["message"], "content": blocks}
            case "content_block_start":
                blocks.append(dict(told["content_block"]))
            case "content_block_delta":
                _grow(blocks[-1], told["delta"])
            case "message_delta":
                message |= {**told["delta"], "usage": told["usage"]}
    for block in blocks:
        if isinstance(written := block.pop("partial", None), str):
            block["input"] = _object(written)
    return message


def _grow(block: Json, delta: Json) -> None:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] += delta["signature"]
        case "citations_delta":
            block.setdefault("citations", []).append(delta["citation"])
        case "input_json_delta":
            block["partial"] = block.get("partial", "") + delta["partial_json"]


def _object(written: str) -> Json:
    # An input must be an object, also when the model was cut off while it wrote.
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
