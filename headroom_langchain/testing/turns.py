"""What a scripted model says: turns, and how they are cut into chunks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from langchain_core.messages import BaseMessage, UsageMetadata

from headroom_langchain.testing.marker import RETRIEVE, last_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One tool call of a turn.

    Attributes:
        name: The tool.
        args: The arguments; a string is played as it is, so that a script can
            have JSON which is broken or cut.
        id: The provider's id of the call; None makes one.
    """

    name: str
    args: Mapping[str, Any] | str = field(default_factory=dict)
    id: str | None = None

    @property
    def json(self) -> str:
        """The arguments as JSON text."""
        return self.args if isinstance(self.args, str) else json.dumps(self.args)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One answer of a scripted model.

    Attributes:
        text: What it says.
        reasoning: What it thinks first.
        signature: The signature of its thoughts, in shapes that sign them.
        tool_calls: The tools it calls, after the text.
        usage: The tokens it says it cost; None says nothing.
        stop_reason: Why it stopped, in the provider's word; None takes the
            usual one.
        error: Raised once everything else has been played; a turn that has
            nothing else raises it before any chunk.
    """

    text: str = ""
    reasoning: str = ""
    signature: str = "c2lnbmF0dXJl"
    tool_calls: tuple[Call, ...] = ()
    usage: UsageMetadata | None = None
    stop_reason: str | None = None
    error: Exception | None = None

    @property
    def silent(self) -> bool:
        """Whether there is nothing to play."""
        return not (self.text or self.reasoning or self.tool_calls)


TurnLike: TypeAlias = Turn | str | Callable[[list[BaseMessage]], Turn]
"""A turn, its text alone, or a function of the messages the model was sent."""

Script: TypeAlias = Sequence[TurnLike]
"""What a scripted model answers, one turn after the other."""

Part: TypeAlias = Literal["text", "reasoning", "name", "args"]
"""What is being cut: a text, a thought, a tool's name, its arguments' JSON."""

Chunking: TypeAlias = (
    Literal["whole"] | int | Sequence[int] | Callable[[Part, str], Iterable[str]]
)
"""How a turn is cut into chunks.

- `"whole"`: each part is one chunk.
- a number: so many characters a chunk; names of tools stay whole.
- places: cut at these offsets of each part, names too; what lies outside is ignored.
- a function of the part and its text: the pieces, which joined are the text.
"""


def cut(part: Part, text: str, chunking: Chunking) -> list[str]:
    """Cut one part of a turn into the pieces of its chunks.

    Args:
        part: What the text is.
        text: The text.
        chunking: How to cut.

    Returns:
        The pieces; joined they are the text. An empty text has none.

    Raises:
        ValueError: A chunking function returned other characters.
    """
    if not text:
        return []
    if callable(chunking):
        pieces = list(chunking(part, text))
        if "".join(pieces) != text:
            msg = f"chunking must cut {text!r} and change nothing, it gave {pieces!r}"
            raise ValueError(msg)
        return pieces
    if chunking == "whole" or (isinstance(chunking, int) and part == "name"):
        return [text]
    if isinstance(chunking, int):
        points: Iterable[int] = range(chunking, len(text), chunking)
    else:
        points = sorted({int(p) for p in chunking if 0 < int(p) < len(text)})
    return [text[a:b] for a, b in pairwise([0, *points, len(text)])]


def ask_for_original(
    query: str | None = None,
    *,
    text: str = "",
    lines: str | None = None,
    call_id: str | None = None,
    usage: UsageMetadata | None = None,
) -> Callable[[list[BaseMessage]], Turn]:
    """Make a turn that asks for the original behind the last marker it sees.

    Args:
        query: What it looks for.
        text: What it says before.
        lines: The lines it wants, such as `"120-180"`.
        call_id: The id of the call; None makes one.
        usage: The tokens the turn says it cost.

    Returns:
        A turn for a script. Played on messages without a marker, it raises
        `LookupError`.
    """

    def turn(messages: list[BaseMessage]) -> Turn:
        found = last_hash(message.text for message in messages)
        if found is None:
            msg = "ask_for_original() met no marker; nothing was compressed"
            raise LookupError(msg)
        asked = {"hash": found, "query": query, "lines": lines}
        args = {name: value for name, value in asked.items() if value is not None}
        call = Call(name=RETRIEVE, args=args, id=call_id)
        return Turn(text=text, tool_calls=(call,), usage=usage)

    return turn
