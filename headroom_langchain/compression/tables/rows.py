"""The excerpt of one table: which of its lines are shown, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import compress, count
from typing import Final

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.choice import Choice, evenly
from headroom_langchain.compression.excerpt import Interest
from headroom_langchain.compression.tables.alarms import alarms_of, suspects_in
from headroom_langchain.compression.tables.columns import Column, column_of
from headroom_langchain.compression.tables.pieces import Pieces
from headroom_langchain.compression.tables.selection import Picks
from headroom_langchain.compression.tables.summary import Summary
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
        self._pieces = Pieces(lines, table)
        self._whole = True
        self._summary = ""
        unseen = len(table.columns) > _MOST_COLUMNS
        self._suspects = bytearray([unseen]) * len(table.starts)
        """Rows that may tell of something wrong."""
        for row in table.across:
            self._suspects[row] = 1
        self._shown = bytearray(b"\1" * len(self._pieces))
        self.tokens = _tokens(lines, table)
        self.spent: float = self.tokens

    @property
    def hidden(self) -> int:
        """How many rows are not shown."""
        shown = (self._shown[at] for at in self._pieces.strangers)
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
        choice = Choice(self._pieces)
        self._fill(choice, max(0.0, budget - fixed), rows, interest)
        self._shown = choice.shown
        self._whole = False
        self.spent = fixed + choice.spent
        self.clipped = sum(map(self._lacking, compress(count(), choice.shown)))

    def _lacking(self, at: int) -> int:
        """Return how many characters are missing where a long row is shown."""
        whole, piece = self._pieces.whole(at), self._pieces[at]
        return 0 if whole == piece else len(whole) - len(piece) + 1

    def written(self) -> Iterator[str]:
        """Give the lines of the excerpt."""
        table = self.table
        yield from self._lines[table.start : table.body]
        pieces = self._pieces
        rows = others = 0
        for at, show in enumerate(self._shown):
            if not show:
                others += at in pieces.strangers
                rows += at not in pieces.strangers
                continue
            yield from _gap(rows, others)
            yield pieces.whole(at) if self._whole else pieces[at]
            rows = others = 0
        yield from _gap(rows, others)
        last = max([table.body, *table.stops[-1:], *(n + 1 for n in table.strangers)])
        yield from self._lines[last : table.stop]
        if self._summary:
            yield self._summary

    def _look_at_columns(self, budget: float) -> Iterable[int]:
        """Return the rows to show by their cells, and write the summary."""
        table = self.table
        size = len(table.starts)
        picks, summary = Picks(size), Summary(size)
        columns = zip(table.names, table.columns[:_MOST_COLUMNS], strict=False)
        for name, cells in columns:
            self._look_at(column_of(name, cells.read()), picks, summary)
        if size >= _SUMMARIZED_FROM:
            limit = max(_LEAST_SUMMARY, int(_SUMMARY * _CHARACTERS * budget))
            self._summary = summary.text(limit)
        return self._pieces.places(picks.in_order())

    def _look_at(self, column: Column, picks: Picks, summary: Summary) -> None:
        """Look at one column; no two of them are in memory at a time."""
        picks.look_at(column)
        summary.look_at(column)
        for row in suspects_in(column):
            self._suspects[row] = 1

    def _fill(
        self, choice: Choice, budget: float, rows: Iterable[int], interest: Interest
    ) -> None:
        pieces = self._pieces
        suspects = pieces.places(compress(count(), self._suspects))
        alarms, noted = alarms_of(pieces, merge(suspects, pieces.strangers))
        choice.add_each(alarms, _ALARMS * budget)
        limit = max(budget, choice.spent + _PICKS * budget)
        few = max(_MENTIONED, int(_ASKED * len(pieces)))
        choice.add_each(lines_with(pieces, interest.arguments, few=few), limit)
        choice.add_each(list(pieces.strangers)[:_STRANGERS], limit)
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


def _gap(rows: int, others: int) -> Iterator[str]:
    hidden = rows + others
    if hidden:
        noun = "line" if others else "row"
        yield f"[... {hidden:,} {noun}{'s' if hidden > 1 else ''}]"
