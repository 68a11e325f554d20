"""Numbers that are far from what comparable lines say.

Lines of a log are compared with their family, rows of a table with all others.
Numbers that only ever rise, such as counters and times, have no outliers.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from headroom_langchain.structure.log_lines import Family, Log, numbers_in

_FAMILY = 20
_WORDS = 40
_PER_COLUMN = 3
_HIGH_QUANTILE = 0.95
_TIMES_HIGH = 2.5
_TIMES_MEDIAN = 10
_RISING = 0.95
_FEW_VALUES = 8
_RARE_SHARE = 0.02
_DIGITS = 15
_ROW = 600
_CELLS = 24
_NUMERIC = 0.7
_PROBED = 200


class _Column:
    """Numbers that can be compared, and the lines they are in."""

    __slots__ = ("lines", "values")

    def __init__(self) -> None:
        self.values = array("d")
        self.lines = array("l")

    def add(self, value: float, at: int) -> None:
        self.values.append(value)
        self.lines.append(at)


def log_outliers(log: Log) -> list[int]:
    """Return the lines with outliers, the most outstanding of each column first."""
    ranked: list[tuple[int, int]] = []
    for family in dict.fromkeys(log.families):
        if len(family.lines) < _FAMILY or "<n>" not in family.pattern:
            continue
        for column in _columns(log, family):
            ranked += enumerate(_unusual(column))
    return list(dict.fromkeys(at for _, at in sorted(ranked)))


def table_outliers(rows: Sequence[str]) -> list[int]:
    """Return the rows with outliers, for lines that may be rows under a head line.

    Columns are separated by tabs, commas or semicolons if the first line has some,
    else by blanks. A column counts when nearly all of its cells are numbers.
    """
    filled = array("l", [])
    filled.extend(at for at, row in enumerate(rows) if row and not row.isspace())
    if len(filled) < _FAMILY:
        return []
    head = rows[filled[0]][:_ROW]
    delimiter = next((one for one in "\t,;" if head.count(one) > 1), None)
    width = min(len(head.split(delimiter)), _CELLS)
    body = filled[1:]
    some = body[:: 1 + len(body) // _PROBED]
    columns = _numeric(rows, some, range(width), delimiter, _NUMERIC / 2)
    if len(some) < len(body):
        columns = _numeric(rows, body, columns, delimiter, _NUMERIC)
    least = max(_FAMILY, _NUMERIC * len(filled))
    ranked: list[tuple[int, int]] = []
    for column in columns.values():
        if len(column.values) >= least:
            ranked += enumerate(_unusual(column))
    return list(dict.fromkeys(at for _, at in sorted(ranked)))


def _numeric(
    rows: Sequence[str],
    body: Sequence[int],
    places: Iterable[int],
    delimiter: str | None,
    share: float,
) -> dict[int, _Column]:
    """Return the columns of which a share or more are numbers, by their place."""
    columns = {place: _Column() for place in places}
    if not columns:
        return columns
    most = max(columns) + 1
    for at in body:
        cells = rows[at][:_ROW].split(delimiter, most)
        for place, column in columns.items():
            if place >= len(cells):
                break
            value = _value(cells[place].strip().rstrip("%"))
            if value is not None:
                column.add(value, at)
    return {
        place: column
        for place, column in columns.items()
        if len(column.values) >= share * len(body)
    }


def _columns(log: Log, family: Family) -> list[_Column]:
    """Return the numbers of the lines of a family by the position of their word."""
    columns = [
        (place, word.partition("<n>"), _Column())
        for place, word in enumerate(family.words)
        if word.count("<n>") == 1 or word == "<*>"
    ]
    for at in family.lines:
        words = log.lines.keys[at].split(None, _WORDS)
        if len(words) != len(family.words):
            continue
        for place, (before, mask, after), column in columns:
            word = words[place]
            if mask:
                number = word[len(before) : len(word) - len(after)]
                short = number.isdecimal() and len(number) <= _DIGITS
                value = float(number) if short else _value(number)
            else:
                numbers = numbers_in(word)
                value = _value(numbers[0]) if len(numbers) == 1 else None
            if value is not None:
                column.add(value, at)
    found = (column for _, _, column in columns if len(column.values) >= _FAMILY)
    return [one for one in found if min(one.values) < max(one.values)]


def _value(number: str) -> float | None:
    plain = number.replace(",", "")
    if len(plain) > _DIGITS or not plain.replace(".", "", 1).isdecimal():
        return None
    return float(plain)


def _are_few(values: Iterable[float]) -> bool:
    """Tell whether there are few distinct values, without counting many."""
    distinct: set[float] = set()
    for value in values:
        distinct.add(value)
        if len(distinct) > _FEW_VALUES:
            return False
    return True


def _unusual(column: _Column) -> list[int]:
    values = column.values
    if _are_few(values):
        counts = Counter(values)
        rare = max(1, _RARE_SHARE * len(values))
        return [
            column.lines[values.index(value)]
            for value, count in counts.items()
            if count <= rare
        ]
    rising = sum(later >= earlier for earlier, later in pairwise(values))
    if rising >= _RISING * (len(values) - 1):
        return []
    ranked = sorted(values)
    high = ranked[int(_HIGH_QUANTILE * (len(ranked) - 1))]
    middle = ranked[len(ranked) // 2]
    least = max(_TIMES_HIGH * high, _TIMES_MEDIAN * middle)
    above = [
        (-value, at)
        for value, at in zip(values, column.lines, strict=True)
        if value > least
    ]
    return [at for _, at in sorted(above)[:_PER_COLUMN]]
