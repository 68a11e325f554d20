"""What a caller may see of one round of the model, while it is streamed.

A round is fed in as the model speaks. Text goes through at once; the hidden
tool's calls do not; indexes are moved so that blocks of different rounds stay
apart; and what may stand only once in an answer (stop reason, ids, usage) is
kept back until it is known which round is the last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata, add_usage
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.utils._merge import merge_lists

from headroom_langchain.ccr.rounds.calls import without_entries
from headroom_langchain.ccr.rounds.joining import separated
from headroom_langchain.ccr.rounds.slots import CALL_BLOCKS, Piece, Slots, Stream

_EVERYWHERE = frozenset({"model_provider", "output_version"})
"""Metadata that is on every chunk; equal values are merged to one."""

_RAW_CALLS = frozenset({"tool_calls", "function_call"})
"""Where some clients leave the calls as the provider sent them.

The calls also stand where langchain-core has them, and it would bring hidden ones
back to life from here.
"""


@dataclass(slots=True)
class Held:
    """What may stand only once in an answer, and so waits for its end."""

    info: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    origin: dict[str, Any] = field(default_factory=dict)
    """Metadata of every chunk, for an answer of which no chunk goes out."""
    extra: dict[str, Any] = field(default_factory=dict)
    usage: UsageMetadata | None = None


@dataclass(slots=True)
class Seen:
    """What the caller has seen of an answer so far, over all its rounds."""

    id: str | None = None
    next_index: int = 0
    """One more than the highest block index that went out."""
    text: str = ""
    """The last character of the text that is not empty."""
    loose: bool = False
    """Whether the last piece of content was text without an index."""
    calls: bool = False
    listed: bool = False
    """Whether content comes as a list of blocks."""
    info: set[str] = field(default_factory=set)
    metadata: set[str] = field(default_factory=set)
    extra: set[str] = field(default_factory=set)

    def note(self, chunk: ChatGenerationChunk, message: AIMessageChunk) -> None:
        """Remember what a chunk shows."""
        if self.id is None:
            self.id = message.id
        if chunk.generation_info:
            self.info.update(chunk.generation_info)
        if message.response_metadata:
            self.metadata.update(message.response_metadata)
        if message.additional_kwargs:
            self.extra.update(message.additional_kwargs)
        content = message.content
        if isinstance(content, str):
            self._note_loose(content)
        else:
            self.listed = True
            for block in content:
                self._note_block(block)
        for call in message.tool_call_chunks:
            self.calls = True
            self._note_index(call.get("index"))

    def _note_block(self, block: str | dict[str, Any]) -> None:
        if isinstance(block, str):
            self._note_loose(block)
            return
        if block.get("type") == "text":
            self.text = (block.get("text") or "")[-1:] or self.text
        self._note_index(block.get("index"))

    def _note_loose(self, text: str) -> None:
        """Count a run of text without an index as a block of its own.

        With `output_version="v1"` langchain-core gives it the next index.
        """
        self.text = text[-1:] or self.text
        if text and not self.loose:
            self.loose = True
            self.next_index += 1

    def _note_index(self, index: object) -> None:
        if not isinstance(index, int):
            return
        self.loose = False
        if index >= self.next_index:
            self.next_index = index + 1


class RoundFilter:
    """Lets through what the caller may see of one round."""

    def __init__(self, seen: Seen, *, number: int, holds_usage: bool = False) -> None:
        """Begin a round.

        Args:
            seen: What was seen of the rounds before; kept up to date.
            number: The number of the round, 0 for the first.
            holds_usage: Hold usage back even while nothing is hidden.
        """
        self.held = Held()
        self._holds_usage = holds_usage
        self._seen = seen
        self._number = number
        self._offset = seen.next_index
        self._joined = number == 0
        self._slots = Slots()
        self._messages: list[AIMessageChunk] = []
        self._info: dict[str, Any] = {}

    @property
    def heard(self) -> bool:
        """Whether the model said anything yet."""
        return bool(self._messages)

    @property
    def hides(self) -> bool:
        """Whether a piece of the round was held back."""
        return self._slots.holding

    @property
    def usage(self) -> UsageMetadata | None:
        """What the provider counted, in all chunks together."""
        told = [m.usage_metadata for m in self._messages if m.usage_metadata]
        return reduce(add_usage, told) if told else None

    def message(self) -> AIMessageChunk:
        """Return the whole message of the round, hidden calls included."""
        last = AIMessageChunk(
            content="", response_metadata=self._info, chunk_position="last"
        )
        first, *rest = [*self._messages, last]
        return first.__add__(rest)

    def feed(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk | None:
        """Take in a chunk of the model and return what may be seen of it."""
        message = chunk.message
        if not isinstance(message, AIMessageChunk):
            return chunk
        self._messages.append(message)
        if self._plain(message):
            self._seen.note(chunk, message)
            return chunk
        content, calls = self._parts(message)
        untouched = self._number == 0 and not self._slots.holding
        if untouched and self._same(message, content, calls):
            self._seen.note(chunk, message)
            return chunk
        info = chunk.generation_info or {}
        self._info.update(info)
        if not untouched:
            info = self._once(info, self.held.info, keep={"logprobs"})
        visible = self._visible(message, content, calls, untouched=untouched)
        return self._out(chunk, visible, info)

    def end(self) -> ChatGenerationChunk | None:
        """Close the round and return pieces that turned out not to be hidden."""
        blocks, calls = self._released(self._slots.rest())
        if not blocks and not calls:
            return None
        visible = AIMessageChunk(
            content=blocks or "", tool_call_chunks=calls, id=self._seen.id
        )
        return self._out(ChatGenerationChunk(message=visible), visible, {})

    def _plain(self, message: AIMessageChunk) -> bool:
        """Tell at a glance whether a chunk can go out as it is."""
        return (
            self._number == 0
            and not message.tool_call_chunks
            and not self._slots.holding
            and not _has_calls(message.content)
            and not _RAW_CALLS & message.additional_kwargs.keys()
            and self._holds_nothing(message)
        )

    def _same(
        self, message: AIMessageChunk, content: str | list[Any], calls: list[Any]
    ) -> bool:
        """Tell whether everything of a chunk may be seen."""
        return (
            content == message.content
            and calls == message.tool_call_chunks
            and self._holds_nothing(message)
        )

    def _holds_nothing(self, message: AIMessageChunk) -> bool:
        if self._holds_usage and message.usage_metadata:
            return False
        last = message.chunk_position is not None and self._waits()
        return not last and "id" not in message.response_metadata

    def _waits(self) -> bool:
        """Tell whether something is held that belongs behind the last chunk."""
        return bool(self.held.metadata or self.held.usage)

    def _visible(
        self,
        message: AIMessageChunk,
        content: str | list[Any],
        calls: list[Any],
        *,
        untouched: bool,
    ) -> AIMessageChunk:
        """Return what may be seen of a message."""
        changes: dict[str, Any] = {
            "content": content,
            "additional_kwargs": self._extra(message, untouched=untouched),
            "response_metadata": self._metadata(message, untouched=untouched),
            "usage_metadata": self._usage(message, untouched=untouched),
            "id": message.id if self._number == 0 else self._seen.id,
            "chunk_position": None,
        }
        if untouched and not self._waits():
            changes["chunk_position"] = message.chunk_position
        if not calls and not message.tool_call_chunks:
            return message.model_copy(update=changes)
        # Pieces of calls must be parsed anew, which a copy would not do.
        return AIMessageChunk(**changes, tool_call_chunks=calls, name=message.name)

    def _parts(self, message: AIMessageChunk) -> tuple[str | list[Any], list[Any]]:
        """Take the message apart into visible content and visible calls."""
        calls: list[Any] = []
        shown: str | list[Any]
        if isinstance(message.content, str):
            shown = self._separated(message.content)
            loose, calls = self._taken("chunk", message.tool_call_chunks)
            return (shown, calls) if not loose else ([shown, *loose], calls)
        self._seen.listed = True
        shown = []
        for block in message.content:
            if isinstance(block, dict) and block.get("type") in CALL_BLOCKS:
                blocks, freed = self._taken("block", [block])
                shown = _joined(shown, blocks)
                calls = _joined(calls, freed)
            else:
                shown.append(self._block(block))
        blocks, freed = self._taken("chunk", message.tool_call_chunks)
        return _joined(shown, blocks), _joined(calls, freed)

    def _taken(
        self, stream: Stream, pieces: Iterable[Piece]
    ) -> tuple[list[Any], list[Any]]:
        return self._released(
            free for piece in pieces for free in self._slots.take(stream, piece)
        )

    def _released(
        self, pieces: Iterable[tuple[Stream, Piece]]
    ) -> tuple[list[Any], list[Any]]:
        """Sort pieces by where they stand; those of one call become one piece."""
        blocks: list[Any] = []
        calls: list[Any] = []
        for stream, piece in pieces:
            if stream == "block":
                blocks = merge_lists(blocks, [self._moved(piece)]) or []
            else:
                calls = merge_lists(calls, [self._moved(piece)]) or []
        return blocks, calls

    def _block(self, block: str | dict[str, Any]) -> str | dict[str, Any]:
        if isinstance(block, str):
            return self._separated(block)
        moved = self._moved(block)
        if moved.get("type") == "text" and isinstance(moved.get("text"), str):
            moved["text"] = self._separated(moved["text"])
        return moved

    def _moved(self, piece: Piece) -> dict[str, Any]:
        """Move the index of a piece behind those of the rounds before."""
        moved = dict(piece)
        index = moved.get("index")
        if self._number and isinstance(index, int):
            moved["index"] = index + self._offset
        elif self._number and isinstance(index, str):
            moved["index"] = f"{index}_r{self._number}"
        return moved

    def _separated(self, text: str) -> str:
        """Put a separator before the first text of a later round if it needs one."""
        if self._joined or not text:
            return text
        self._joined = True
        return separated(self._seen.text, text)

    def _extra(self, message: AIMessageChunk, *, untouched: bool) -> dict[str, Any]:
        extra = message.additional_kwargs
        if untouched or not extra:
            return extra
        extra = {k: v for k, v in extra.items() if k not in _RAW_CALLS}
        extra = without_entries(extra, self._slots.held_ids)
        texts = {key for key, value in extra.items() if isinstance(value, str)}
        return self._once(extra, self.held.extra, keep=texts)

    def _metadata(self, message: AIMessageChunk, *, untouched: bool) -> dict[str, Any]:
        metadata = message.response_metadata
        self.held.origin.update({k: v for k, v in metadata.items() if k in _EVERYWHERE})
        keep = set(metadata) - {"id"} if untouched else set(_EVERYWHERE)
        return self._once(metadata, self.held.metadata, keep=keep)

    def _usage(
        self, message: AIMessageChunk, *, untouched: bool
    ) -> UsageMetadata | None:
        usage = message.usage_metadata
        if usage is None or (untouched and not self._holds_usage):
            return usage
        self.held.usage = add_usage(self.held.usage, usage)
        return None

    def _once(
        self, values: dict[str, Any], held: dict[str, Any], *, keep: set[str]
    ) -> dict[str, Any]:
        """Hold values back, but for the keys to keep."""
        held.update({k: v for k, v in values.items() if k not in keep})
        return {k: v for k, v in values.items() if k in keep}

    def _out(
        self, chunk: ChatGenerationChunk, visible: AIMessageChunk, info: dict[str, Any]
    ) -> ChatGenerationChunk | None:
        """Return a chunk with what may be seen of it, or `None` for nothing."""
        if not (
            visible.content
            or visible.tool_call_chunks
            or visible.additional_kwargs
            or visible.usage_metadata
            or info
            or visible.chunk_position
            or visible.response_metadata.keys() - _EVERYWHERE
        ):
            return None
        changes = {
            "message": visible,
            "generation_info": info or None,
            "text": str(visible.text),
        }
        shown = chunk.model_copy(update=changes)
        self._seen.note(shown, visible)
        return shown


def _joined(pieces: list[Any], others: list[Any]) -> list[Any]:
    """Join pieces; those of one call, which have one index, become one."""
    return merge_lists(pieces, others) or [] if others else pieces


def _has_calls(content: str | list[Any]) -> bool:
    return not isinstance(content, str) and any(
        isinstance(block, dict) and block.get("type") in CALL_BLOCKS
        for block in content
    )
