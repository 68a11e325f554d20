"""Documents of tens of thousands of members, looked at a part at a time.

Held all at once, so many short values take twenty times the room of their text. Of
each part, the rows are kept that would be picked if it stood alone, and an even
sample of the others; the excerpt is chosen among these.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.excerpt import Excerpt
from headroom_langchain.compression.json.alarms import alarm_at, may_alarm
from headroom_langchain.compression.json.cells import KEY, ROOT, write_cell
from headroom_langchain.compression.json.digest import digest
from headroom_langchain.compression.json.excerpt import excerpt_table
from headroom_langchain.compression.json.hoist import ELEMENTS, VALUE
from headroom_langchain.compression.json.packed import body_of
from headroom_langchain.compression.json.packing import Rows
from headroom_langchain.compression.json.selection import Reason, pick_rows
from headroom_langchain.compression.json.table import Table, Thinned
from headroom_langchain.structure.json_cursor import Cursor
from headroom_langchain.structure.json_text import count_signs, write_json

if TYPE_CHECKING:
    from headroom_langchain.compression.excerpt import Interest
    from headroom_langchain.structure.json_text import JsonValue

VERY_MANY: Final = 10_000
"""From how many members on a document is looked at a part at a time."""

_MANY_OBJECTS: Final = 1_000
_MOST_ALARMS: Final = 1_000
_PIECE: Final = 1 << 14
_SAMPLED: Final = 2_000


@dataclass(frozen=True, slots=True)
class LongReading:
    """An array or object of very many members."""

    text: str
    """The document, without any space."""
    total: int

    def lossless(self) -> str:
        """Write the document without any space."""
        return self.text

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show members that differ from the others, and an even sample.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        table = self._thinned(interest)
        found = excerpt_table(table, budget, interest)
        hidden = f"{found.hidden} of {self.total} {table.noun}"
        return Excerpt(text=found.text, omitted=hidden if found.hidden else "")

    def _thinned(self, interest: Interest) -> Table:
        """Return the table that rows are chosen from."""
        named = self.text[0] == "{"
        noun = "entries" if named else ELEMENTS
        step = 1 + self.total // _SAMPLED
        rows = Rows()
        numbers: list[int] = []
        alarms: Counter[tuple[str, str]] = Counter()
        start = 0
        for piece in Cursor(self.text).pieces(_PIECE):
            part = Table(path="", noun=noun, rows=_rows(piece))
            columns = part.columns()
            picks = pick_rows(part, columns, interest)
            size = len(part.rows)
            kept = {pick.row for pick in picks if pick.reason < Reason.SAMPLE}
            kept.update(range(-start % step, size, step))
            for number in sorted(kept):
                rows.append(part.rows[number])
                numbers.append(start + number)
            _count_alarms(part, alarms)
            start += size
        thinned = Thinned(total=self.total, alarms=alarms)
        places = [] if named else numbers
        return Table(path="", noun=noun, rows=rows, numbers=places, thinned=thinned)


def _rows(piece: JsonValue) -> Rows:
    if isinstance(piece, dict):
        keys = list(map(write_cell, piece))
        return Rows.alike({KEY: keys, ROOT: list(map(write_cell, piece.values()))})
    return Rows.alike({VALUE: list(map(write_cell, _values(piece)))})


def _count_alarms(part: Table, counted: Counter[tuple[str, str]]) -> None:
    """Add how often each alarming value occurs, the first thousand of them."""
    for column in part.columns():
        path, counts = column.path, column.open().counts
        if not may_alarm(counts):
            continue
        for cell, times in counts.items():
            known = (path, cell) in counted
            if known or (len(counted) < _MOST_ALARMS and alarm_at(cell, path) >= 0):
                counted[path, cell] += times


def read_long(text: str) -> LongReading | None:
    """Read an array or object of very many values, or of objects all unlike.

    Args:
        text: Any text.

    Returns:
        The reading, or `None` when the text is something else.
    """
    body = body_of(text)
    if not body or body.count(",") < VERY_MANY:
        return None
    cursor = Cursor(body)
    survey = _Survey()
    written: list[str] = []
    try:
        for piece in cursor.pieces(_PIECE):
            if not survey.add(piece):
                return None
            written.append(write_json(piece)[1:-1])
    except (ValueError, RecursionError):
        return None
    whole = not cursor.sign() and cursor.keys == count_signs(body)
    if not whole or not survey.are_very_many() or survey.has_a_key_twice():
        return None
    return LongReading(f"{body[0]}{','.join(written)}{body[-1]}", survey.total)


class _Survey:
    """What the members of a document are."""

    def __init__(self) -> None:
        self.total = 0
        self._keys = array("q")
        self._fields: set[str] = set()
        self._nested = False

    def add(self, piece: JsonValue) -> bool:
        """Look at some members; tell whether the document is still one of ours."""
        if isinstance(piece, dict):
            self._keys.extend(map(digest, piece))
        values = _values(piece)
        self.total += len(values)
        for value in values:
            if isinstance(value, (dict, list)):
                self._nested = True
                self._fields.update(value if isinstance(value, dict) else ())
        return not self._nested or (not self._keys and len(self._fields) >= self.total)

    def are_very_many(self) -> bool:
        return self.total >= (_MANY_OBJECTS if self._nested else VERY_MANY)

    def has_a_key_twice(self) -> bool:
        return any(one == other for one, other in pairwise(sorted(self._keys)))


def _values(piece: JsonValue) -> list[JsonValue]:
    if isinstance(piece, dict):
        return list(piece.values())
    return piece if isinstance(piece, list) else []
