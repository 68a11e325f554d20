"""Whether a request begins with the one before it, and if not, where and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal, TypeAlias

from headroom_langchain.cache_aligner.requests import Leaf, Request, Unit, units
from headroom_langchain.cache_aligner.volatile import VolatileToken, volatile
from headroom_langchain.tokens import estimate_tokens

Reason: TypeAlias = Literal[
    "volatile value",
    "tool added",
    "tool removed",
    "tools reordered",
    "tool changed",
    "argument changed",
    "message edited",
    "message inserted",
    "message removed",
    "type of content changed",
]
"""Why a prefix broke."""

_ADVICE: Mapping[Reason, str] = {
    "tool added": "Offer the same tools in every call, or add new ones at the end "
    "of a conversation only.",
    "tool removed": "Offer the same tools in every call; `tool_choice` limits them.",
    "tools reordered": "Sort the tools by name before they are bound.",
    "tool changed": "Write names, descriptions and schemas of tools once.",
    "argument changed": "Keep it the same for a conversation.",
    "message edited": "Append what is new instead of editing what was sent.",
    "message inserted": "Append new messages at the end.",
    "message removed": "Drop old messages rarely, and many at once.",
    "type of content changed": "Send the message in the form in which it was sent.",
}
_EXCERPT = 80
_AROUND = 400
"""How many characters around a difference are searched for volatile values."""
_SOON = 8
"""How many messages further on an inserted or removed one may end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """The first difference of two requests."""

    where: str
    """The tool or message, and the path in it."""
    reason: Reason
    message: int | None
    """The index of the message, when it is in one."""
    tool: str | None
    """The name of the tool, when it is in one."""
    offset: int
    """Where in the text of that place, in characters."""
    line: int
    """Likewise, counted from 1."""
    before: str
    """What stood there: the volatile value, or the beginning of what differs."""
    after: str
    tokens_lost: int
    """Estimated tokens of the first request that no cache can give back."""
    advice: str

    def __str__(self) -> str:
        """Say in one paragraph what broke."""
        return (
            f"The prefix breaks in {self.where} (line {self.line}, character "
            f"{self.offset}): {self.reason}, {self.before!r} -> {self.after!r}. "
            f"About {self.tokens_lost:,} tokens are not read from the cache. "
            f"{self.advice}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two requests of a conversation, one after the other."""

    divergence: Divergence | None
    """`None` when the second begins with the whole first one."""
    tokens_shared: int
    """Estimated tokens at the front that are the same."""
    marks_gone: tuple[str, ...]
    """Where the first has a `cache_control` mark and the second has none. A mark may
    move on, as long as no more than 20 blocks come between."""

    @property
    def holds(self) -> bool:
        """Whether the second request begins with the first."""
        return self.divergence is None

    def __str__(self) -> str:
        """Say whether the prefix holds."""
        told = [
            str(self.divergence)
            if self.divergence
            else f"The prefix holds: about {self.tokens_shared:,} tokens are the same."
        ]
        if self.marks_gone:
            told.append(f"Marks are gone from {'; '.join(self.marks_gone)}.")
        return "\n".join(told)


def compare(before: Request, after: Request) -> Comparison:
    """Tell whether a request begins with the one before it.

    Args:
        before: The request that was sent first.
        after: The next one of the same conversation.
    """
    return compare_units(units(before), units(after))


def compare_units(before: Sequence[Unit], after: Sequence[Unit]) -> Comparison:
    """Compare requests that were taken apart."""
    pairs = zip(before, after, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: _equal(*pair), pairs))
    shared = sum(map(_tokens, before[:same]))
    divergence = None
    if same < len(before):
        divergence = _divergence(before[same:], after[same:])
        shared += sum(map(_tokens, before[same:])) - divergence.tokens_lost
    gone = tuple(
        old.place(mark)
        for old, new in zip(before, after, strict=False)
        for mark in old.marks
        if mark not in new.marks
    )
    return Comparison(divergence=divergence, tokens_shared=shared, marks_gone=gone)


def _equal(one: Unit, other: Unit) -> bool:
    return (one.part, one.name, one.leaves) == (other.part, other.name, other.leaves)


def _tokens(unit: Unit) -> int:
    return sum(estimate_tokens(leaf.text) for leaf in unit.leaves)


@dataclass(frozen=True, slots=True)
class _Spot:
    """The texts that differ, and how far they are the same."""

    old: Leaf
    new: Leaf
    offset: int

    @classmethod
    def of(cls, old: Leaf, new: Leaf) -> _Spot:
        alike = _shared(old.text, new.text) if old.path == new.path else 0
        return cls(old, new, alike)

    @property
    def tokens(self) -> tuple[VolatileToken | None, VolatileToken | None]:
        """The volatile values that differ, old and new."""
        if self.old.path != self.new.path:
            return None, None
        return _token(self.old.text, self.offset), _token(self.new.text, self.offset)


_NOTHING = Leaf("", "")


def _divergence(before: Sequence[Unit], after: Sequence[Unit]) -> Divergence:
    """Describe the first units, which differ."""
    unit = before[0]
    leaves = after[0].leaves if after and after[0].part == unit.part else ()
    pairs = zip(unit.leaves, leaves, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    spot = _Spot.of(_leaf(unit.leaves, same), _leaf(leaves, same))
    old, new = spot.tokens
    token = new or old
    reason = "volatile value" if token else _reason(before, after, spot)
    head = spot.old.text[: spot.offset]
    kept = sum(estimate_tokens(leaf.text) for leaf in unit.leaves[:same])
    lost = sum(map(_tokens, before)) - kept - estimate_tokens(head)
    added = bool(after) and after[0].part == "arguments" != unit.part
    excerpt = slice(spot.offset, spot.offset + _EXCERPT)
    return Divergence(
        where=after[0].place("") if added else unit.place(spot.old.path),
        reason=reason,
        message=unit.index if unit.part in {"system", "messages"} else None,
        tool=unit.name if unit.part == "tools" else None,
        offset=spot.offset,
        line=head.count("\n") + 1,
        before=old.text if old else spot.old.text[excerpt],
        after=new.text if new else spot.new.text[excerpt],
        tokens_lost=max(0, lost),
        advice=token.advice if token else _ADVICE[reason],
    )


def _leaf(leaves: Sequence[Leaf], index: int) -> Leaf:
    return leaves[index] if index < len(leaves) else _NOTHING


def _reason(before: Sequence[Unit], after: Sequence[Unit], spot: _Spot) -> Reason:
    part = before[0].part
    if part == "arguments" or (after and after[0].part == "arguments"):
        return "argument changed"
    if part == "tools" or (after and after[0].part == "tools"):
        return _tools_reason(_names(before), _names(after))
    if any(_equal(before[0], unit) for unit in after[:_SOON]):
        return "message inserted"
    if not after or any(_equal(after[0], unit) for unit in before[:_SOON]):
        return "message removed"
    paths = {spot.old.path, spot.new.path}
    if len(paths) > 1 and all(path.startswith("content[") for path in paths):
        return "type of content changed"
    return "message edited"


def _names(units_: Sequence[Unit]) -> list[str]:
    return [unit.name for unit in units_ if unit.part == "tools"]


def _tools_reason(before: Sequence[str], after: Sequence[str]) -> Reason:
    if before == after:
        return "tool changed"
    if sorted(before) == sorted(after):
        return "tools reordered"
    return "tool added" if set(after) - set(before) else "tool removed"


def _shared(one: str, other: str) -> int:
    """Return how many characters at the front of two texts are the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _token(text: str, offset: int) -> VolatileToken | None:
    """Return the volatile value that a place in a text is in."""
    start = max(0, offset - _AROUND)
    for token in volatile(text[start : offset + _AROUND]):
        if token.start <= offset - start < token.end:
            return token
    return None
