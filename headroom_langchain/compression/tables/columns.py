"""One column of a table, with how often its values occur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headroom_langchain.compression.tables.values import NOTHING, measure

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
    numbers: Sequence[float]
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
    measures = measure(counts) if len(counts) > 1 else None
    of = {} if measures is None else measures.of
    strange: int | None = None
    rows: Sequence[int] = range(len(cells)) if of else ()
    if 0 < len(of) < len(counts):
        rows = [row for row, cell in enumerate(cells) if cell in of]
        others = [cell for cell in counts if cell not in of and cell not in NOTHING]
        if 0 < len(others) <= max(1, _FEW * len(counts)):
            strange = cells.index(others[0])
    return Column(
        name=name,
        cells=cells,
        counts=counts,
        missing=sum(counts[cell] for cell in NOTHING if cell in counts),
        strange=strange,
        numbers=[of[cells[row]] for row in rows],
        rows=rows,
        dates=measures is not None and measures.dates,
    )
