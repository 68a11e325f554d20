"""The excerpt of one table: which of its lines are shown, and how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.choice import Choice, evenly
from headroom_langchain.compression.excerpt import Interest
from headroom_langchain.compression.tables.alarms import alarms_of
from headroom_langchain.compression.tables.columns import column_of
from headroom_langchain.compression.tables.selection import Picks
from headroom_langchain.compression.tables.summary import Summary
from headroom_langchain.structure.log_levels import first_alarm
from headroom_langchain.structure.tables import Table
from headroom_langchain.tokens import estimate_tokens

_MOST_COLUMNS: Final = 80
_ALARMS: Final = 0.9
_ERRORS_MAY: Final = 1.5
_PICKS: Final = 0.35
_SAMPLE: Final = 0.6
_SUMMARY: Final = 0.12
_LEAST_SUMMARY: Final = 160
_CHARACTERS: Final = 3.3
_SUMMARIZED_FROM: Final = 12
_MENTIONED: Final = 3
_ASKED: Final = 0.05
_LONG: Final = 1000
_REST: Final = 200
_AROUND: Final = 60
_STRANGERS: Final = 12
_TOGETHER: Final = 200


class TableExcerpt:
    """One table of a text, and which of its rows are shown.

    Its pieces are the rows, and between them the lines that are no rows.
    """

    def __init__(self, lines: Sequence[str], table: Table) -> None:
        """Begin with everything shown.

        Args:
            lines: The lines of the text.
            table: The table.
        """
        self.table = table
        self.clipped = 0
        """Characters that long rows lack where they are shown."""
        self._lines = lines
        self._strangers = _merged(table)
        self._pieces = _pieces(lines, table, self._strangers)
        self._summary = ""
        self._shown = bytearray(b"\1" * len(self._pieces))
        self.tokens = _tokens(lines, table)
        self.spent: float = self.tokens

    @property
    def hidden(self) -> int:
        """How many rows are not shown."""
        shown = (self._shown[at] for at in self._strangers)
        return self._shown.count(0) - sum(1 for show in shown if not show)

    def choose(self, budget: float, interest: Interest) -> None:
        """Choose the rows to show.

        Args:
            budget: Estimated tokens; errors may take half as much again.
            interest: What the agent was looking for.
        """
        if self.tokens <= budget:
            return
        rows = self._look_at_columns(budget)
        head = self._lines[self.table.start : self.table.body]
        fixed = estimate_tokens("\n".join([*head, self._summary]))
        full = self._pieces
        self._pieces = [_clip(piece) for piece in full]
        choice = Choice(self._pieces)
        self._fill(choice, max(0.0, budget - fixed), rows, interest)
        self._shown = choice.shown
        self.spent = fixed + choice.spent
        self.clipped = sum(
            len(whole) - len(piece) + 1
            for whole, piece, show in zip(full, self._pieces, choice.shown, strict=True)
            if show and whole is not piece
        )

    def written(self) -> Iterator[str]:
        """Give the lines of the excerpt."""
        table = self.table
        yield from self._lines[table.start : table.body]
        rows = others = 0
        for at, piece in enumerate(self._pieces):
            if not self._shown[at]:
                others += at in self._strangers
                rows += at not in self._strangers
                continue
            yield from _gap(rows, others)
            yield piece
            rows = others = 0
        yield from _gap(rows, others)
        last = max([table.body, *table.stops[-1:], *(n + 1 for n in table.strangers)])
        yield from self._lines[last : table.stop]
        if self._summary:
            yield self._summary

    def _look_at_columns(self, budget: float) -> list[int]:
        """Return the rows to show by their cells, and write the summary."""
        table = self.table
        size = len(table.starts)
        picks, summary = Picks(size), Summary(size)
        columns = zip(table.names, table.columns, strict=False)
        for (name, cells), _ in zip(columns, range(_MOST_COLUMNS), strict=False):
            column = column_of(name, cells)
            picks.look_at(column)
            summary.look_at(column)
        if size >= _SUMMARIZED_FROM:
            limit = max(_LEAST_SUMMARY, int(_SUMMARY * _CHARACTERS * budget))
            self._summary = summary.text(limit)
        return self._places(picks.in_order())

    def _places(self, rows: list[int]) -> list[int]:
        """Return where among the pieces rows are."""
        if not self._strangers:
            return rows
        places = [at for at in range(len(self._pieces)) if at not in self._strangers]
        return [places[row] for row in rows]

    def _fill(
        self, choice: Choice, budget: float, rows: list[int], interest: Interest
    ) -> None:
        pieces = self._pieces
        alarms, noted = alarms_of(pieces)
        choice.add_each(alarms, _ALARMS * budget)
        limit = max(budget, choice.spent + _PICKS * budget)
        few = max(_MENTIONED, int(_ASKED * len(pieces)))
        choice.add_each(lines_with(pieces, interest.arguments, few=few), limit)
        choice.add_each(list(self._strangers)[:_STRANGERS], limit)
        choice.add_each(rows, limit)
        choice.add_each(alarms, _ERRORS_MAY * budget)
        choice.add_each(noted, budget)
        choice.add_each(lines_with(pieces, interest.question, few=_MENTIONED), budget)
        choice.add_each(evenly(range(len(pieces))), _SAMPLE * budget)


def _tokens(lines: Sequence[str], table: Table) -> int:
    """Estimate the tokens of a table, a few lines at a time to save memory."""
    return sum(
        estimate_tokens("\n".join(lines[at : min(at + _TOGETHER, table.stop)]))
        for at in range(table.start, table.stop, _TOGETHER)
    )


def _merged(table: Table) -> dict[int, int]:
    """Return where among the pieces the lines are that are no rows."""
    places: dict[int, int] = {}
    row = 0
    for before, line in enumerate(table.strangers):
        while row < len(table.starts) and table.starts[row] < line:
            row += 1
        places[row + before] = line
    return places


def _pieces(lines: Sequence[str], table: Table, strangers: dict[int, int]) -> list[str]:
    pieces: list[str] = []
    for start, stop in zip(table.starts, table.stops, strict=True):
        while len(pieces) in strangers:
            pieces.append(lines[strangers[len(pieces)]])
        whole = stop - start == 1
        pieces.append(lines[start] if whole else "\n".join(lines[start:stop]))
    return pieces


def _gap(rows: int, others: int) -> Iterator[str]:
    hidden = rows + others
    if hidden:
        noun = "line" if others else "row"
        yield f"[... {hidden:,} {noun}{'s' if hidden > 1 else ''}]"


def _clip(piece: str) -> str:
    """Shorten an over-long row, but not what is alarming in it."""
    if len(piece) <= _LONG:
        return piece
    alarm = first_alarm(piece)
    if alarm < _LONG - _AROUND:
        return piece[: _LONG - 1] + "…"
    start = alarm - _AROUND
    stop = start + _REST
    end = "…" if stop < len(piece) else ""
    return piece[: _LONG - _REST] + "…" + piece[start:stop] + end
