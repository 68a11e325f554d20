"""Numbered lines that never grow long.

A text is cut at its line breaks, and a line of more than a thousand characters
into several pieces, so that minified JSON and other one-line texts can be
searched and paged like the rest. The lines put together are the text again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 1000
"""Characters from which on a line is cut into pieces."""

_PIECE = 400
_SHORTEST = 160
_GOOD_ENDS = (" ", "\t", "\r", ">", ",", ";", "&", "|")


@dataclass(frozen=True, slots=True)
class Line:
    """A numbered line, or one piece of a long one."""

    start: int
    """Where it starts in the text."""
    end: int
    """Where the next one starts, so that the line break belongs to the line."""
    continued: bool = False
    """Whether it goes on with the long line of which the piece before is part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Where the long lines of a text may be cut; offsets in ascending order."""

    borders: Sequence[int] = ()
    """Where a record starts: a long line is always cut here."""
    joints: Sequence[int] = ()
    """Where something smaller starts: cut here where a piece is too long."""


def split_lines(text: str, cuts: Cuts | None = None) -> tuple[Line, ...]:
    r"""Cut a text into lines at `\n`, and its long lines into pieces.

    Args:
        text: Any text.
        cuts: Good places inside long lines; without them spaces are good places.

    Returns:
        The lines in order; none for an empty text. The first has number 1.
    """
    places = cuts or Cuts()
    lines: list[Line] = []
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        if end - start <= LONGEST:
            lines.append(Line(start, end))
        else:
            lines.extend(_pieces(text, start, end, places))
        start = end
    return tuple(lines)


def line_at(lines: Sequence[Line], offset: int) -> int:
    """Return the index of the line that holds an offset of the text."""
    return max(0, bisect_right(lines, offset, key=_start) - 1)


def _start(line: Line) -> int:
    return line.start


def _pieces(text: str, start: int, end: int, cuts: Cuts) -> list[Line]:
    tail = text[end - 2 : end]
    body = end - len(tail) + len(tail.rstrip("\r\n"))
    ends = _between(cuts.borders, start, body)
    pieces: list[Line] = []
    for border in [*ends, body]:
        while start < border:
            cut = _cut(text, start, border, cuts.joints)
            pieces.append(Line(start, cut, bool(pieces)))
            start = cut
    last = pieces[-1]
    pieces[-1] = Line(last.start, end, last.continued)
    return pieces


def _between(offsets: Sequence[int], start: int, end: int) -> Sequence[int]:
    return offsets[bisect_right(offsets, start) : bisect_left(offsets, end)]


def _cut(text: str, start: int, end: int, joints: Sequence[int]) -> int:
    """Return where the piece that begins at `start` ends."""
    furthest = start + _PIECE
    if end <= furthest:
        return end
    nearby = _between(joints, start, furthest + 1)
    if nearby:
        return nearby[-1]
    ahead = bisect_right(joints, start)
    if ahead < len(joints) and joints[ahead] <= start + LONGEST:
        return min(end, joints[ahead])
    if end <= start + LONGEST and joints:
        return end
    for good in _GOOD_ENDS:
        at = text.rfind(good, start + _SHORTEST, furthest)
        if at >= 0:
            return at + 1
    return furthest
