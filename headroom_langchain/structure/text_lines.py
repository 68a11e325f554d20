"""The lines of a text, cut out of it when they are asked for.

A list of all lines takes two to three times as much memory as the text; where each
of them starts and stops takes a tenth.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import Final

from .slices import Slices

_CHUNK: Final = 1 << 15
_WIDE: Final = (1 << 31) - 1
_RUN: Final = 12


class TextLines(Slices):
    """The lines of a text."""

    __slots__ = ("starts",)

    def __init__(self, text: str) -> None:
        r"""Cut a text at `\n`.

        Args:
            text: The text; it has as many lines as `text.split("\n")`.
        """
        sizes = map((1).__add__, map(len, chain.from_iterable(_chunks(text))))
        code = "i" if len(text) < _WIDE else "q"
        self.starts = array(code, accumulate(sizes, initial=0))
        """Where each line starts; last, where one more would start."""
        stops = array(code, map((-1).__add__, self.starts))
        del stops[0]
        super().__init__(text, self.starts[:-1], stops)


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
