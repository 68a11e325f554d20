"""Lines with a value that hardly ever follows what it follows.

`docker ps` says `Up` a hundred times and `Exited` once; a list of nodes has one
version that no other has. Neither is an alarming word nor an extreme number. A
value counts as odd when its place is nearly always taken by few other values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

_WORD = re.compile(r"[^\s,;|\"]+")
_DIGITS = re.compile(r"\d+(?:[.:,]\d+)*|(?<![A-Za-z])[0-9a-fA-F]*\d[0-9a-fA-F]*")
_CHARACTERS: Final = 600
_WORDS: Final = 40
_MOST_VALUES: Final = 8
_LEAST_USES: Final = 20
_RARE: Final = 0.02

_Place: TypeAlias = tuple[int, str]
"""The position of a word and the word before it, its digits masked."""


def odd_lines(lines: Sequence[str], *, share: float) -> list[int]:
    """Find lines with odd values, those of the rarest values first.

    Args:
        lines: The lines of a text; of each the first 600 characters count.
        share: Which part of the lines must have a place for it to count.
    """
    filled = sum(1 for line in lines if line.strip())
    least = max(_LEAST_USES, share * filled)
    ranked: list[tuple[int, int]] = []
    for values in _places(lines).values():
        counts = [count for count, _ in values.values()]
        total = sum(counts)
        if len(counts) > _MOST_VALUES or total < least or 2 * max(counts) < total:
            continue
        rare = max(1, _RARE * total)
        ranked += [(count, first) for count, first in values.values() if count <= rare]
    return list(dict.fromkeys(first for _, first in sorted(ranked)))


def _places(lines: Sequence[str]) -> dict[_Place, dict[str, list[int]]]:
    """Count the values of each place, with the line where each was first."""
    places: dict[_Place, dict[str, list[int]]] = {}
    masked: dict[str, str] = {}
    for at, line in enumerate(lines):
        before: _Place | None = None
        for position, word in enumerate(_WORD.findall(line[:_CHARACTERS])[:_WORDS]):
            if before is not None:
                _count(places.setdefault(before, {}), word, at)
            mask = masked.get(word)
            if mask is None:
                mask = masked[word] = _DIGITS.sub("#", word)
            before = (position, mask)
    return places


def _count(values: dict[str, list[int]], word: str, at: int) -> None:
    known = values.get(word)
    if known is not None:
        known[0] += 1
    elif len(values) <= _MOST_VALUES:
        values[word] = [1, at]
