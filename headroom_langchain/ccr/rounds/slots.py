"""Which pieces of a stream belong to a hidden call.

Providers cut a tool call into pieces as they like: the name in one piece or in
several, the arguments letter by letter, calls side by side. A slot is one call
in the making. As long as the name so far could become the hidden tool's name,
its pieces are held; once it cannot, they are let go in their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME

Piece: TypeAlias = Mapping[str, Any]
"""A tool call chunk or a content block, as the provider's client made it."""

Stream: TypeAlias = Literal["chunk", "block"]
"""Where a piece stands: among the tool call chunks, or in the content."""

CALL_BLOCKS = frozenset(
    {
        "tool_use",
        "input_json_delta",
        "function_call",
        "tool_call",
        "tool_call_chunk",
        "invalid_tool_call",
    }
)
"""Types of content blocks that belong to a tool call."""


@dataclass(slots=True)
class Slot:
    """One call in the making."""

    names: dict[Stream, str] = field(default_factory=dict)
    id: str | None = None
    held: list[tuple[Stream, Piece]] = field(default_factory=list)
    shown: bool = False
    """Whether it is known not to be hidden."""

    @property
    def possible(self) -> bool:
        """Whether the name so far is, or may still become, the hidden tool's name."""
        return not self.shown and all(
            RETRIEVE_TOOL_NAME.startswith(name) for name in self.names.values()
        )

    @property
    def hidden(self) -> bool:
        """Whether the name so far is the hidden tool's name."""
        return self.possible and RETRIEVE_TOOL_NAME in self.names.values()

    def settle(self) -> None:
        """Note that the name is complete."""
        self.shown = not self.hidden and any(self.names.values())


class Slots:
    """The calls of one round."""

    def __init__(self) -> None:
        """Start with no call."""
        self._slots: list[Slot] = []
        self._current: dict[tuple[Stream, object], Slot] = {}

    @property
    def holding(self) -> bool:
        """Whether a piece is held back, for good or for now."""
        return any(slot.possible for slot in self._slots)

    @property
    def held_ids(self) -> set[str | None]:
        """The ids of the calls that are held back."""
        return {slot.id for slot in self._slots if slot.possible}

    def take(self, stream: Stream, piece: Piece) -> list[tuple[Stream, Piece]]:
        """Take a piece in and return the pieces that may now be seen."""
        if self._foreign(stream, piece):
            return [(stream, piece)]
        slot = self._slot(stream, piece)
        if name := piece.get("name"):
            slot.names[stream] = slot.names.get(stream, "") + name
        slot.id = slot.id or _call_id(piece)
        slot.held.append((stream, piece))
        # A name is complete when arguments follow, or when another call begins.
        for other in self._slots:
            if other is not slot or any(piece.get(key) for key in _ARGUMENTS):
                other.settle()
        return self._freed()

    def _freed(self) -> list[tuple[Stream, Piece]]:
        return [
            piece
            for slot in self._slots
            if slot.held and not slot.possible
            for piece in _emptied(slot)
        ]

    def rest(self) -> list[tuple[Stream, Piece]]:
        """Return the held pieces that turned out not to be hidden."""
        return [
            piece for slot in self._slots if not slot.hidden for piece in _emptied(slot)
        ]

    def _foreign(self, stream: Stream, piece: Piece) -> bool:
        """Tell arguments of a tool that the provider runs itself, which are shown."""
        return piece.get("type") == "input_json_delta" and not any(
            (at, piece.get("index")) in self._current for at in (stream, "chunk")
        )

    def _slot(self, stream: Stream, piece: Piece) -> Slot:
        """Find the call that a piece goes on with, or begin one.

        The rules are those by which langchain-core merges chunks: the same index,
        unless the ids contradict. Pieces without an index go on with the last
        call unless they name one.
        """
        index, call_id = piece.get("index"), _call_id(piece)
        slot = self._current.get((stream, index))
        if slot is None and index is not None:
            # Blocks and chunks of one call share their index.
            other: Stream = "block" if stream == "chunk" else "chunk"
            slot = self._current.get((other, index))
        if slot is None and call_id:
            slot = next((s for s in self._slots if s.id == call_id), None)
        begins = slot is None or bool(call_id and slot.id and call_id != slot.id)
        if index is None and not begins and slot is not None:
            begins = bool(piece.get("name")) and stream in slot.names
        if begins or slot is None:
            slot = Slot()
            self._slots.append(slot)
        self._current[stream, index] = slot
        return slot


_ARGUMENTS = ("args", "arguments", "partial_json", "input")


def _call_id(piece: Piece) -> str | None:
    # The Responses API has an id of the item besides that of the call.
    return piece.get("call_id") or piece.get("id")


def _emptied(slot: Slot) -> list[tuple[Stream, Piece]]:
    held, slot.held = slot.held, []
    return held
