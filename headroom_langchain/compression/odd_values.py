"""Lines with a value that hardly ever follows what it follows.

`docker ps` says `Up` a hundred times and `Exited` once; a list of nodes has one
version that no other has. Neither is an alarming word nor an extreme number. A
value counts as odd when its place is nearly always taken by few other values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

_SEPARATORS: Final = dict.fromkeys(map(ord, ',;|"'), " ")
_DIGITS = re.compile(r"\d+(?:[.:,]\d+)*|(?<![A-Za-z])[0-9a-fA-F]*\d[0-9a-fA-F]*")
_CHARACTERS: Final = 600
_WORDS: Final = 40
_MOST_VALUES: Final = 8
_LEAST_USES: Final = 20
_RARE: Final = 0.02

_Row: TypeAlias = tuple[int, Sequence[str]]
"""The number of a line, and its words."""
_Value: TypeAlias = tuple[str, int]
"""A word, and the number of its line."""


def odd_lines(lines: Sequence[str], *, share: float) -> list[int]:
    """Find lines with odd values, those of the rarest values first.

    Args:
        lines: The lines of a text; of each the first 600 characters count.
        share: Which part of the lines must have a place for it to count.
    """
    filled = sum(1 for line in lines if line and not line.isspace())
    least = max(_LEAST_USES, share * filled)
    # Words come again: kept once each, they take a tenth of the memory.
    known: dict[str, str] = {}
    rows = [
        (at, tuple(map(known.setdefault, words, words)))
        for at, line in enumerate(lines)
        if (words := line[:_CHARACTERS].translate(_SEPARATORS).split()[:_WORDS])
    ]
    masked: dict[str, str] = {}
    ranked: list[tuple[int, int]] = []
    for position in range(_WORDS - 1):
        rows = [(at, words) for at, words in rows if len(words) > position + 1]
        if len(rows) < least:
            break
        for values in _places(rows, position, least, masked):
            ranked += _odd_of(values)
    return list(dict.fromkeys(first for _, first in sorted(ranked)))


def _places(
    rows: Sequence[_Row], position: int, least: float, masked: dict[str, str]
) -> Iterable[Sequence[_Value]]:
    """Give the values after each word that many lines have at a position."""
    counts = Counter([words[position] for _, words in rows])
    uses: Counter[str] = Counter()
    for word, count in counts.items():
        if count < least and word.isalpha():
            continue
        mask = masked.get(word)
        if mask is None:
            mask = masked[word] = _DIGITS.sub("#", word)
        uses[mask] += count
    places: dict[str, list[_Value]] = {
        mask: [] for mask, count in uses.items() if count >= least
    }
    if places:
        for at, words in rows:
            values = places.get(masked.get(words[position], ""))
            if values is not None:
                values.append((words[position + 1], at))
    return places.values()


def _odd_of(values: Sequence[_Value]) -> Iterable[tuple[int, int]]:
    """Give how often each odd value is there, and where it is first."""
    counts = Counter(value for value, _ in values)
    if len(counts) > _MOST_VALUES or 2 * max(counts.values()) < len(values):
        return
    rare = max(1, _RARE * len(values))
    first = dict(reversed(values))
    for value, count in counts.items():
        if count <= rare:
            yield count, first[value]
