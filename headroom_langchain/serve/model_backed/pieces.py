"""What a model says, piece by piece, whatever integration it comes from.

Every integration cuts its answers in its own way: texts or blocks, with indexes or
without, calls in pieces or whole. Here they become a few kinds of pieces, in the order
in which they came. Calls are numbered from 0, and begin once their name is complete.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import uuid4

from langchain_core.messages import AIMessage, AIMessageChunk, UsageMetadata
from langchain_core.messages.ai import add_usage

from headroom_langchain.serve.wire.body import Json


@dataclass(frozen=True, slots=True)
class Said:
    """Words."""

    text: str
    key: int | str | None = None
    """Which block of the answer they belong to, where the integration says so."""
    citations: Sequence[Json] = ()
    """Where they are from, as Anthropic writes it."""


@dataclass(frozen=True, slots=True)
class Thought:
    """Thoughts, or the signature at the end of them."""

    text: str
    signature: str = ""
    key: int | str | None = None


@dataclass(frozen=True, slots=True)
class Redacted:
    """Thoughts that only the provider can read."""

    data: str


@dataclass(frozen=True, slots=True)
class Called:
    """A call begins."""

    number: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Argued:
    """Arguments of a call, as JSON text."""

    number: int
    json: str


@dataclass(frozen=True, slots=True)
class Native:
    """A block of Anthropic that is passed on as it is."""

    block: Json


@dataclass(frozen=True, slots=True)
class NativeInput:
    """More of the input of such a block, as JSON text."""

    json: str


Piece: TypeAlias = Said | Thought | Redacted | Called | Argued | Native | NativeInput

_CALLS: Final = frozenset(
    "tool_use input_json_delta tool_call tool_call_chunk invalid_tool_call"
    " function_call".split()
)
_PLAIN: Final = _CALLS | {"text", "thinking", "redacted_thinking"}
"""Blocks that are read as they are; all others in the form of langchain-core."""


class Reader:
    """Reads the answer of a model."""

    def __init__(self) -> None:
        """Start before the first chunk."""
        self.usage: UsageMetadata | None = None
        self.metadata: dict[str, Any] = {}
        """What is known of the response; what came last counts."""
        self.spoke = False
        """Whether the model has said or called anything."""
        self.called = False
        self._calls = _Calls()

    def take(self, message: AIMessage) -> Iterator[Piece]:
        """Take in a chunk, or a whole message, and yield what it says."""
        if message.usage_metadata:
            self.usage = add_usage(self.usage, message.usage_metadata)
        self.metadata.update(
            {k: v for k, v in message.response_metadata.items() if v is not None}
        )
        for piece in self._pieces(message):
            self.spoke = True
            self.called = self.called or isinstance(piece, Called)
            yield piece

    def end(self) -> Iterator[Piece]:
        """Yield what was held back."""
        for piece in self._calls.end():
            self.spoke = self.called = True
            yield piece

    def _pieces(self, message: AIMessage) -> Iterator[Piece]:
        extra = message.additional_kwargs
        if isinstance(thought := extra.get("reasoning_content"), str) and thought:
            yield Thought(thought)
        if isinstance(message.content, str):
            if message.content:
                yield Said(message.content)
        else:
            yield from self._blocks(message)
        if isinstance(refusal := extra.get("refusal"), str) and refusal:
            yield Said(refusal)
        if isinstance(message, AIMessageChunk) and message.tool_call_chunks:
            for piece in message.tool_call_chunks:
                yield from self._calls.take(piece)
        else:
            yield from self._calls.whole(message)

    def _blocks(self, message: AIMessage) -> Iterator[Piece]:
        blocks: Any = message.content
        kinds = {_kind(block) for block in blocks}
        native = self.metadata.get("model_provider") == "anthropic"
        native = native and self.metadata.get("output_version") != "v1"
        if not (native or kinds <= _PLAIN):
            blocks = message.content_blocks
        pieces = isinstance(message, AIMessageChunk) and message.tool_call_chunks
        for block in blocks:
            kind = _kind(block)
            if isinstance(block, str):
                yield Said(block)
            elif kind in _CALLS:
                if not pieces:
                    yield from self._in_place(message, block, kind, native=native)
            else:
                yield from _of_block(block, kind, native=native)

    def _in_place(
        self, message: AIMessage, block: Json, kind: str, *, native: bool
    ) -> Iterator[Piece]:
        if kind == "input_json_delta":
            if native and block.get("partial_json"):
                yield NativeInput(block["partial_json"])
            return
        yield from self._calls.whole(message, block.get("call_id") or block.get("id"))


def _of_block(block: Json, kind: str, *, native: bool) -> Iterator[Piece]:
    key = block.get("index")
    extras: Mapping[str, Any] = block.get("extras") or {}
    match kind:
        case "text":
            citations = block.get("citations") or ()
            if block.get("text") or citations:
                yield Said(block.get("text") or "", key, citations)
        case "thinking" | "reasoning":
            text = block.get("thinking") or block.get("reasoning") or ""
            signature = block.get("signature") or extras.get("signature") or ""
            if text or signature:
                yield Thought(text, signature, key)
        case "redacted_thinking":
            yield Redacted(str(block.get("data", "")))
        case "non_standard":
            value = block.get("value")
            if isinstance(value, dict) and value.get("type") != "non_standard":
                yield from _of_block(value, _kind(value), native=native)
        case "refusal":
            yield Said(str(block.get("refusal", "")), key)
        case _ if native:
            yield Native({k: v for k, v in block.items() if k != "index"})
        case _:
            pass


def _kind(block: Any) -> str:
    return str(block.get("type")) if isinstance(block, dict) else "text"


class _Calls:
    """Tells the calls apart, with indexes and without."""

    def __init__(self) -> None:
        self._open: dict[Any, _Open] = {}
        self._last: _Open | None = None
        self._count = 0
        self._ids: set[str] = set()

    def take(self, piece: Mapping[str, Any]) -> Iterator[Piece]:
        """Take in a piece of a call."""
        index, call_id = piece.get("index"), piece.get("id")
        call = self._last if index is None else self._open.get(index)
        begins = bool(call_id or piece.get("name")) if index is None else False
        if call is None or begins or (call_id and call.id and call_id != call.id):
            yield from self.end()
            call = self._last = _Open(self._count)
            self._count += 1
            if index is not None:
                self._open[index] = call
        elif call is not self._last:
            yield from self.end()
            self._last = call
        call.id = call.id or call_id or ""
        call.name += piece.get("name") or ""
        if arguments := piece.get("args"):
            yield from self.end()
            yield Argued(call.number, arguments)

    def whole(self, message: AIMessage, only: str | None = None) -> Iterator[Piece]:
        """Take in the whole calls of a message, or the one that has an id."""
        calls: list[Any] = [*message.tool_calls, *message.invalid_tool_calls]
        for call in calls:
            call_id, arguments = call["id"] or "", call["args"]
            if (only and call_id != only) or (call_id and call_id in self._ids):
                continue
            yield from self.end()
            self._last = opened = _Open(self._count)
            opened.id, opened.name = call_id, call["name"] or ""
            self._count += 1
            yield from self.end()
            if isinstance(arguments, dict):
                arguments = json.dumps(arguments, ensure_ascii=False)
            yield Argued(opened.number, arguments or "{}")

    def end(self) -> Iterator[Piece]:
        """Begin the call whose name is complete now."""
        call = self._last
        if call is not None and not call.begun:
            call.begun = True
            call.id = call.id or f"call_{uuid4().hex[:24]}"
            self._ids.add(call.id)
            yield Called(call.number, call.id, call.name)


class _Open:
    """A call under way."""

    __slots__ = ("begun", "id", "name", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.id = self.name = ""
        self.begun = False
