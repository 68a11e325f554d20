"""One line that says what the values of a table are like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.cells import clip, is_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headroom_langchain.compression.json.packing import Column, Values

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_CATEGORIES: Final = 8
_NUMERIC_SHARE: Final = 0.9
_FEW: Final = 4
_WIDTH: Final = 40


def numbers_of(column: Values) -> list[str]:
    """Return the distinct numbers of a numeric column, in ascending order.

    Returns:
        Nothing when more than a tenth of the values are something else.
    """
    cells = [cell for cell in column.counts if is_number(cell)]
    if len(cells) < _NUMERIC_SHARE * len(column.counts):
        return []
    cells.sort(key=float)
    return cells


def dates_of(column: Values) -> list[str]:
    """Return the distinct values of a column of dates, the earliest first."""
    cells = list(column.counts)
    if not all(_DATE.match(cell) for cell in cells):
        return []
    return sorted(cells)


def summarize(columns: Iterable[Column], of: str, limit: int) -> str:
    """Describe columns: counts of categories, ranges of numbers and dates.

    Args:
        columns: The columns to describe.
        of: Which records they are the columns of, such as `all 500 rows`.
        limit: Characters the line may have.

    Returns:
        A line such as `summary of all 500 rows: state 480 ok, 20 failed; cpu 0.1
        to 99.5, median 3`, or nothing when there is nothing to tell.
    """
    head = f"summary of {of}: "
    parts: list[str] = []
    size = len(head)
    described = [(_rank(column), _describe(column)) for column in columns]
    for _, part in sorted(described, key=lambda pair: pair[0]):
        if part and size + len(part) <= limit:
            parts.append(part)
            size += len(part) + 2
    return head + "; ".join(parts) if parts else ""


def _rank(column: Column) -> int:
    return 0 if column.distinct <= _CATEGORIES else 1


def _describe(column: Column) -> str:
    distinct = column.distinct
    if distinct < 2:  # noqa: PLR2004  (one value is no spread)
        return ""
    values = column.open()
    if distinct > _FEW and (ordered := numbers_of(values) or dates_of(values)):
        middle = f", median {_median(ordered, values)}" if is_number(ordered[0]) else ""
        return f"{column.path} {ordered[0]} to {ordered[-1]}{middle}"
    if distinct > _CATEGORIES and column.present > distinct * 2:
        return _top(values, _FEW) + f" and {distinct - _FEW} other values"
    if distinct <= _CATEGORIES:
        return _top(values, _CATEGORIES)
    return f"{column.path} {distinct} distinct"


def _top(column: Values, limit: int) -> str:
    common = column.counts.most_common(limit)
    return f"{column.path} " + ", ".join(
        f"{times} {clip(cell, _WIDTH)}" for cell, times in common
    )


def _median(ordered: list[str], column: Values) -> str:
    """Return the middle value, given the distinct ones in ascending order."""
    left = (sum(column.counts[cell] for cell in ordered) - 1) // 2
    for cell in ordered:
        left -= column.counts[cell]
        if left < 0:
            return cell
    return ordered[-1]
