"""One column of a table, with how often its values occur."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from math import isnan
from typing import Final

from headroom_langchain.compression.tables.values import NOTHING, Measures, measure

_FEW: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    name: str
    cells: Sequence[str]
    counts: Counter[str]
    """How often each value occurs, in the order in which they first occur."""
    missing: int
    """How many cells say that there is no value."""
    strange: int | None
    """The first row of a column of numbers that has something else, as few have."""
    numbers: array[float]
    """The numbers of the column in order; none when it has no numbers."""
    rows: Sequence[int]
    """The rows that the numbers stand in."""
    dates: bool
    """Whether the numbers are dates."""


def column_of(name: str, cells: Sequence[str]) -> Column:
    """Look at a column.

    Args:
        name: Its title.
        cells: Its cells, of all rows.
    """
    counts = Counter(cells)
    measures = measure(counts, cells) if len(counts) > 1 else None
    numbers: array[float] = array("d")
    rows: Sequence[int] = ()
    strange: int | None = None
    if measures is not None and isnan(sum(measures.numbers)):
        strange = _strange(measures, cells, counts)
        numbers, rows = _present(measures.numbers)
    elif measures is not None:
        numbers, rows = measures.numbers, range(len(cells))
    return Column(
        name=name,
        cells=cells,
        counts=counts,
        missing=sum(counts[cell] for cell in NOTHING if cell in counts),
        strange=strange,
        numbers=numbers,
        rows=rows,
        dates=measures is not None and measures.dates,
    )


def _present(numbers: array[float]) -> tuple[array[float], Sequence[int]]:
    """Return the numbers that there are, and their rows."""
    there = bytearray(not isnan(number) for number in numbers)
    rows = array("i", compress(range(len(numbers)), there))
    return array("d", compress(numbers, there)), rows


def _strange(
    measures: Measures, cells: Sequence[str], counts: Counter[str]
) -> int | None:
    """Return the first row with something else than a number, where few have."""
    others = {
        cell
        for cell, number in zip(cells, measures.numbers, strict=True)
        if isnan(number) and cell not in NOTHING
    }
    if not 0 < len(others) <= max(1, _FEW * len(counts)):
        return None
    return next(row for row, cell in enumerate(cells) if cell in others)
