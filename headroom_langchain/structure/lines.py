"""Numbered lines that never grow long.

A text is cut at its line breaks, and a line of more than a thousand characters
into several pieces, so that minified JSON and other one-line texts can be
searched and paged like the rest. The lines put together are the text again.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, overload

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


class Lines(Sequence[Line]):
    """The lines of a text in their order.

    They are kept as columns, since an object for each line of a large text would
    make the garbage collector go over everything there is.
    """

    __slots__ = ("_continued", "ends", "starts")

    def __init__(
        self, starts: array[int], ends: array[int], continued: frozenset[int]
    ) -> None:
        """Hold where lines stand.

        Args:
            starts: Where each one starts.
            ends: Where the one after each starts.
            continued: The indexes of those that go on with a long line.
        """
        self.starts = starts
        self.ends = ends
        self._continued = continued

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.starts)

    def __iter__(self) -> Iterator[Line]:
        """Give one after the other."""
        return map(self.__getitem__, range(len(self.starts)))

    @overload
    def __getitem__(self, at: int) -> Line: ...
    @overload
    def __getitem__(self, at: slice) -> list[Line]: ...
    def __getitem__(self, at: int | slice) -> Line | list[Line]:
        """Return one of them, or some."""
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return Line(self.starts[at], self.ends[at], at in self._continued)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Where the long lines of a text may be cut; offsets in ascending order."""

    borders: Sequence[int] = ()
    """Where a record starts: a long line is always cut here."""
    joints: Sequence[int] = ()
    """Where something smaller starts: cut here where a piece is too long."""


def split_lines(text: str, cuts: Callable[[], Cuts] = Cuts) -> Lines:
    r"""Cut a text into lines at `\n`, and its long lines into pieces.

    Args:
        text: Any text.
        cuts: Finds good places inside long lines, if there are such lines; without
            them spaces are good places.

    Returns:
        The lines in order; none for an empty text. The first has number 1.
    """
    ends = array("q")
    continued: set[int] = set()
    places: Cuts | None = None
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        if end - start > LONGEST:
            places = places or cuts()
            pieces = _pieces(text, start, end, places)
            continued.update(range(len(ends) + 1, len(ends) + len(pieces)))
            ends.extend(pieces)
        else:
            ends.append(end)
        start = end
    starts = array("q", [0])[: len(ends)] + ends[:-1]
    return Lines(starts, ends, frozenset(continued))


def line_at(lines: Lines, offset: int) -> int:
    """Return the index of the line that holds an offset of the text."""
    return max(0, bisect_right(lines.starts, offset) - 1)


def _pieces(text: str, start: int, end: int, cuts: Cuts) -> list[int]:
    """Return where the pieces of a long line end."""
    tail = text[end - 2 : end]
    body = end - len(tail) + len(tail.rstrip("\r\n"))
    pieces: list[int] = []
    for border in [*_between(cuts.borders, start, body), body]:
        while start < border:
            start = _cut(text, start, border, cuts.joints)
            pieces.append(start)
    pieces[-1] = end
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
