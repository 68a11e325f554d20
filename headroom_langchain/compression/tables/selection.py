"""Which rows of a table to show, and in which order to take them.

What went wrong comes first, then totals and what was asked for, what is rare,
missing, far out or repeated, where a series changes, extremes, and at last one
row of each category.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from itertools import pairwise
from typing import Final, NamedTuple

from headroom_langchain.compression.tables.columns import Column
from headroom_langchain.compression.tables.odd import both_ends, odd_numbers, odd_words
from headroom_langchain.compression.tables.series import falls_or_rises, shift
from headroom_langchain.compression.tables.values import NOTHING


class Reason(IntEnum):
    """Why a row is shown, the most urgent first."""

    TOTAL = 0
    FIRST = 1
    RARE = 2
    MISSING = 3
    OUTLIER = 4
    REPEATED_KEY = 5
    CHANGE = 6
    LAST = 7
    EXTREME = 8
    ODD_WORD = 9
    ONE_OF_MANY = 10
    CATEGORY = 11


class Pick(NamedTuple):
    """A reason to show a row; lower ranks come first among equal reasons."""

    reason: Reason
    rank: int
    row: int


_TOTAL: Final = re.compile(
    r"(?:grand |sub)?totals?\b|sum\b|average\b|overall\b|all files\b|mean\b|median\b"
    r"|gesamt|summe|итого|合計|总计|합계",
    re.IGNORECASE,
)
_BOUNDED: Final = re.compile(
    r"%|\b(?:percent|pct|cover|coverage|score|rate|ratio|accuracy)\b", re.IGNORECASE
)
_HUNDRED: Final = 100.0
_TITLED_BY: Final = 2
_FEWEST: Final = 6
_RARER: Final = 4
_RARE_SHARE: Final = 0.08
_FEW_RARE: Final = 5
_RARE_PER_COLUMN: Final = 10
_ROWS_PER_VALUE: Final = 3
_MISSING_SHARE: Final = 0.05
_CATEGORIES: Final = 12
_CHANGES: Final = 6
_FEWEST_FOR_CHANGES: Final = 12
_FEWEST_FOR_KEYS: Final = 20
_KEY_SHARE: Final = 0.97
_KEY_COLUMNS: Final = 3
_REPEATED_KEYS: Final = 3


class Picks:
    """The rows to show, found column by column."""

    def __init__(self, rows: int) -> None:
        """Begin with the first rows and the last one.

        Args:
            rows: How many rows the table has; at least one.
        """
        self._rows = rows
        self._keyed = False
        self._columns = 0
        self._picks = [
            Pick(Reason.FIRST, 0, 0),
            Pick(Reason.FIRST, 1, min(1, rows - 1)),
            Pick(Reason.LAST, 0, rows - 1),
        ]

    def look_at(self, column: Column) -> None:
        """Find the rows that one column is a reason to show."""
        self._columns += 1
        if self._columns <= _TITLED_BY:
            self._picks += _totals(column)
        rows = self._rows
        if rows < _FEWEST or len(column.counts) == 1:
            return
        self._picks += _rare(column, rows)
        self._picks += _missing(column, rows)
        self._picks += _changes(column, rows)
        self._picks += _numbers(column)
        if not column.numbers:
            odd = odd_words(column.cells)
            self._picks += (Pick(Reason.ODD_WORD, 0, row) for row in odd)
        if not self._keyed and _is_key(column, rows):
            self._keyed = True
            self._picks += _repeated(column)

    def in_order(self) -> list[int]:
        """Return the rows, the most urgent first; some more than once."""
        return [pick.row for pick in sorted(self._picks)]


def _totals(column: Column) -> Iterator[Pick]:
    for cell in column.counts:
        if _TOTAL.match(cell):
            yield Pick(Reason.TOTAL, 0, column.cells.index(cell))


def _rare(column: Column, rows: int) -> Iterator[Pick]:
    """Yield rows with values that are far less frequent than the others."""
    counts = column.counts
    ranked = sorted(counts.values())
    often = _usual_count(ranked, rows) // _RARER
    if not often or ranked[0] > often:
        return
    rare = sorted(
        (times, at) for at, times in enumerate(counts.values()) if times <= often
    )
    cells = list(counts)
    reason = Reason.RARE if len(rare) <= _FEW_RARE else Reason.ONE_OF_MANY
    left = max(1, int(_RARE_SHARE * rows))
    for times, at in rare[:_RARE_PER_COLUMN]:
        left -= times
        if left < 0 and times > 1:
            return
        # The only exception of a column counts more than one of several.
        for rank, row in enumerate(_rows_with(column.cells, cells[at]), len(rare)):
            yield Pick(reason, rank, row)
    if len(counts) <= _CATEGORIES:
        for cell in counts:
            yield Pick(Reason.CATEGORY, 0, column.cells.index(cell))


def _usual_count(ranked: Sequence[int], rows: int) -> int:
    """Return how often the value of the middle row occurs."""
    seen = 0
    for times in ranked:
        seen += times
        if 2 * seen >= rows:
            return times
    return 0


def _rows_with(cells: Sequence[str], cell: str) -> Iterator[int]:
    at = -1
    for _ in range(_ROWS_PER_VALUE):
        try:
            at = cells.index(cell, at + 1)
        except ValueError:
            return
        yield at


def _missing(column: Column, rows: int) -> Iterator[Pick]:
    if not 0 < column.missing <= max(1, _MISSING_SHARE * rows):
        return
    for cell in column.counts:
        if cell in NOTHING:
            for rank, row in enumerate(_rows_with(column.cells, cell)):
                yield Pick(Reason.MISSING, rank, row)


def _changes(column: Column, rows: int) -> Iterator[Pick]:
    if rows < _FEWEST_FOR_CHANGES or len(column.counts) > _CHANGES:
        return
    pairs = pairwise(column.cells)
    starts = [row for row, (cell, after) in enumerate(pairs, 1) if cell != after]
    if len(starts) <= _CHANGES:
        for row in starts:
            yield Pick(Reason.CHANGE, 0, row)


def _numbers(column: Column) -> Iterator[Pick]:
    numbers, rows = column.numbers, column.rows
    if column.strange is not None:
        yield Pick(Reason.RARE, 0, column.strange)
    if len(numbers) < _FEWEST:
        return
    if falls_or_rises(numbers):
        yield Pick(Reason.EXTREME, 0, rows[numbers.index(max(numbers))])
        yield Pick(Reason.EXTREME, 1, rows[numbers.index(min(numbers))])
        return
    for rank, (far, at) in enumerate(odd_numbers(numbers)):
        yield Pick(Reason.OUTLIER if far else Reason.EXTREME, rank, rows[at])
    if _is_bounded(column):
        for rank, at in enumerate(both_ends(numbers)):
            yield Pick(Reason.EXTREME, rank, rows[at])
    changed = shift(numbers)
    if changed is not None:
        yield Pick(Reason.CHANGE, 0, rows[changed])


def _is_bounded(column: Column) -> bool:
    """Whether the numbers are parts of a hundred, where both ends tell something."""
    named = _BOUNDED.search(column.name) is not None
    if not named and not column.cells[column.rows[0]].endswith("%"):
        return False
    return min(column.numbers) >= 0 and max(column.numbers) <= _HUNDRED


def _is_key(column: Column, rows: int) -> bool:
    distinct = len(column.counts)
    return rows >= _FEWEST_FOR_KEYS and distinct >= _KEY_SHARE * rows


def _repeated(column: Column) -> Iterator[Pick]:
    repeated = [
        cell
        for cell, times in column.counts.items()
        if times > 1 and cell not in NOTHING
    ]
    for cell in repeated[:_REPEATED_KEYS]:
        for row in _rows_with(column.cells, cell):
            yield Pick(Reason.REPEATED_KEY, 0, row)
