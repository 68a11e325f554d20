"""Cells that stand out in their column: far numbers, and words no other row has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import nlargest, nsmallest
from itertools import chain, islice, pairwise, zip_longest
from typing import Final

_MAXIMA: Final = 3
_ENDS: Final = 6
_FAR: Final = 4.0
_FEW: Final = 0.05
_DIGITS: Final = re.compile(r"\d+")
_ODD_SHARE: Final = 0.03
_MOST_ODD: Final = 8
_FEWEST: Final = 12
_SHARED: Final = 3
_TOGETHER: Final = 400
_BETWEEN: Final = "\x1e"


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


def both_ends(numbers: Sequence[float]) -> list[int]:
    """Return the positions of the smallest and the greatest numbers, taken in turn.

    Where more numbers are equal than are wanted of an end, the first of them stands
    for all.

    Args:
        numbers: Numbers that have a least and a greatest possible value.
    """
    places = range(len(numbers))
    lowest = nsmallest(_ENDS + 1, places, key=numbers.__getitem__)
    greatest = nlargest(_ENDS + 1, places, key=numbers.__getitem__)
    ends = (
        end[:1] if numbers[end[0]] == numbers[end[-1]] else end[:_ENDS]
        for end in (lowest, greatest)
    )
    return [at for pair in zip_longest(*ends) for at in pair if at is not None]


def odd_words(cells: Sequence[str]) -> list[int]:
    """Return rows with a word that no other row has, where words usually repeat.

    Numbers in words are masked, so that `SN1007` and `SN2231` are one word.
    """
    if len(cells) < _FEWEST:
        return []
    counts: Counter[str] = Counter()
    for masked in _masked(cells):
        counts.update(" ".join(masked).split())
    once = {word for word, times in counts.items() if times == 1}
    if not once or len(once) > max(_SHARED, _ODD_SHARE * len(cells)):
        return []
    words = chain.from_iterable(_masked(cells))
    rows = (row for row, cell in enumerate(words) if not once.isdisjoint(cell.split()))
    return list(islice(rows, _MOST_ODD))


def _masked(cells: Sequence[str]) -> Iterator[list[str]]:
    """Give the cells without their numbers, some hundred at a time."""
    for start in range(0, len(cells), _TOGETHER):
        some = cells[start : start + _TOGETHER]
        masked = _DIGITS.sub("0", _BETWEEN.join(some)).split(_BETWEEN)
        if len(masked) != len(some):
            masked = [_DIGITS.sub("0", cell) for cell in some]
        yield masked
