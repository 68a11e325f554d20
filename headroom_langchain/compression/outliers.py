"""Numbers that are far from what comparable lines say.

Lines of a log are compared with their family, rows of a table with all others.
Numbers that only ever rise, such as counters and times, have no outliers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from headroom_langchain.structure.log_lines import Log, numbers_in

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


def log_outliers(log: Log) -> list[int]:
    """Return the lines with outliers, the most outstanding of each column first."""
    ranked: list[tuple[int, int]] = []
    for family in dict.fromkeys(log.families):
        if len(family.lines) < _FAMILY or "<n>" not in family.pattern:
            continue
        for column in _columns(log, family.lines):
            ranked += enumerate(_unusual(column))
    return list(dict.fromkeys(at for _, at in sorted(ranked)))


def table_outliers(rows: Sequence[str]) -> list[int]:
    """Return the rows with outliers, for lines that may be rows under a head line.

    Columns are separated by tabs, commas or semicolons if the first line has some,
    else by blanks. A column counts when nearly all of its cells are numbers.
    """
    filled = [at for at, row in enumerate(rows) if row.strip()]
    if len(filled) < _FAMILY:
        return []
    head = rows[filled[0]][:_ROW]
    delimiter = next((one for one in "\t,;" if head.count(one) > 1), None)
    width = min(len(head.split(delimiter)), _CELLS)
    least = max(_FAMILY, _NUMERIC * len(filled))
    left = [len(filled) - 1 - least] * width
    columns: list[list[tuple[float, int]]] = [[] for _ in range(width)]
    alive = [place for place in range(width) if left[place] >= 0]
    for at in filled[1:]:
        cells = rows[at][:_ROW].split(delimiter, width)
        for place in alive:
            cell = cells[place] if place < len(cells) else ""
            value = _value(cell.strip().rstrip("%"))
            if value is None:
                left[place] -= 1
            else:
                columns[place].append((value, at))
        # A column whose numbers can only be too few is not looked at any more.
        alive = [place for place in alive if left[place] >= 0]
        if not alive:
            return []
    ranked: list[tuple[int, int]] = []
    for place in alive:
        ranked += enumerate(_unusual(columns[place]))
    return list(dict.fromkeys(at for _, at in sorted(ranked)))


def _columns(log: Log, lines: Sequence[int]) -> list[list[tuple[float, int]]]:
    """Return the numbers of lines by the position of their word."""
    rows = [(log.lines[at].key.split(None, _WORDS), at) for at in lines]
    width = Counter(len(words) for words, _ in rows).most_common(1)[0][0]
    columns: list[list[tuple[float, int]]] = [[] for _ in range(width)]
    for words, at in rows:
        if len(words) != width:
            continue
        for word, column in zip(words, columns, strict=True):
            numbers = numbers_in(word)
            value = _value(numbers[0]) if len(numbers) == 1 else None
            if value is not None:
                column.append((value, at))
    return [
        column
        for column in columns
        if len(column) >= _FAMILY and len({value for value, _ in column}) > 1
    ]


def _value(number: str) -> float | None:
    plain = number.replace(",", "")
    if len(plain) > _DIGITS or not plain.replace(".", "", 1).isdigit():
        return None
    return float(plain)


def _unusual(column: Sequence[tuple[float, int]]) -> list[int]:
    values = [value for value, _ in column]
    pairs = pairwise(values)
    rising = sum(later >= earlier for earlier, later in pairs)
    if len(set(values)) <= _FEW_VALUES:
        return _rare_values(column)
    if rising >= _RISING * (len(values) - 1):
        return []
    ranked = sorted(values)
    high = ranked[int(_HIGH_QUANTILE * (len(ranked) - 1))]
    middle = ranked[len(ranked) // 2]
    least = max(_TIMES_HIGH * high, _TIMES_MEDIAN * middle)
    above = [(-value, at) for value, at in column if value > least]
    return [at for _, at in sorted(above)[:_PER_COLUMN]]


def _rare_values(column: Sequence[tuple[float, int]]) -> list[int]:
    """The first line of each value that few lines have."""
    counts = Counter(value for value, _ in column)
    first: dict[float, int] = {}
    for value, at in column:
        if counts[value] <= max(1, _RARE_SHARE * len(column)):
            first.setdefault(value, at)
    return list(first.values())
