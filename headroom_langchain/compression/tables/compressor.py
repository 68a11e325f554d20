"""Tables: some rows as they are, and what the values of all rows are like.

Titles, remarks and the text around a table are shown; what is left out between
two rows is counted in its place.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Final

from headroom_langchain.compression.budget import power_budget
from headroom_langchain.compression.choice import Choice, evenly
from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.compression.sample import Sample
from headroom_langchain.compression.tables.rows import TableExcerpt
from headroom_langchain.structure.log_levels import Level, judge
from headroom_langchain.structure.tables import Table, read_tables
from headroom_langchain.structure.text_lines import TextLines

_DRAWN: Final = 0.85
_TITLED: Final = 0.7
_UNTITLED: Final = 0.4
_TAG = re.compile(r"<[A-Za-z][\w-]*(?: [\w:@-]+(?:=[\"'][^\"'\n]*[\"'])?)*>\s*\n")
_GLANCE: Final = 80
_MANY_LINES: Final = 10_000
_TINY: Final = 20
_MOSTLY: Final = 0.6
_HALF: Final = 0.5
_FEWEST: Final = 4
_FACTOR: Final = 2.6
_POWER: Final = 0.75
_AROUND: Final = 0.3
_JUDGED: Final = 2000
_ENDS: Final = 8


class Tables:
    """Compresses tables."""

    @property
    def kind(self) -> str:
        """The name `table`."""
        return "table"

    def likeness(self, sample: Sample) -> float:
        """Return up to 0.85 for tables with titles, and 0.4 for rows that are alike."""
        if _begins_with_tags(sample.beginning):
            return 0.0
        lines = sample.beginning.split("\n", _GLANCE)
        if len(lines) > _GLANCE or sample.size > len(sample.beginning):
            lines.pop()
        # A file may begin with a page of comments, and may be nothing else.
        rest = list(dropwhile(_is_comment, lines))
        lines = rest if any(map(str.strip, rest)) else lines
        most_outside = (1 - _MOSTLY) * sum(map(len, lines))
        tables = read_tables(lines, most_outside=most_outside)
        if not _is_mostly(tables, lines, _MOSTLY):
            return 0.0
        titled = sum(len(table.starts) for table in tables if table.titled)
        untitled = sum(len(table.starts) for table in tables if not table.titled)
        if not titled and len(tables) > 1:
            # Rows here and there, as in a history of commits: the rest matters more.
            return 0.0
        drawn = sum(len(t.starts) for t in tables if t.drawn and t.titled)
        if drawn > titled + untitled - drawn:
            return _DRAWN
        return _TITLED if titled >= untitled else _UNTITLED

    def read(self, text: str, _sample: Sample) -> TablesReading | None:
        """Read a text.

        Returns:
            The reading, or `None` when less than half of the text is tables, or when
            it has so many tiny rows that their cells would fill the memory.
        """
        count = text.count("\n")
        if count > _MANY_LINES and count * _TINY > len(text):
            return None
        lines = TextLines(text)
        tables = read_tables(lines)
        if not _is_mostly(tables, lines, _HALF):
            return None
        return TablesReading(lines, tables)

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        return power_budget(tokens, factor=_FACTOR, power=_POWER)


def _begins_with_tags(beginning: str) -> bool:
    """Whether a text begins as a page or a component does, which has no rows."""
    return _TAG.match(beginning) is not None and "</" in beginning


def _is_comment(line: str) -> bool:
    return line.startswith("#")


def _is_mostly(tables: Sequence[Table], lines: Sequence[str], share: float) -> bool:
    rows = sum(len(table.starts) for table in tables)
    outside = sum(len(lines[at]) for at in _outside(tables, len(lines)))
    return rows >= _FEWEST and outside <= (1 - share) * sum(map(len, lines))


def _outside(tables: Sequence[Table], count: int) -> Iterator[int]:
    """Give the lines that no table has."""
    at = 0
    for table in tables:
        yield from range(at, table.start)
        at = table.stop
    yield from range(at, count)


@dataclass(frozen=True, slots=True)
class TablesReading:
    """A text of which most is tables."""

    lines: Sequence[str]
    tables: Sequence[Table]

    def lossless(self) -> str | None:
        """Return `None`: without its padding a row is no line of the original."""
        return None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show the text around the tables, and rows of each table.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much;
                errors may take half as much again.
            interest: What the agent was looking for.
        """
        around = array("i", _outside(self.tables, len(self.lines)))
        shown = _choose_text([self.lines[at] for at in around], _AROUND * budget)
        visible = {at for at, show in zip(around, shown.shown, strict=True) if show}
        parts = self._share(budget - shown.spent, interest)
        return Excerpt(
            text="\n".join(self._write(visible, parts)).rstrip("\r\n"),
            omitted=_omitted(parts, len(around) - len(visible)),
        )

    def _share(self, budget: float, interest: Interest) -> list[TableExcerpt]:
        """Excerpt each table; the smallest first, so that what is left flows on."""
        parts = [TableExcerpt(self.lines, table) for table in self.tables]
        weights = [math.sqrt(part.tokens) for part in parts]
        left, weight = budget, sum(weights)
        for at in sorted(range(len(parts)), key=weights.__getitem__):
            parts[at].choose(left * weights[at] / weight, interest)
            left -= parts[at].spent
            weight -= weights[at]
        return parts

    def _write(self, visible: set[int], parts: Sequence[TableExcerpt]) -> list[str]:
        out: list[str] = []
        at = 0
        for part in parts:
            out += _text_lines(self.lines, at, part.table.start, visible)
            out += part.written()
            at = part.table.stop
        return out + _text_lines(self.lines, at, len(self.lines), visible)


def _choose_text(pieces: Sequence[str], limit: float) -> Choice:
    choice = Choice(pieces)
    levels = (judge(piece[:_JUDGED])[0] for piece in pieces)
    choice.add_each(
        [at for at, level in enumerate(levels) if level == Level.ERROR], limit
    )
    choice.add_each(evenly(range(len(pieces))), limit)
    return choice


def _text_lines(
    lines: Sequence[str], start: int, stop: int, visible: set[int]
) -> list[str]:
    out: list[str] = []
    hidden = 0
    for at in range(start, stop):
        if at in visible:
            out += [_gap(hidden)] * bool(hidden)
            out.append(lines[at])
            hidden = 0
        else:
            hidden += bool(lines[at].strip())
    return out + [_gap(hidden)] * bool(hidden)


def _gap(hidden: int) -> str:
    return f"[... {hidden:,} line{'s' if hidden > 1 else ''}]"


def _omitted(parts: Sequence[TableExcerpt], text_lines: int) -> str:
    rows = sum(len(part.table.starts) for part in parts)
    hidden = sum(part.hidden for part in parts)
    said = [f"{hidden:,} of {rows:,} rows"] if hidden else []
    said += [f"{text_lines:,} lines of text"] if text_lines else []
    clipped = sum(part.clipped for part in parts)
    said += [f"{clipped:,} characters of long rows"] if clipped else []
    return " and ".join(said)
