"""Cells that stand out in their column: far numbers, and words no other row has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

_MAXIMA: Final = 3
_FAR: Final = 4.0
_FEW: Final = 0.05
_DIGITS: Final = re.compile(r"\d+")
_ODD_SHARE: Final = 0.03
_MOST_ODD: Final = 8
_FEWEST: Final = 12
_SHARED: Final = 3


def odd_numbers(numbers: Sequence[float]) -> list[tuple[bool, int]]:
    """Return the positions of the greatest numbers and of the smallest one.

    Args:
        numbers: Six numbers or more.

    Returns:
        For each position whether its number is far from the others.
    """
    ranked = sorted(numbers)
    size = len(ranked)
    low, middle, high = (ranked[size * part // 4] for part in (1, 2, 3))
    reach = _FAR * (high - low)
    if high == low:
        others = size - numbers.count(middle)
        reach = 0.0 if others <= _FEW * size else float("inf")
    found: list[tuple[bool, int]] = []
    at = -1
    for before, value in pairwise([None, *reversed(ranked[-_MAXIMA:])]):
        if value is None or value == middle:
            break
        at = numbers.index(value, at + 1 if value == before else 0)
        found.append((value - middle > reach, at))
    least = ranked[0]
    far = middle - least > reach or least < 0 <= low
    if far or ranked[min(_SHARED, size) - 1] > least:
        found.append((far, numbers.index(least)))
    return found


def odd_words(cells: Sequence[str]) -> list[int]:
    """Return rows with a word that no other row has, where words usually repeat.

    Numbers in words are masked, so that `SN1007` and `SN2231` are one word.
    """
    if len(cells) < _FEWEST:
        return []
    text = _DIGITS.sub("0", "\n".join(cells))
    counts = Counter(text.split())
    once = {word for word, times in counts.items() if times == 1}
    if not once or len(once) > max(_SHARED, _ODD_SHARE * len(cells)):
        return []
    masked = text.split("\n")
    if len(masked) != len(cells):
        masked = [_DIGITS.sub("0", cell) for cell in cells]
    rows = [row for row, cell in enumerate(masked) if not once.isdisjoint(cell.split())]
    return rows[:_MOST_ODD]
