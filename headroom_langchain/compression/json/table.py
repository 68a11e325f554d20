"""Records as a table: the columns once, then one line per record.

Values that most records share stand in the header, and a record that differs
says so with `column=value` at the end of its line. Arrays of records inside
records become tables of their own, with one `> record` line above the rows
that belong together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.cells import (
    ABSENT,
    KEY,
    NUMBER,
)
from headroom_langchain.compression.json.packing import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headroom_langchain.compression.json.packing import Column, Row

_USUAL: Final = 0.7
_LONGEST_IDENTITY: Final = 90
_WIDEST_PLACED: Final = 100
_WORTH_A_PREFIX: Final = 60
_NAMES: Final = ("name", "id", "key", "title", "path", "file", "filename", "url", "arn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinned:
    """What is known of very many records when only some of them are rows."""

    total: int
    """How many records there are."""
    alarms: Mapping[tuple[str, str], int]
    """How often each alarming value occurs, by its path and itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Records at one place of a document."""

    path: str
    noun: str
    """What a row is called: rows, or entries of an object."""
    rows: Rows = field(default_factory=Rows)
    owners: list[str] = field(default_factory=list)
    """For each row, the record it belongs to; empty when all belong to one."""
    numbers: list[int] = field(default_factory=list)
    """For each row, its position when the array has other rows elsewhere."""
    of: int = 0
    """How many elements the array has when not all of them are rows here."""
    thinned: Thinned | None = None
    """Set when the rows are only some of very many records."""
    known_columns: list[Column] = field(default_factory=list, init=False)
    """What `columns` found, once it was asked."""
    written: list[str] = field(default_factory=list, init=False)
    """What `render_complete` wrote, once it was asked."""

    def total(self) -> int:
        """Return how many records the table stands for."""
        return self.thinned.total if self.thinned else len(self.rows)

    def number(self, row: int) -> int:
        """Return the position in its array of a row of the table."""
        return self.numbers[row] if self.numbers else row

    def columns(self) -> list[Column]:
        """Return the columns in the order in which they first occur.

        The rows must not change any more.
        """
        if not self.known_columns:
            self.known_columns.extend(self.rows.columns())
        return self.known_columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which columns of a table stand where."""

    identity: str | None
    """The column that tells the records apart and leads every line."""
    columns: tuple[str, ...]
    """Columns with a place of their own in every line."""
    constant: Row
    """Values that every record has."""
    usual: Row
    """Values that a record has unless its line says otherwise."""
    sparse: frozenset[str] = frozenset()
    """Columns of which only some records have one, and those of long texts."""
    prefix: str = ""
    """The beginning that most paths share; a path that starts with `.` has it."""

    def name(self, path: str) -> str:
        """Return a path as the table writes it."""
        prefix = self.prefix
        if prefix and path.startswith(prefix):
            return path[len(prefix) - 1 :]
        return path

    def header(self, table: Table, shown: str = "") -> str:
        """Return the line that explains the table.

        Args:
            table: The table laid out.
            shown: Which of its rows follow, when not all do.
        """
        of = f" of {table.of}" if table.of else ""
        parts = [f"{table.total()}{of} {table.noun}{shown}"]
        if self.prefix:
            parts.append(f"a leading . means {self.prefix}")
        for label, cells in (
            ("every row", self.constant),
            ("unless stated", self.usual),
        ):
            if cells:
                pairs = ", ".join(
                    f"{self.name(path)}={cell}" for path, cell in cells.items()
                )
                parts.append(f"{label}: {pairs}")
        if self.columns:
            parts.append(f"columns: {','.join(map(self.name, self.columns))}")
        prefix = f"{table.path}: " if table.path else ""
        return prefix + "; ".join(parts)

    def line(self, row: Row, number: int) -> str:
        """Return the line of a row that is shown in full."""
        cells = [
            str(number) if path == NUMBER else row.get(path, "")
            for path in self.columns
        ]
        if self.usual or self.sparse:
            told = self.deviations(row)
            cells.extend(f"{self.name(path)}={cell}" for path, cell in told)
        return ",".join(cells)

    def deviations(self, row: Row) -> list[tuple[str, str]]:
        """Return the cells of a row that the header does not tell."""
        found = [
            (path, row.get(path, ABSENT))
            for path, usual in self.usual.items()
            if row.get(path) != usual and (path in row or not _is_replaced(row, path))
        ]
        if self.sparse:
            found.extend(item for item in row.items() if item[0] in self.sparse)
        return found


def lay_out(table: Table, columns: Sequence[Column], *, numbered: bool) -> Layout:
    """Decide where each column of a table stands.

    Args:
        table: The records.
        columns: The columns of the table.
        numbered: Whether rows that nothing else tells apart get their position.
    """
    total = len(table.rows)
    identity = find_identity(columns, total)
    placed: list[str] = []
    constant: Row = {}
    usual: Row = {}
    sparse: list[str] = []
    for column in columns:
        value, times = column.usual
        if times == total and total > 1:
            constant[column.path] = value
        elif times >= _USUAL * total and column.path != identity:
            usual[column.path] = value
        elif column.present > (1 - _USUAL) * total and column.width <= _WIDEST_PLACED:
            placed.append(column.path)
        else:
            sparse.append(column.path)
    if identity in placed:
        placed.remove(identity)
        placed.insert(0, identity)
    if table.numbers or not placed or (numbered and not identity):
        placed.insert(0, NUMBER)
    return Layout(
        identity=identity,
        columns=tuple(placed),
        constant=constant,
        usual=usual,
        sparse=frozenset(sparse),
        prefix=_shared_prefix([column.path for column in columns]),
    )


def _is_replaced(row: Row, path: str) -> bool:
    """Tell whether a row has cells below a path, so that the path has no value."""
    return any(other.startswith((f"{path}.", f"{path}[")) for other in row)


def _shared_prefix(paths: list[str]) -> str:
    """Return the beginning whose repetition costs most, if it is worth a name."""
    uses: Counter[str] = Counter()
    for path in paths:
        at = path.find(".")
        while at >= 0 and '"' not in path[:at]:
            uses[path[: at + 1]] += 1
            at = path.find(".", at + 1)
    if not uses:
        return ""
    best = max(uses, key=lambda prefix: uses[prefix] * (len(prefix) - 1))
    worth = uses[best] > 1 and uses[best] * (len(best) - 1) > _WORTH_A_PREFIX
    return best if worth else ""


def find_identity(columns: Sequence[Column], total: int) -> str | None:
    """Return the column that best tells the records apart, if one does."""
    unique = [
        column.path
        for column in columns
        if column.present == total
        and column.distinct == total
        and not column.first.startswith(("[", "{"))
        and column.distinct_size <= _LONGEST_IDENTITY * total
    ]
    if KEY in unique:
        return KEY
    for name in _NAMES:
        for path in unique:
            if path.rpartition(".")[2].lower().endswith(name):
                return path
    return unique[0] if unique else None


def render_complete(table: Table) -> str:
    """Write a table so that every value of every record can be read back."""
    if not table.written:
        table.written.append(_render(table))
    return table.written[0]


def _render(table: Table) -> str:
    layout = lay_out(table, table.columns(), numbered=False)
    lines = [layout.header(table)]
    owner = ""
    for number, row in enumerate(table.rows):
        if table.owners and table.owners[number] != owner:
            owner = table.owners[number]
            lines.append(f"> {owner}")
        lines.append(layout.line(row, table.number(number)))
    return "\n".join(lines)
