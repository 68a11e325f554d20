"""How one value and one path are written: short, and never ambiguous.

A string stands without quotes where nothing else could be meant: it has no
comma, semicolon or control character, and does not look like a number, a
literal or the beginning of JSON. Everything else is written as JSON. So `1` is
a number, `"1"` a string, `null` is null, `""` the empty string, and nothing at
all means that the record has no such field.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from headroom_langchain.structure.json_text import Number, quote, write_json

if TYPE_CHECKING:
    from headroom_langchain.structure.json_text import JsonValue

ROOT = "$"
"""The path of the whole document."""

KEY = "<key>"
"""The column with the keys of an object whose members are shown as rows."""

NUMBER = "<row>"
"""The column with the position of a row, from 0."""

ABSENT = "<absent>"
"""Stands for a field that this row lacks although most rows have it."""

_HIDDEN = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_PLAIN = re.compile(rf'[^\s"\[{{<>,;{_HIDDEN}][^,;{_HIDDEN}]*')
_PLAIN_KEY = re.compile(rf'[^\s"<>#.\[\]=,;:{_HIDDEN}][^".\[\]=,;:{_HIDDEN}]*')
_TYPED = re.compile(
    r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity",
    re.ASCII,
)
_BLOB = re.compile(r'"?(?:data:[\w/+.;=-]{1,60},)?[A-Za-z0-9+/_=-]{100}')
_TOLD_FROM = 1_000
_BLOB_SHOWN = 24
_BLOB_FROM = 100
_NUMBER_START = frozenset("-0123456789")
_TYPED_START = frozenset("-0123456789tfnNI")


def write_cell(value: JsonValue) -> str:
    """Write a value for a table or a line."""
    if isinstance(value, Number):
        return value.lexeme
    if not isinstance(value, str):
        return write_json(value)
    if not _PLAIN.fullmatch(value) or value[-1].isspace():
        return quote(value)
    if value[0] in _TYPED_START and _TYPED.fullmatch(value):
        return quote(value)
    return value


@lru_cache(maxsize=1024)
def write_key(key: str) -> str:
    """Write one step of a path; an odd key is quoted."""
    if _PLAIN_KEY.fullmatch(key) and key != ROOT and not key[-1].isspace():
        return key
    return quote(key)


@lru_cache(maxsize=1024)
def member_path(path: str, key: str) -> str:
    """Return the path of a member of an object; the empty path is the root's."""
    return f"{path}.{write_key(key)}" if path else write_key(key)


def element_path(path: str, index: int | None = None) -> str:
    """Return the path of an element of an array, or of any one (`None`)."""
    return f"{path}[{'' if index is None else index}]"


def is_number(cell: str) -> bool:
    """Tell whether a cell holds a number."""
    if cell.isascii() and cell.isdecimal():
        return True
    return cell[:1] in _NUMBER_START and bool(_TYPED.fullmatch(cell))


def is_blob(cell: str) -> bool:
    """Tell whether a string is encoded data, such as an image in base64."""
    return len(cell) > _BLOB_FROM and bool(_BLOB.match(cell))


def clip(cell: str, limit: int, keep: int = 0) -> str:
    """Cut a cell to about `limit` characters, marking what is gone with `…`.

    Args:
        cell: The cell as it would stand in full.
        limit: Characters to keep.
        keep: A position in the cell that has to stay visible.
    """
    if len(cell) <= limit + 3:
        return cell
    if cell.startswith("["):
        return _clip_array(cell, limit)
    if is_blob(cell):
        return f"{cell[:_BLOB_SHOWN]}… ({len(cell):,} characters of data)"
    if keep < limit // 2:
        size = f" ({len(cell):,} characters)" if len(cell) > _TOLD_FROM else ""
        return f"{cell[:limit]}…{size}"
    start = min(keep - limit // 3, len(cell) - limit)
    end = "…" if start + limit < len(cell) else ""
    return f"…{cell[start : start + limit]}{end}"


def _clip_array(cell: str, limit: int) -> str:
    shown = cell[:limit]
    items = cell[1:-1].split(",")
    if not all(is_number(item) for item in items[:50]):
        return f"{shown}…"
    numbers = [item for item in items if is_number(item)]
    low, high = min(numbers, key=float), max(numbers, key=float)
    return f"{shown[: shown.rfind(',')]}… {len(items)} numbers from {low} to {high}]"
