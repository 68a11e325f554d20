"""JSON inside strings: the body of a message, the answer that a request recorded.

An excerpt shows such a string as the document it holds, under its key with
`(string)` behind it, so that the fields inside can be told from those outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headroom_langchain.structure.json_text import parse_json

if TYPE_CHECKING:
    from headroom_langchain.structure.json_text import JsonValue

_BEGINNINGS: Final = ('{\\"', '{ \\"', "{\\n", "{\\r", '[\\"', "[\\n", "[\\r")
_SHORTEST: Final = 20
_MARK: Final = " (string)"


def may_embed(text: str) -> bool:
    """Tell whether a JSON text could hold strings that are JSON themselves."""
    return any(beginning in text for beginning in _BEGINNINGS)


def expand(value: JsonValue) -> JsonValue:
    """Return a document with the strings that are JSON replaced by what they hold."""
    if isinstance(value, dict):
        return _expand_members(value)
    if isinstance(value, list):
        return [expand(item) for item in value]
    return value


def _expand_members(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    expanded: dict[str, JsonValue] = {}
    for key, member in value.items():
        inner = _inner(member) if isinstance(member, str) else None
        name = f"{key}{_MARK}"
        if inner is not None and name not in value:
            expanded[name] = expand(inner)
        else:
            expanded[key] = expand(member)
    return expanded


def _inner(text: str) -> JsonValue:
    """Return the array or object that a string holds, else `None`."""
    if len(text) < _SHORTEST or text[0] not in "{[ \n\r\t":
        return None
    return parse_json(text) or None
