"""Long values taken out of their cells, to be shown by themselves.

A string of many lines is a text: the output of a command, a traceback, a file.
An array of many numbers or strings is a table of one column. An excerpt shows
them as such; a rewriting that keeps everything leaves them where they are.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from headroom_langchain.compression.json.blocks import Line
from headroom_langchain.compression.json.cells import (
    KEY,
    ROOT,
    element_path,
    is_blob,
    write_cell,
)
from headroom_langchain.compression.json.packing import Rows
from headroom_langchain.compression.json.table import Table
from headroom_langchain.structure.json_cursor import Cursor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headroom_langchain.compression.json.blocks import Block
    from headroom_langchain.compression.json.packing import Row

ELEMENTS: Final = "elements"
"""What the rows of such an array are called."""

VALUE: Final = "value"
"""The only column of an array of numbers or strings."""

SHOWN_BELOW: Final = "<text below>"
"""Stands in a row for a long text that is shown under the table."""

_LONG: Final = 400
_FEWEST_BREAKS: Final = 5
_LONG_LINE: Final = 2_500
_FEWEST_ELEMENTS: Final = 60
_MOST_TEXTS: Final = 12
_OUTPUT = re.compile(
    r"(?:^|[._])(?:std(?:out|err)|out|err|(?:\w*_)?output|logs?|trace(?:back)?"
    r"|stack(?:_?trace)?|console|body|content|result|diff|patch)(?: \(string\))?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A long string of the document."""

    path: str
    text: str

    def head(self) -> str:
        """Return the line above the text."""
        lines = self.text.rstrip("\r\n").count("\n") + 1
        size = f"{lines:,} lines" if lines > 1 else f"{len(self.text):,} characters"
        return f"{self.path}: text, {size}:"

    def end(self) -> str:
        """Return the line below it."""
        return f"[end of {self.path}]"

    def render(self) -> str:
        """Write the text in full."""
        return "\n".join([self.head(), self.text.rstrip("\r\n"), self.end()])


Piece: TypeAlias = "Line | Table | Text"
"""What an excerpt is made of."""


def hoist(blocks: list[Block]) -> list[Piece]:
    """Take long texts and arrays out of the cells of a document."""
    pieces: list[Piece] = []
    for block in blocks:
        if isinstance(block, Table):
            pieces.extend(_of_table(block))
        elif block.same_as:
            pieces.append(block)
        else:
            pieces.extend(_of_line(block))
    return pieces


def _of_line(line: Line) -> Iterator[Piece]:
    long = [(path, cell) for path, cell in line.cells.items() if len(cell) > _LONG]
    cells = dict(line.cells) if long else line.cells
    found: list[Piece] = []
    for path, cell in long:
        full = _below(line.path, path)
        piece = _text(cell, full) or _array(cell, full)
        if piece is None:
            continue
        found.append(piece)
        del cells[path]
    if len(cells) >= _FEWEST_ELEMENTS:
        yield _entries(line.path, cells)
    elif not found:
        yield line
    elif cells:
        yield replace(line, cells=cells)
    yield from found


def _entries(path: str, cells: Row) -> Table:
    """Make a table of an object with very many fields."""
    rows = Rows({KEY: path, VALUE: cell} for path, cell in cells.items())
    return Table(path="" if path == ROOT else path, noun="entries", rows=rows)


def _below(path: str, relative: str) -> str:
    if ROOT in (relative, path):
        return relative
    return f"{path}{relative}" if relative[:1] == "[" else f"{path}.{relative}"


def _of_table(table: Table) -> Iterator[Piece]:
    found = [
        (number, path)
        for number, cells in enumerate(table.rows.texts())
        if len(cells) > _LONG
        for path, cell in table.rows[number].items()
        if len(cell) > _LONG and _OUTPUT.search(path) and _is_text(cell)
    ]
    if not found or len(found) > _MOST_TEXTS or table.owners:
        yield table
        return
    texts: list[Piece] = []
    told: dict[int, Row] = {}
    for number, path in found:
        record = element_path(table.path, table.number(number))
        row = table.rows[number]
        text = _text(row[path], _below(record, path))
        if text is not None:
            told.setdefault(number, {})[path] = SHOWN_BELOW
            texts.append(text)
    rows = Rows(table.rows)
    rows.change(told, lambda number, row: {**row, **told[number]})
    yield replace(table, rows=rows)
    yield from texts


def _is_text(cell: str) -> bool:
    if cell[0] in "[{" or is_blob(cell):
        return False
    return len(cell) > _LONG_LINE or cell.count("\\n") >= _FEWEST_BREAKS


def _text(cell: str, path: str) -> Text | None:
    if not _is_text(cell):
        return None
    text = cast("str", json.loads(cell)) if cell[0] == '"' else cell
    return Text(path=path, text=text)


def _array(cell: str, path: str) -> Table | None:
    if cell[0] != "[" or cell.count(",") < _FEWEST_ELEMENTS:
        return None
    elements = Cursor(cell).elements()
    rows = Rows({VALUE: write_cell(element)} for _, element in elements)
    if len(rows) < _FEWEST_ELEMENTS:
        return None
    return Table(path="" if path == ROOT else path, noun=ELEMENTS, rows=rows)
