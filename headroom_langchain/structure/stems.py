"""Find many words in many lines at once.

One search of the whole text per word costs far less than one pattern of all words
per line.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from typing import Final, NamedTuple

_ASCII = re.compile(r"[\x00-\x7f]+")
_TOGETHER: Final = 1000


class _Part(NamedTuple):
    """Some lines that follow each other, in lower case.

    They are encoded, or one wide character would double the size of all others.
    """

    text: bytes
    first: int
    """The number of the first line."""
    starts: Sequence[int]
    """Where each line starts, and where the text ends."""


class Lowered:
    """Lines in lower case, ready to be searched."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Prepare the lines.

        Args:
            lines: Lines or sentences; a word that is cut between two is not found.
        """
        self._parts: list[_Part] = []
        self._foreign: set[str] = set()
        self._known: dict[str, Sequence[int]] = {}
        rest = iter(lines)
        first = 0
        while some := list(islice(rest, _TOGETHER)):
            self._parts.append(_lowered(some, first))
            first += len(some)
            if not self._parts[-1].text.isascii():
                for line in some:
                    if not line.isascii():
                        self._foreign.update(_ASCII.sub("", line.lower()))

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

    def _lines_of(self, stem: str) -> Sequence[int]:
        found = array("l")
        wanted = _encoded(stem)
        for text, first, starts in self._parts:
            at = text.find(wanted)
            while at >= 0:
                line = bisect_right(starts, at) - 1
                found.append(first + line)
                at = text.find(wanted, starts[line + 1])
        return found or ()


def _lowered(lines: Sequence[str], first: int) -> _Part:
    text = _encoded("\n".join(lines).lower())
    sizes = (
        1 + len(line if line.isascii() else _encoded(line.lower())) for line in lines
    )
    return _Part(text, first, array("l", accumulate(sizes, initial=0)))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def marked(stems: str) -> list[tuple[str, str]]:
    """Split words at `|`, and put before each its first character beyond ASCII.

    Args:
        stems: The words, each with at least one such character.
    """
    return [
        (next(mark for mark in stem if not mark.isascii()), stem)
        for stem in stems.split("|")
    ]
