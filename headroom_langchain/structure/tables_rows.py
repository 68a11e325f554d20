"""What the readers of tables find: rows, with their cells column by column."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from typing import Final

from .tables_cells import Cells

_NUMBER: Final = re.compile(
    r"\d{4}-\d\d-\d\d[ T]|[-+]?[$€£]?\d[\d.,:_/-]*\s?%?[A-Za-z]{0,3}$"
)
_START: Final = 40
_PART: Final = 3
_TOGETHER: Final = 400


def _places() -> array[int]:
    return array("i")


@dataclass(slots=True, kw_only=True)
class FoundRows:
    """A table that is being read."""

    start: int
    """The first line, that of the titles or of the first row."""
    body: int
    """The first line after titles and rules."""
    stop: int
    """The line after the last row or rule."""
    names: list[str]
    starts: array[int] = field(default_factory=_places)
    """The first line of each row."""
    stops: array[int] = field(default_factory=_places)
    """The line after each row."""
    strangers: array[int] = field(default_factory=_places)
    """Lines between that are no rows."""
    across: array[int] = field(default_factory=_places)
    """Which of the rows go across the borders of columns, so that cells are cut."""
    columns: list[Cells] = field(default_factory=list)
    drawn: bool = False
    """Whether a delimiter or a rule tells the columns."""
    first: str = ""
    """The cells of the first row."""
    _waiting: list[list[str]] = field(default_factory=list)

    def add(self, cells: list[str], start: int, stop: int) -> None:
        """Add a row that covers the lines from `start` to before `stop`."""
        if not self.starts:
            self.first = " ".join(cells)
        self.starts.append(start)
        self.stops.append(stop)
        self.stop = stop
        self._waiting.append(cells)
        if len(self._waiting) >= _TOGETHER:
            self._put_away()

    def finish(self) -> FoundRows:
        """Put everything in its place after the last row."""
        self._put_away()
        while self.strangers and self.strangers[-1] >= self.stop:
            self.strangers.pop()
        return self

    def _put_away(self) -> None:
        rows = self._waiting
        if not rows:
            return
        sizes = [len(self.columns), *map(len, rows)]
        width = max(sizes)
        if min(sizes[1:]) < width:
            rows = [[*cells, *([""] * (width - len(cells)))] for cells in rows]
        before = len(self.starts) - len(rows)
        while len(self.columns) < width:
            self.columns.append(Cells(before))
        for column, cells in zip(self.columns, zip(*rows, strict=True), strict=True):
            column.add(cells)
        self._waiting = []


def is_value(cell: str) -> bool:
    """Tell whether a cell is a number, an amount, a date or a version: no title."""
    if _NUMBER.match(cell) is not None:
        return True
    digits = sum(map(str.isdigit, cell[:_START])) if cell[:1].isdigit() else 0
    return digits * _PART >= len(cell[:_START]) > 0
