"""Records one below the other, a line for each cell, as `psql -x` prints them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from .tables_rows import FoundRows

_RECORD: Final = re.compile(r"-\[ RECORD \d+ \]|\*{3,} *\d+\. row \*{3,}")
_LONGEST_NAME: Final = 80


def read_expanded(lines: Sequence[str], at: int) -> FoundRows | None:
    """Read the records that start at a line, or return `None`.

    Args:
        lines: The lines of the text.
        at: A line that is not blank.
    """
    if not _RECORD.match(lines[at]):
        return None
    found = FoundRows(start=at, body=at, stop=at, names=[], drawn=True)
    places: dict[str, int] = {}
    while at < len(lines) and _RECORD.match(lines[at]):
        start, cells = at, [""] * len(places)
        at += 1
        while at < len(lines) and lines[at].strip() and not _RECORD.match(lines[at]):
            name, cell = _split(lines[at])
            if name:
                place = places.setdefault(name, len(places))
                cells += [""] * (place + 1 - len(cells))
                cells[place] = cell
            at += 1
        found.add(cells, start, at)
    found.names = list(places)
    return found.finish() if places else None


def _split(line: str) -> tuple[str, str]:
    """Cut a line at the bar of psql, or at the colon of MySQL."""
    start = line[:_LONGEST_NAME]
    bar = "|" if "|" in start else ":"
    name, found, cell = line.partition(bar)
    if not found or len(name) > _LONGEST_NAME:
        return "", ""
    return name.strip(), cell.strip()
