"""JSON that keeps its numbers as they were written.

`1e3`, `1.50`, `-0` and integers of thirty digits come out as they went in:
numbers are kept as their lexemes and never converted.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import TYPE_CHECKING, Final, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DEEPEST: Final = 100
_FEWEST_LINES: Final = 3
_SHORTEST_LINE: Final = 8
_SIGN = re.compile(r'"[ \t\r\n]*:')
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Number:
    """A number, or one of the constants `NaN` and `Infinity`, as it was written."""

    lexeme: str


JsonValue: TypeAlias = (
    "bool | str | Number | list[JsonValue] | dict[str, JsonValue] | None"
)
"""What a JSON text holds."""


class _DuplicateKeyError(ValueError):
    """A key occurs twice in one object, which a dict cannot hold."""


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        msg = "an object has a key twice"
        raise _DuplicateKeyError(msg)
    return members


@lru_cache(maxsize=1024)
def _number(lexeme: str) -> Number:
    """Return one object for a number that a text has many times."""
    return Number(lexeme)


DECODER: Final = json.JSONDecoder(
    parse_float=_number, parse_int=_number, parse_constant=_number
)
"""Reads a text quickly; of members with the same key, only the last one is left."""

_STRICT: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_number,
    parse_int=_number,
    parse_constant=_number,
)


def parse_json(text: str) -> list[JsonValue] | dict[str, JsonValue] | None:
    """Read a text that is one JSON array or object.

    Args:
        text: Any text; a byte order mark and space around the JSON are allowed,
            and the comma that ends a member cut out of a larger document.

    Returns:
        The array or object, or `None` when the text is anything else, has a key
        twice in one object, or nests deeper than 100 levels.
    """
    body = text.removeprefix("\ufeff").strip()
    body = body.removesuffix(",")
    if body[:1] + body[-1:] not in {"{}", "[]"}:
        return None
    return _decode(body)


def parse_json_lines(text: str) -> list[JsonValue] | None:
    """Read a text of at least three lines, each of them one JSON object.

    Returns:
        The objects, or `None` when any line that is not blank is something else.
    """
    body = text.removeprefix("\ufeff")
    if len(body) < _SHORTEST_LINE * body.count("\n"):
        return None
    records: list[JsonValue] = []
    for line in each_line(body):
        record = _decode(line) if line[0] == "{" and line[-1] == "}" else None
        if record is None:
            return None
        records.append(record)
    return records if len(records) >= _FEWEST_LINES else None


def each_line(text: str) -> Iterator[str]:
    """Yield the lines that are not blank, without the space around them."""
    start = 0
    while start <= len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        if line := text[start:stop].strip():
            yield line
        start = stop + 1


def decode_at(
    text: str, start: int
) -> tuple[list[JsonValue] | dict[str, JsonValue] | None, int]:
    """Read the JSON array or object that begins at an offset.

    Args:
        text: Any text.
        start: The offset of the bracket.

    Returns:
        The array or object, and where it stops; or `None` and where the text stops
        being JSON, which is `start` for what nests too deep.
    """
    try:
        value, stop = _STRICT.raw_decode(text, start)
        count_keys(value)
    except json.JSONDecodeError as broken:
        return None, broken.pos
    except (ValueError, RecursionError):
        return None, start
    return (value, stop) if isinstance(value, (dict, list)) else (None, start)


def _decode(body: str) -> list[JsonValue] | dict[str, JsonValue] | None:
    try:
        value = DECODER.decode(body)
        # A string may begin with a colon too; then only reading strictly can tell.
        if count_keys(value) != count_signs(body):
            value = _STRICT.decode(body)
    except (ValueError, RecursionError):
        return None
    return cast("list[JsonValue] | dict[str, JsonValue]", value)


def count_signs(text: str) -> int:
    """Return how many keys a text seems to have.

    They are as many as its keys, unless a string begins with a colon, or an object
    has a key twice.
    """
    if any(blank in text for blank in (" :", "\t:", "\n:", "\r:")):
        return sum(1 for _ in _SIGN.finditer(text))
    return text.count('":')


def count_keys(value: JsonValue, levels: int = _DEEPEST) -> int:
    """Return how many members all objects of a value have.

    Raises:
        ValueError: The value nests deeper than 100 levels.
    """
    if isinstance(value, dict):
        found = len(value)
        members: Iterable[JsonValue] = value.values()
    elif isinstance(value, list):
        found, members = 0, value
    else:
        return 0
    if levels < 0:
        msg = "the text nests too deep"
        raise ValueError(msg)
    for member in members:
        if isinstance(member, (dict, list)):
            found += count_keys(member, levels - 1)
    return found


def quote(text: str) -> str:
    """Write a string as JSON, escaping only what has to be escaped."""
    if not text.isascii() and _SURROGATE.search(text):
        return encode_basestring_ascii(text)
    return encode_basestring(text)


def size_of(value: JsonValue) -> int:
    """Return about how many characters a value has as JSON, without writing it."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, Number):
        return len(value.lexeme)
    if isinstance(value, dict):
        keys = sum(map(len, value)) + 4 * len(value)
        return keys + sum(map(size_of, value.values()))
    if isinstance(value, list):
        return len(value) + 1 + sum(map(size_of, value))
    return 4


def write_json(value: JsonValue) -> str:
    """Write a value as JSON without any space, numbers as they were."""
    if isinstance(value, Number):
        return value.lexeme
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, dict):
        members = [f"{quote(key)}:{write_json(item)}" for key, item in value.items()]
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join([write_json(item) for item in value]) + "]"
    if value is None:
        return "null"
    return "true" if value else "false"
