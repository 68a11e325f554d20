"""An array of objects that is read record by record, straight into rows.

Read as a whole, a document takes ten times the room of its text. Of one that has a
large array of objects, only the rows are kept, and what stands around them.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.cells import KEY, ROOT, write_cell
from headroom_langchain.compression.json.packing import Rows
from headroom_langchain.compression.json.rows import Arrays, pack
from headroom_langchain.compression.json.shapes import fields_of
from headroom_langchain.structure.json_cursor import Cursor
from headroom_langchain.structure.json_text import (
    JsonValue,
    count_signs,
    parse_json,
    parse_json_lines,
    size_of,
    write_json,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST: Final = 3
"""How many objects are records at the least."""

ENVELOPES: Final = 3
"""In how many objects the array of records may stand."""

_LEAST: Final = 0.3
_SHORTEST_LINE: Final = 8
_MOST_MEMBERS: Final = 200
_VERY_MANY: Final = 1_000
_SHORT: Final = 400
_MOST_FIELDS: Final = 4_000
_AT_ONCE: Final = 256


class Packed(list[JsonValue]):
    """Stands in a document for an array of objects; as a list it is empty."""

    def __init__(self, text: str) -> None:
        """Begin without records.

        Args:
            text: The text that they stand in.
        """
        super().__init__()
        self.rows = Rows()
        self.inner: Arrays = {}
        """The arrays of records inside the records."""
        self._text = text
        self._starts = array("I")
        self._fields: dict[int, tuple[str, ...]] = {}

    def __bool__(self) -> bool:
        """Return that there are records."""
        return True

    def size(self) -> int:
        """Return about how many characters the records have as JSON."""
        arrays = (values for found in self.inner.values() for _, values in found)
        return self.rows.size() + sum(map(size_of, arrays))

    def add(self, record: JsonValue, start: int) -> bool:
        """Add what stands at an offset, if it is an object and all have few fields."""
        if not isinstance(record, dict):
            return False
        if self.rows.fields() > _MOST_FIELDS:
            return False
        arrays = pack(self.rows, self.inner, record)
        if arrays:
            number = len(self._starts)
            self._fields[number] = fields_of(self.rows[number], arrays)
        self._starts.append(start)
        return True

    def shapes(self) -> dict[frozenset[str], list[int]]:
        """Return which records have the same fields, by those fields."""
        by_names: dict[tuple[str, ...], list[int]] = {}
        for number, paths in enumerate(self.rows.paths()):
            names = self._fields.get(number, paths)
            by_names.setdefault(names, []).append(number)
        found: dict[frozenset[str], list[int]] = {}
        for names, numbers in by_names.items():
            found.setdefault(frozenset(names), []).extend(numbers)
        return found

    def record(self, number: int) -> JsonValue:
        """Read one of the records again."""
        return Cursor(self._text, self._starts[number]).value()

    def some(self, numbers: Sequence[int]) -> tuple[Rows, Arrays]:
        """Return some of the rows, and the arrays inside them."""
        if len(numbers) == len(self.rows):
            return self.rows, self.inner
        place = {number: at for at, number in enumerate(numbers)}
        inner: Arrays = {}
        for path, arrays in self.inner.items():
            kept = [(place[at], values) for at, values in arrays if at in place]
            if kept:
                inner[path] = kept
        return Rows(self.rows[number] for number in numbers), inner


def read_packed(text: str) -> JsonValue:
    """Read a text that is mainly one array of objects, or one object per line.

    Args:
        text: Any text.

    Returns:
        The document, its records `Packed`; `None` when the text is something else.
    """
    body = body_of(text)
    if not body or len(body) < _SHORTEST_LINE * body.count("\n"):
        return None
    reader = _Reader(body)
    try:
        found = reader.read(ENVELOPES)
        if reader.cursor.sign():
            reader = _Reader(body)
            found = reader.lines()
    except (ValueError, RecursionError):
        return None
    if reader.cursor.keys == count_signs(body):
        return found
    return parse_json(text) or parse_json_lines(text)


def read_entries(text: str) -> Rows | None:
    """Read a text that is one object of very many numbers and short strings.

    Returns:
        A row for each member, or `None` when the text is something else.
    """
    body = body_of(text)
    if body[:1] != "{" or body.count(",") < _VERY_MANY:
        return None
    cursor = Cursor(body)
    rows = Rows()
    try:
        for key in cursor.members():
            value = cursor.value()
            cell = write_cell(value)
            if isinstance(value, (dict, list)) or len(cell) > _SHORT:
                return None
            rows.append({KEY: write_cell(key), ROOT: cell})
    except (ValueError, RecursionError):
        return None
    if cursor.sign() or len(rows) < _VERY_MANY:
        return None
    keys = rows.columns()[0]
    return rows if keys.distinct == len(rows) else None


def read_scalars(text: str) -> str | None:
    """Read a text that is one array of numbers and strings.

    Returns:
        The array without any space, or `None` when the text is something else.
    """
    body = body_of(text)
    if body[:1] != "[" or body.count(",") < _VERY_MANY:
        return None
    cursor = Cursor(body)
    parts: list[str] = []
    some: list[str] = []
    try:
        for _, value in cursor.elements():
            if isinstance(value, (dict, list)):
                return None
            some.append(write_json(value))
            if len(some) == _AT_ONCE:
                parts.append(",".join(some))
                some.clear()
    except (ValueError, RecursionError):
        return None
    if cursor.sign():
        return None
    return f"[{','.join([*parts, *some])}]"


def body_of(text: str) -> str:
    """Return a text without what may stand around JSON; empty if it is not JSON."""
    body = text.removeprefix("\ufeff").strip().removesuffix(",")
    return body if body[:1] + body[-1:] in {"{}", "[]"} else ""


class _Reader:
    """Reads a document, and packs the array that most of it is.

    It raises a `ValueError` where there is no such array.
    """

    def __init__(self, text: str) -> None:
        self.cursor = Cursor(text)
        self._text = text
        self._least = _LEAST * len(text)
        self._packed = False

    def read(self, envelopes: int) -> JsonValue:
        """Read the value at the cursor, an object by its members."""
        sign = self.cursor.sign()
        if not self._packed and self.cursor.at > len(self._text) - self._least:
            msg = "most of the text is no array of objects"
            raise ValueError(msg)
        if sign == "[" and not self._packed:
            packed = self._array()
            if packed is not None:
                return packed
            if self.cursor.at == 0:
                msg = "the text is an array of something else"
                raise ValueError(msg)
        if sign != "{" or not envelopes:
            return self.cursor.value()
        return self._members(envelopes - 1)

    def _members(self, envelopes: int) -> dict[str, JsonValue]:
        members: dict[str, JsonValue] = {}
        for key in self.cursor.members():
            if key in members or len(members) > _MOST_MEMBERS:
                msg = f"{key!r} is no member of an envelope"
                raise ValueError(msg)
            members[key] = self.read(envelopes)
        return members

    def _array(self) -> Packed | None:
        """Read an array of objects that most of the text is, or stay before it."""
        start, keys = self.cursor.at, self.cursor.keys
        packed = Packed(self._text)
        records = self.cursor.elements()
        alike = all(packed.add(record, at) for at, record in records)
        size = self.cursor.at - start
        if alike and len(packed.rows) >= FEWEST and size > self._least:
            self._packed = True
            return packed
        self.cursor.at, self.cursor.keys = start, keys
        return None

    def lines(self) -> Packed:
        """Read objects of which each has a line of its own."""
        text, cursor = self._text, self.cursor
        packed = Packed(text)
        while cursor.sign():
            start = cursor.at
            record = cursor.value()
            stop = text.find("\n", start)
            stop = len(text) if stop < 0 else stop
            alone = cursor.at <= stop and not text[cursor.at : stop].strip()
            if not alone or not packed.add(record, start):
                msg = "a line is no object"
                raise ValueError(msg)
        if len(packed.rows) < FEWEST:
            msg = "there are too few lines"
            raise ValueError(msg)
        return packed
