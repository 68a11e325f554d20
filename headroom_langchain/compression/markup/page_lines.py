"""The lines of a page while they are being written.

Text gathers until a block ends. Inside a table, lines gather in cells, and the
cells of a row become one line unless they are long: then the table was layout.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import chain
from typing import Final

from headroom_langchain.compression.markup.zones import ALERT, ASIDE, CODE

_SPACES = re.compile(r"\s\s|[^\S ]")
_WIDEST_CELL: Final = 260
_WIDEST_ROW: Final = 700
_CELL_LINES: Final = 6
_DEEPEST: Final = 20
_MOST_LINES: Final = 8_000
_WIDEST_SHARED: Final = 400


class Part(IntEnum):
    """What a line of a page is."""

    HEAD = 0
    """The title, the description and the like."""
    HEADING = 1
    TABLE_HEAD = 2
    ROW = 3
    FIELD = 4
    """A label with a form field, or a button."""
    TEXT = 5
    CODE = 6


@dataclass(frozen=True, slots=True)
class PageLine:
    """One line of a page."""

    text: str
    part: Part
    zone: int
    links: tuple[tuple[str, str], ...] = ()
    """What the links of the line say, and where they lead to."""


@dataclass(slots=True)
class _Row:
    cells: list[list[PageLine]] = field(default_factory=list)
    head: bool = True


class PageLines:
    """Gathers text into lines."""

    def __init__(self) -> None:
        """Begin with no lines."""
        self.lines: list[PageLine] = []
        self.heading = 0
        """The level of the heading that is open, or 0."""
        self.prefix = ""
        """What the next line begins with."""
        self.has_field = False
        self._buffer: list[str] = []
        self._begun = 0
        self._separate = False
        self._links: list[tuple[str, str]] = []
        self._rows: list[_Row] = []

    def add(self, text: str) -> None:
        """Add text to the line."""
        if self._separate:
            self._separate = False
            if text[:1].isalnum():
                text = f" {text}"
        self._buffer.append(text)

    def separate(self) -> None:
        """Begin a part of the line that does not run into a word before it."""
        if self._buffer and self._buffer[-1][-1:].isalnum():
            self._separate = True

    @property
    def mark(self) -> int:
        """How much has been added so far."""
        return self._begun + len(self._buffer)

    @property
    def in_cell(self) -> bool:
        """Whether a cell of a table is open."""
        return bool(self._rows and self._rows[-1].cells)

    def since(self, mark: int) -> str:
        """Return what was added to the line after a mark."""
        return "".join(self._buffer[max(0, mark - self._begun) :])

    def drop_since(self, mark: int) -> str:
        """Take back what was added to the line after a mark, and return it."""
        dropped = self.since(mark)
        del self._buffer[max(0, mark - self._begun) :]
        return dropped

    def link(self, text: str, target: str) -> None:
        """Note where a part of the line leads to."""
        self._links.append((text, target))

    def end(self, zone: int) -> None:
        """End the line."""
        if self._buffer:
            text = "".join(self._buffer)
            self._begun += len(self._buffer)
            self._buffer.clear()
            if zone & CODE:
                self._end_code(text, zone)
            else:
                self._end_text(_plain(text), zone)
        self.has_field = False

    def _end_text(self, text: str, zone: int) -> None:
        if not text:
            return
        part = Part.TEXT
        if self.heading:
            part = Part.HEADING
            text = f"{'#' * self.heading} {text}"
        elif self.has_field:
            part = Part.FIELD
        links = tuple(self._links)
        self._links.clear()
        self.put(PageLine(self.prefix + text, part, zone, links))
        self.prefix = ""

    def _end_code(self, text: str, zone: int) -> None:
        self._links.clear()
        for line in text.strip("\r\n").split("\n"):
            self.put(PageLine(line.rstrip(), Part.CODE, zone))

    def put(self, line: PageLine) -> None:
        """Put a line where it belongs: on the page, or into the cell that is open."""
        if self.in_cell:
            self._rows[-1].cells[-1].append(line)
        else:
            add_line(self.lines, line)

    def open_row(self) -> None:
        """Begin a row; one inside too many others is none."""
        if len(self._rows) < _DEEPEST:
            self._rows.append(_Row())

    def open_cell(self, *, head: bool) -> None:
        """Begin a cell."""
        if self._rows:
            row = self._rows[-1]
            row.cells.append([])
            row.head = row.head and head

    def close_row(self) -> None:
        """End a row."""
        if not self._rows:
            return
        row = self._rows.pop()
        filled = [cell for cell in row.cells if cell]
        if len(filled) > 1 and all(map(_is_narrow, filled)):
            self._put_row(row)
        else:
            for line in chain.from_iterable(filled):
                self.put(line)

    def _put_row(self, row: _Row) -> None:
        cells = [" ".join(line.text.strip() for line in cell) for cell in row.cells]
        lines = list(chain.from_iterable(row.cells))
        text = " | ".join(cells)
        if len(text) > _WIDEST_ROW:
            for line in lines:
                self.put(line)
            return
        zone = 0
        for line in lines:
            zone |= line.zone & ALERT
        zone |= min(line.zone & ASIDE for line in lines)
        links = tuple(chain.from_iterable(line.links for line in lines))
        part = Part.TABLE_HEAD if row.head else Part.ROW
        if any(line.part == Part.FIELD for line in lines):
            part = Part.FIELD
        self.put(PageLine(text, part, zone, links))

    def finish(self) -> list[PageLine]:
        """End everything that is open, and return the lines."""
        self.end(0)
        while self._rows:
            self.close_row()
        return self.lines


def _plain(text: str) -> str:
    """Make one space of all white space, without much ado where that is so."""
    if _SPACES.search(text):
        return " ".join(text.split())
    return text.strip()


def add_line(lines: list[PageLine], line: PageLine) -> None:
    """Add a line; where there are very many, short ones alike share a line."""
    if len(lines) >= _MOST_LINES:
        last = lines[-1]
        alike = last.part == line.part and last.zone == line.zone
        if alike and len(last.text) < _WIDEST_SHARED:
            lines[-1] = PageLine(f"{last.text} / {line.text}", line.part, line.zone)
            return
    lines.append(line)


def _is_narrow(cell: list[PageLine]) -> bool:
    return (
        len(cell) <= _CELL_LINES
        and sum(len(line.text) for line in cell) <= _WIDEST_CELL
        and not (len(cell) > 1 and any(line.part == Part.CODE for line in cell))
    )
