"""Find the tables of a text: delimited values, boxes, and columns set with blanks.

A text may have several, with other lines before, between and after them. Lines
are named by their position in the text; what a cell is serves to choose rows,
and rows are shown as the lines they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .tables_aligned import read_aligned, read_headless
from .tables_cells import Cells
from .tables_delimited import read_delimited
from .tables_expanded import read_expanded
from .tables_rows import FoundRows
from .tables_ruled import read_ruled

_CERTAIN: Final = 20
_TITLES: Final = 3
_MOST_TABLES: Final = 300
_OUTSIDE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a text. Each line of it is head, row, stranger or border."""

    start: int
    """Its first line, that of the titles."""
    body: int
    """The first line after titles and rules."""
    stop: int
    """The first line after it."""
    names: tuple[str, ...]
    """What the columns are called; `column 1` and so on without titles."""
    titled: bool
    """Whether the text names the columns."""
    drawn: bool
    """Whether a delimiter or a rule tells the columns, and not only blanks."""
    starts: Sequence[int]
    """The first line of each row."""
    stops: Sequence[int]
    """The line after each row."""
    across: Sequence[int]
    """Which of the rows go across the borders of columns, so that cells are cut."""
    columns: Sequence[Cells]
    """For each column the cells of all rows, without the blanks around them."""
    strangers: Sequence[int]
    """Lines among the rows that are no rows: remarks, or rows of another shape."""


def read_tables(
    lines: Sequence[str], *, most_outside: float | None = None
) -> list[Table]:
    """Find the tables of a text, in order.

    Where more than a thousand lines turn out to be no tables, and most lines, or
    where there are hundreds of tables, the rest of the text is not looked at.

    Args:
        lines: The lines of the text, without line breaks.
        most_outside: Characters of lines outside of tables after which to stop.
    """
    left = math.inf if most_outside is None else most_outside
    tables: list[Table] = []
    at = blank = outside = 0
    while at < len(lines) and len(tables) < _MOST_TABLES:
        if not lines[at].strip():
            at += 1
            continue
        if blank <= at:
            blank = _next_blank(lines, at)
        found = _read_at(lines, at, blank)
        if found is not None:
            tables.append(_table(found))
            at = max(found.stop, at + 1)
            continue
        left -= len(lines[at])
        at += 1
        outside += 1
        if left < 0 or outside > max(_OUTSIDE, at // 2):
            break
    return tables


def _next_blank(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and lines[at].strip():
        at += 1
    return at


def _read_at(lines: Sequence[str], at: int, blank: int) -> FoundRows | None:
    found = read_expanded(lines, at) or read_ruled(lines, at)
    if found is None:
        found = read_delimited(lines, at)
        # Commas may stand inside the cells of rows that blanks separate.
        if found is None or found.strangers or len(found.starts) < _CERTAIN:
            found = _with_most_rows(found, read_aligned(lines, at, blank))
            if found is None or found.strangers or found.stop < blank:
                found = _with_most_rows(found, read_headless(lines, at))
    return found


def _with_most_rows(*found: FoundRows | None) -> FoundRows | None:
    return max(found, key=_rows_of)


def _rows_of(found: FoundRows | None) -> int:
    if found is None:
        return 0
    titles = _TITLES if found.names else 0
    return len(found.starts) - len(found.strangers) + titles


def _table(found: FoundRows) -> Table:
    untitled = range(len(found.names), len(found.columns))
    return Table(
        start=found.start,
        body=found.body,
        stop=found.stop,
        names=(*found.names, *(f"column {at + 1}" for at in untitled)),
        titled=bool(found.names),
        drawn=found.drawn,
        starts=found.starts,
        stops=found.stops,
        across=found.across,
        columns=found.columns,
        strangers=found.strangers,
    )
