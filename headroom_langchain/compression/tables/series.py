"""Numbers in the order of their rows: do they rise, and where do they shift?"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Final

_STEADY: Final = 0.95
_FEWEST: Final = 20
_SIDE: Final = 5
_CLEAR: Final = 4.0


def falls_or_rises(values: Sequence[float]) -> bool:
    """Tell whether nearly every number is at least, or at most, the one before."""
    steps = len(values) - 1
    rises = sum(1 for before, after in pairwise(values) if after >= before)
    equal = sum(1 for before, after in pairwise(values) if after == before)
    falls = steps - rises + equal
    return equal < steps // 2 and max(rises, falls) >= _STEADY * steps


def shift(values: Sequence[float]) -> int | None:
    """Return where numbers go over to another level for good, if they do."""
    size = len(values)
    if size < _FEWEST:
        return None
    mean = sum(values) / size
    sums = array("d", map(abs, accumulate(map(mean.__rsub__, values))))
    at = sums.index(max(sums)) + 1
    if not _SIDE <= at <= size - _SIDE:
        return None
    before, after = _middle(values[:at]), _middle(values[at:])
    noise = _middle(array("d", map(abs, map(before.__rsub__, values[:at]))))
    noise += _middle(array("d", map(abs, map(after.__rsub__, values[at:]))))
    return at if abs(after - before) > _CLEAR * noise / 2 else None


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
