"""Which rows of a table to show, and for which of their values.

Every reason names the cells that made a row worth showing, so that they are
shown with it. The order in which rows are taken is: what went wrong, what was
asked for, what is rare, new, extreme or changes, one of each category, and an
even sample of the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import sqrt
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.alarms import (
    alarm_at,
    kind_of,
    may_alarm,
    may_tell_failure,
    names_trouble,
)
from headroom_langchain.compression.json.oddities import (
    cells_with_rare_words,
    disordered,
    odd_cells,
    repeated_cells,
    rows_without,
)
from headroom_langchain.compression.json.statistics import dates_of, numbers_of
from headroom_langchain.compression.json.telling import message_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headroom_langchain.compression.excerpt import Interest
    from headroom_langchain.compression.json.packing import Column, Values
    from headroom_langchain.compression.json.table import Table


class Reason(IntEnum):
    """Why a row is shown, the most urgent first."""

    ALARM = 0
    ASKED = 1
    FIRST = 2
    RARE = 3
    OUTLIER = 4
    ALARM_WORD = 5
    LATEST = 6
    LAST = 7
    EXTREME = 8
    CHANGE = 9
    ONE_OF_MANY = 10
    MENTIONED = 11
    CATEGORY = 12
    SAMPLE = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A reason to show a row."""

    reason: Reason
    row: int
    path: str = ""
    """The cell that gave the reason; empty when it was the whole row."""


ROWS_PER_VALUE: Final = 3
"""Rows that are picked for having the same value."""

_ALARMS_PER_COLUMN: Final = 400
_ALARM_WORDS_PER_COLUMN: Final = 10
_VOCABULARY: Final = 0.3
_PROSE: Final = 300
_RARE: Final = 0.08
_LOW_CARDINALITY: Final = 0.3
_SOME: Final = 0.7
_FEW_RARE: Final = 5
_RARE_PER_COLUMN: Final = 10
_ROWS_PER_WORD: Final = 5
_CATEGORIES: Final = 12
_FEWEST_ROWS: Final = 5
_FEWEST_NUMBERS: Final = 5
_FAR_OUT: Final = 3.0
_MAXIMA: Final = 3
_MINIMA: Final = 2
_FEWEST_FOR_CHANGES: Final = 12
_CHANGES: Final = 6
_OFTEN: Final = 0.2
_SHORTEST_WORD: Final = 3
_SAMPLE: Final = 3
_SMALL: Final = 60


def pick_rows(
    table: Table, columns: list[Column], interest: Interest, *, plenty: float = 1.0
) -> list[Pick]:
    """Return the reasons to show rows, the most urgent first.

    A row can be picked for several reasons, and not every row is picked.

    Args:
        table: The table.
        columns: Its columns.
        interest: What the agent was looking for.
        plenty: Factor on how many ordinary rows are picked.
    """
    total = len(table.rows)
    sample = int(plenty * max(_SMALL, int(_SAMPLE * sqrt(total))))
    picks = [
        Pick(reason=Reason.FIRST, row=0),
        Pick(reason=Reason.LAST, row=total - 1),
    ]
    found = message_column(columns)
    messages = found.open() if found else None
    for column in columns:
        picks += _of_column(column.open(), messages, table)
    picks += _asked(table, interest.arguments, Reason.ASKED)
    picks += _asked(table, interest.question, Reason.MENTIONED)
    picks += [Pick(reason=Reason.SAMPLE, row=row) for row in spread(total, sample)]
    picks.sort(key=lambda pick: pick.reason)
    return picks


def _of_column(column: Values, messages: Values | None, table: Table) -> Iterator[Pick]:
    """Yield the reasons that the values of one column give."""
    total = len(table.rows)
    yield from _alarms(column, total)
    if messages is not None and column.path != messages.path:
        yield from _alarming_messages(column, messages)
    if total < _FEWEST_ROWS:
        return
    yield from _rare(column, total)
    if column.present >= _FEWEST_NUMBERS:
        yield from _extremes(column)
        yield from _changes(column, total)
        yield from _rare_elements(column, total)
        yield from _oddities(column, table)


def spread(total: int, limit: int) -> Iterator[int]:
    """Yield positions so that any number of the first ones is spread evenly."""
    yielded: set[int] = set()
    parts = 2
    while len(yielded) < min(total, limit):
        for part in range(1, parts, 2):
            position = part * total // parts
            if position not in yielded:
                yielded.add(position)
                yield position
        parts *= 2
        if parts > 2 * total + 2:
            break


def _alarms(column: Values, total: int) -> Iterator[Pick]:
    path = column.path
    if not may_tell_failure(path) and not may_alarm(column.counts):
        return
    cells = [cell for cell in column.counts if alarm_at(cell, path) >= 0]
    rows = sum(column.counts[cell] for cell in cells)
    common = rows > _VOCABULARY * total and len(cells) > _FEW_RARE
    # What an `error` field holds is bounded by the budget alone.
    certain = names_trouble(path) and not common
    most = _ALARM_WORDS_PER_COLUMN if common else _ALARMS_PER_COLUMN
    ordered = _kinds_first(cells)
    for cell in ordered if certain else ordered[:most]:
        weak = common or len(cell) > _PROSE
        reason = Reason.ALARM_WORD if weak else Reason.ALARM
        for row in column.rows(cell, 1 if weak else ROWS_PER_VALUE):
            yield Pick(reason=reason, row=row, path=path)


def _alarming_messages(column: Values, messages: Values) -> Iterator[Pick]:
    """Yield a row for each message of the records that a category calls failed."""
    if len(column.counts) > _CATEGORIES:
        return
    path = messages.path
    for cell, times in column.counts.items():
        if times <= ROWS_PER_VALUE or alarm_at(cell, column.path) < 0:
            continue
        first: dict[str, int] = {}
        for row in column.rows(cell):
            if (message := messages.at(row)) is not None:
                first.setdefault(message, row)
        if len(first) <= _ALARMS_PER_COLUMN:
            for row in first.values():
                yield Pick(reason=Reason.ALARM_WORD, row=row, path=path)


def _kinds_first(cells: Sequence[str]) -> list[str]:
    """Put one value of each kind before the others of its kind."""
    first: dict[str, str] = {}
    for cell in cells:
        first.setdefault(kind_of(cell), cell)
    return list(dict.fromkeys([*first.values(), *cells]))


def _rare(column: Values, total: int) -> Iterator[Pick]:
    counts, path = column.counts, column.path
    often = max(1, int(_RARE * total))
    if column.present <= often:
        reason = Reason.RARE
        cells = list(counts)
    elif len(counts) == 1 or len(counts) > _most_categories(total):
        return
    else:
        cells = [cell for cell, times in counts.items() if times <= often]
        reason = Reason.RARE if len(cells) <= _FEW_RARE else Reason.ONE_OF_MANY
        if len(counts) <= _CATEGORIES:
            for cell in counts:
                row = column.first(cell)
                yield Pick(reason=Reason.CATEGORY, row=row, path=path)
    for cell in cells[:_RARE_PER_COLUMN]:
        for row in column.rows(cell, ROWS_PER_VALUE):
            yield Pick(reason=reason, row=row, path=path)


def _most_categories(total: int) -> float:
    """Return how many values a column of categories has at the most."""
    return max(min(_CATEGORIES, _SOME * total), _LOW_CARDINALITY * total)


def _oddities(column: Values, table: Table) -> Iterator[Pick]:
    """Yield rows that are unlike the rest in type, form, length or order."""
    path, total = column.path, len(table.rows)
    for cell in odd_cells(column, total):
        row = column.first(cell)
        yield Pick(reason=Reason.OUTLIER, row=row, path=path)
    for cell in repeated_cells(column, total):
        for row in column.rows(cell, ROWS_PER_VALUE):
            yield Pick(reason=Reason.OUTLIER, row=row, path=path)
    for cell in cells_with_rare_words(column, total):
        row = column.first(cell)
        yield Pick(reason=Reason.ONE_OF_MANY, row=row, path=path)
    for row in rows_without(column, table.rows):
        yield Pick(reason=Reason.OUTLIER, row=row, path=path)
    if column.present == total > _FEWEST_FOR_CHANGES and dates_of(column):
        for row in disordered(column.cells):
            yield Pick(reason=Reason.OUTLIER, row=row, path=path)


def _rare_elements(column: Values, total: int) -> Iterator[Pick]:
    """Yield rows whose array has an element that hardly any other has."""
    if not next(iter(column.counts)).startswith("["):
        return
    uses: Counter[str] = Counter()
    home: dict[str, str] = {}
    for cell, times in column.counts.items():
        for element in cell[1:-1].split(","):
            uses[element] += times
            home.setdefault(element, cell)
    if len(uses) > max(_CATEGORIES, _LOW_CARDINALITY * total):
        return
    often = max(1, int(_RARE * total))
    rare = [element for element, times in uses.items() if times <= often]
    rare.sort(key=lambda element: uses[element])
    single = sum(1 for element in rare if uses[element] == 1)
    for element in rare[:_RARE_PER_COLUMN]:
        row = column.first(home[element])
        once = uses[element] == 1 and single <= _RARE_PER_COLUMN
        reason = Reason.RARE if once else Reason.ONE_OF_MANY
        yield Pick(reason=reason, row=row, path=column.path)


def _extremes(column: Values) -> Iterator[Pick]:
    path = column.path
    numbers = numbers_of(column)
    if len(numbers) < _FEWEST_NUMBERS:
        dates = [] if numbers else dates_of(column)
        if len(dates) > 1:
            for reason, date in (
                (Reason.LATEST, dates[-1]),
                (Reason.EXTREME, dates[0]),
            ):
                yield Pick(reason=reason, row=column.first(date), path=path)
        return
    size = len(numbers)
    middle = float(numbers[size // 2])
    spreading = float(numbers[size * 3 // 4]) - float(numbers[size // 4])
    for rank, cell in enumerate([*numbers[: -_MAXIMA - 1 : -1], *numbers[:_MINIMA]]):
        distance = abs(float(cell) - middle)
        far = spreading > 0 and distance > _FAR_OUT * spreading
        reason = Reason.OUTLIER if far else Reason.EXTREME
        if far or rank < _MAXIMA or cell == numbers[0]:
            yield Pick(reason=reason, row=column.first(cell), path=path)


def _changes(column: Values, total: int) -> Iterator[Pick]:
    distinct = len(column.counts)
    if total < _FEWEST_FOR_CHANGES or not 1 < distinct <= _CHANGES:
        return
    if column.present < _OFTEN * total:
        return
    cells: list[str | None] = [None] * total
    for number, cell in zip(column.numbers, column.cells, strict=True):
        cells[number] = cell
    starts = [
        number for number in range(1, total) if cells[number] != cells[number - 1]
    ]
    if len(starts) <= _CHANGES:
        for number in starts:
            yield Pick(reason=Reason.CHANGE, row=number, path=column.path)


def _asked(table: Table, words: tuple[str, ...], reason: Reason) -> Iterator[Pick]:
    wanted = [word for word in words if len(word) >= _SHORTEST_WORD]
    if not wanted:
        return
    texts = [text.casefold() for text in table.rows.texts()]
    most = max(_ROWS_PER_WORD, int(_RARE * len(texts)))
    if reason is Reason.MENTIONED:
        most = ROWS_PER_VALUE
    for word in wanted:
        rows = [number for number, text in enumerate(texts) if word in text]
        if 0 < len(rows) <= most:
            for number in rows[:_ROWS_PER_WORD]:
                yield Pick(
                    reason=reason, row=number, path=_path_of(table.rows[number], word)
                )


def _path_of(row: dict[str, str], word: str) -> str:
    return next((path for path, cell in row.items() if word in cell.casefold()), "")


def reasons_by_row(picks: list[Pick]) -> dict[int, dict[str, Reason]]:
    """Group picks by row, in the order in which the rows should be taken."""
    grouped: dict[int, dict[str, Reason]] = {}
    for pick in picks:
        reasons = grouped.setdefault(pick.row, {})
        if pick.path or not reasons:
            reasons.setdefault(pick.path, pick.reason)
    return grouped
