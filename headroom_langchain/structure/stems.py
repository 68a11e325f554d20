"""Find many words in many lines at once.

One search of the whole text per word costs far less than one pattern of all words
per line.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

_ASCII = re.compile(r"[\x00-\x7f]+")


class Lowered:
    """Lines in lower case, ready to be searched."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Prepare the lines.

        Args:
            lines: Lines or sentences; a word that is cut between two is not found.
        """
        lowered = [line.lower() for line in lines]
        sizes = (len(line) + 1 for line in lowered)
        self._starts = array("q", accumulate(sizes, initial=0))
        self._text = "\n".join(lowered)
        foreign = "" if self._text.isascii() else _ASCII.sub("", self._text)
        self._foreign = frozenset(foreign)
        self._known: dict[str, list[int]] = {}

    def having(self, stems: Iterable[str]) -> Iterator[int]:
        """Give the lines that have one of some words, for each word in their order.

        Args:
            stems: Words or beginnings of words, lower case.
        """
        for stem in stems:
            if stem not in self._known:
                self._known[stem] = self._lines_of(stem)
            yield from self._known[stem]

    def having_foreign(self, stems: Iterable[tuple[str, str]]) -> Iterator[int]:
        """Give the lines that have one of some words which are not all ASCII.

        Args:
            stems: Words, each after its first character that is not ASCII.
        """
        if self._foreign:
            yield from self.having(
                [stem for mark, stem in stems if mark in self._foreign]
            )

    def _lines_of(self, stem: str) -> list[int]:
        text, starts = self._text, self._starts
        found: list[int] = []
        at = text.find(stem)
        while at >= 0:
            line = bisect_right(starts, at) - 1
            found.append(line)
            at = text.find(stem, starts[line + 1])
        return found


def marked(stems: str) -> list[tuple[str, str]]:
    """Split words at `|`, and put before each its first character beyond ASCII.

    Args:
        stems: The words, each with at least one such character.
    """
    return [
        (next(mark for mark in stem if not mark.isascii()), stem)
        for stem in stems.split("|")
    ]
