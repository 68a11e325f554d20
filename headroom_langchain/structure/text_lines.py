"""The lines of a text, cut out of it when they are asked for.

A list of all lines takes two to three times as much memory as the text; where each
of them starts and stops takes a tenth.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import Final, overload

_CHUNK: Final = 1 << 15
_WIDE: Final = (1 << 31) - 1
_RUN: Final = 12


class TextLines(Sequence[str]):
    """The lines of a text, or what is left of each without its beginning."""

    __slots__ = ("_starts", "_stops", "_text")

    def __init__(self, text: str) -> None:
        r"""Cut a text at `\n`.

        Args:
            text: The text; it has as many lines as `text.split("\n")`.
        """
        self._text = text
        sizes = map((1).__add__, map(len, chain.from_iterable(_chunks(text))))
        code = "i" if len(text) < _WIDE else "q"
        self._stops = array(code, accumulate(sizes, initial=0))
        # Each line stops where the next one starts, but for the line break.
        self._starts = self._stops[:-1]
        self._stops.pop(0)

    def behind(self, offsets: Sequence[int]) -> TextLines:
        """Return the lines without as many first characters as told for each."""
        cut = TextLines.__new__(TextLines)
        cut._text, cut._stops = self._text, self._stops
        starts = map(int.__add__, self._starts, offsets)
        cut._starts = array(self._starts.typecode, starts)
        return cut

    def between(self, start: int, stop: int) -> Iterator[str]:
        """Give the lines from `start` to before `stop`."""
        text = self._text
        starts, stops = self._starts[start:stop], self._stops[start:stop]
        for begin, end in zip(starts, stops, strict=True):
            yield text[begin : end - 1]

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self._starts)

    def __iter__(self) -> Iterator[str]:
        """Give the lines in order."""
        return self.between(0, len(self))

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Return a line without its line break, or some."""
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return self._text[self._starts[at] : self._stops[at] - 1]


def _chunks(text: str) -> Iterator[list[str]]:
    """Give the lines of a text, a few hundred of them in memory at a time."""
    at = 0
    while at <= len(text):
        stop = text.find("\n", at + _CHUNK)
        stop = len(text) if stop < 0 else stop
        yield text[at:stop].split("\n")
        at = stop + 1


def some_lines(lines: Sequence[str], most: int) -> list[str]:
    """Return all lines, or of very many some runs of neighbours from all over.

    Neighbours, since lines of one kind may come at every second or fourth place.

    Args:
        lines: The lines of a text.
        most: About how many lines to return at most.
    """
    if len(lines) <= most:
        return [*lines]
    stride = max(_RUN, _RUN * len(lines) // most)
    found: list[str] = []
    for start in range(0, len(lines), stride):
        found += lines[start : start + _RUN]
    return found
