"""What the values of all rows of a table are like, in one marked line."""

from __future__ import annotations

from typing import Final

from headroom_langchain.compression.tables.columns import Column
from headroom_langchain.compression.tables.values import NOTHING

_CATEGORIES: Final = 8
_TOP: Final = 4
_WIDTH: Final = 36
_REPEATED: Final = 3
_FEW_VALUES: Final = 5


class Summary:
    """What the columns of a table are like, put together one by one."""

    def __init__(self, rows: int) -> None:
        """Begin with nothing.

        Args:
            rows: How many rows the table has.
        """
        self._rows = rows
        self._described: list[tuple[int, str]] = []

    def look_at(self, column: Column) -> None:
        """Describe one more column."""
        self._described.append((_rank(column), _describe(column, self._rows)))

    def text(self, limit: int) -> str:
        """Return what fits, the columns of few values first.

        Args:
            limit: Characters the line may have, roughly.

        Returns:
            A line such as `[all 500 rows: state 480 ok, 20 failed; cpu 0.1 to 99.5,
            median 3]`, or nothing when there is nothing to tell.
        """
        parts: list[str] = []
        size = 0
        for _, part in sorted(self._described, key=_by_rank):
            if part and size + len(part) <= limit:
                parts.append(part)
                size += len(part) + 2
        return f"[all {self._rows:,} rows: {'; '.join(parts)}]" if parts else ""


def _by_rank(described: tuple[int, str]) -> int:
    return described[0]


def _rank(column: Column) -> int:
    distinct = len(column.counts)
    if 1 < distinct <= _CATEGORIES:
        return 0
    if column.numbers:
        return 1
    return 3 if distinct == 1 else 2


def _describe(column: Column, rows: int) -> str:
    distinct = len(column.counts)
    name = _clip(column.name)
    if distinct == 1:
        (cell,) = column.counts
        return "" if cell in NOTHING else f"{name} always {_clip(cell)}"
    if column.numbers and distinct > _FEW_VALUES:
        return f"{name} {_range(column)}"
    if distinct <= _CATEGORIES:
        return f"{name} {_top(column, _CATEGORIES)}"
    if distinct * _REPEATED <= rows:
        return f"{name} {_top(column, _TOP)}, {distinct - _TOP} other values"
    missing = f", {column.missing} without" if column.missing else ""
    return f"{name} {distinct} values{missing}"


def _range(column: Column) -> str:
    numbers = column.numbers
    text = f"{_cell(column, min(numbers))} to {_cell(column, max(numbers))}"
    if not column.dates:
        middle = sorted(numbers)[(len(numbers) - 1) // 2]
        text += f", median {_cell(column, middle)}"
    return text + (f", {column.missing} without" if column.missing else "")


def _cell(column: Column, number: float) -> str:
    """Return how the first row with a number writes it."""
    return column.cells[column.rows[column.numbers.index(number)]]


def _top(column: Column, limit: int) -> str:
    return ", ".join(
        f"{times} {_clip(cell) or 'empty'}"
        for cell, times in column.counts.most_common(limit)
    )


def _clip(cell: str) -> str:
    plain = " ".join(cell.split())
    return plain if len(plain) <= _WIDTH else plain[: _WIDTH - 1] + "…"
