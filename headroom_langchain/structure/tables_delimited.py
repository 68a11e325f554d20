"""Tables with a character between the cells: CSV, TSV, and those of databases.

Cells in quotes may hold the delimiter and line breaks. A quote that is never
closed would swallow the rest of the text, so it is then read as any character.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, TypeAlias

from .tables_rows import FoundRows, is_value

_DELIMITERS: Final = "\t,;|"
_PROBE: Final = 20
_PAIRS: Final = 8
_FEWEST: Final = 3
_MOSTLY: Final = 0.85
_LONGEST_ROW: Final = 60
_MISSES: Final = 3
_PAIR: Final = 2
_PLAIN_TITLE: Final = re.compile(r"[\w #%-]{1,40}$")
_LONGEST_NAME: Final = 80

_Record: TypeAlias = tuple[list[str], int, int]


class _RunawayError(Exception):
    """A quote is not closed where a cell could end."""


def read_delimited(lines: Sequence[str], at: int) -> FoundRows | None:
    """Read the table that starts at a line, or return `None`.

    Args:
        lines: The lines of the text.
        at: A line that is not blank.
    """
    first = lines[at]
    for delimiter in _DELIMITERS:
        if delimiter not in first or not _goes_on(lines, at, delimiter):
            continue
        width = _width(lines, at, delimiter)
        if width:
            return _read(lines, at, delimiter, width)
    return None


def _goes_on(lines: Sequence[str], at: int, delimiter: str) -> bool:
    """Screen cheaply: the lines below have the delimiter too."""
    below = lines[at + 1 : at + _FEWEST]
    if len(below) < _FEWEST - 1:
        return False
    if '"' in lines[at] or any('"' in line for line in below):
        return True
    cells = lines[at].split(delimiter)
    if _is_prose([(cells, at, at + 1)]):
        return False
    if len(cells) == _PAIR:
        pairs = lines[at + 1 : at + _PAIRS]
        return all(line.count(delimiter) == 1 for line in pairs)
    return all(delimiter in line for line in below)


def _width(lines: Sequence[str], at: int, delimiter: str) -> int:
    """Return how many cells a row has; 0 when the lines are no table."""
    try:
        records = list(islice(_records(lines, at, delimiter), _PROBE))
    except (_RunawayError, csv.Error):
        records = list(islice(_plain_records(lines, at, delimiter), _PROBE))
    widths = [len(cells) for cells, _, _ in records if any(cells)]
    if len(widths) < _FEWEST:
        return 0
    width, times = Counter(widths).most_common(1)[0]
    if delimiter == "\t":
        width = max(widths)
        times = sum(1 for one in widths if one >= _PAIR)
    alike = times >= _MOSTLY * len(widths) and widths[0] in (width, width - 1)
    if width <= _PAIR:
        alike = times == len(widths) >= _PAIRS and _is_list_of_pairs(records)
    return width if alike and not _is_prose(records[:1]) else 0


def _is_list_of_pairs(records: Sequence[_Record]) -> bool:
    """Whether rows of two cells have plain titles, and are no sentences."""
    titles = records[0][0]
    return all(map(_PLAIN_TITLE.match, titles)) and not _is_prose(records)


def _is_prose(records: Sequence[_Record]) -> bool:
    """Whether cells go on as sentences do, with a blank after the comma."""
    cells = [cell for found, _, _ in records for cell in found[1:]]
    blank = sum(1 for cell in cells if cell.startswith(" "))
    return blank > len(cells) // 2 and not all(
        map(str.isidentifier, map(str.strip, cells))
    )


def _records(lines: Sequence[str], at: int, delimiter: str) -> Iterator[_Record]:
    if delimiter == "|":
        yield from _plain_records(lines, at, delimiter)
        return
    source = (lines[number] + "\n" for number in range(at, len(lines)))
    reader = csv.reader(source, delimiter=delimiter)
    start = at
    for cells in reader:
        stop = at + reader.line_num
        if stop - start > _LONGEST_ROW:
            raise _RunawayError
        yield cells, start, stop
        start = stop


def _plain_records(lines: Sequence[str], at: int, delimiter: str) -> Iterator[_Record]:
    for number in range(at, len(lines)):
        line = lines[number]
        cells = line.rstrip("\r").split(delimiter)
        yield (cells if line.strip() else []), number, number + 1


def _read(lines: Sequence[str], at: int, delimiter: str, width: int) -> FoundRows:
    try:
        return _collect(_records(lines, at, delimiter), at, delimiter, width)
    except (_RunawayError, csv.Error):
        return _collect(_plain_records(lines, at, delimiter), at, delimiter, width)


def _collect(
    records: Iterator[_Record], at: int, delimiter: str, width: int
) -> FoundRows:
    least = _PAIR if delimiter == "\t" else width
    found = FoundRows(start=at, body=at, stop=at, names=[], drawn=True)
    misses = 0
    for cells, start, stop in records:
        if not cells or (len(cells) == 1 and not cells[0].strip()):
            misses += bool(misses)
            continue
        if least <= len(cells) <= width:
            cleaned = list(map(str.strip, cells))
            if start == at and _is_head(cleaned):
                found.names, found.body, found.stop = cleaned, stop, stop
            else:
                found.add(cleaned, start, stop)
            misses = 0
            continue
        misses += 1
        found.strangers.extend(range(start, stop))
        if misses >= _MISSES:
            break
    return found.finish()


def _is_head(cells: list[str]) -> bool:
    named = [cell for cell in cells if cell]
    return (
        2 * len(named) > len(cells)
        and len(set(named)) == len(named)
        and not any(map(is_value, named))
        and max(map(len, named)) <= _LONGEST_NAME
    )
