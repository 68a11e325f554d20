"""A value that fits a JSON schema, taken from a text where it can be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headroom_langchain.testing.servers.query import Json

_NUMBER = re.compile(r"-?\d{1,9}")
_QUOTED = re.compile(r"'([^']{1,200})'")


def example(schema: Json, text: str = "") -> Any:
    """Make a value that fits a schema.

    Numbers and 'quoted strings' of the text are used in their order.

    Args:
        schema: The JSON schema: types, properties, items, enum, const, anyOf,
            allOf and local references are understood.
        text: Where values may be taken from.
    """
    definitions = schema.get("$defs") or schema.get("definitions") or {}
    numbers = (int(match[0]) for match in _NUMBER.finditer(text))
    strings = (match[1] for match in _QUOTED.finditer(text))
    return _Maker(definitions, numbers, strings).make(schema)


class _Maker:
    def __init__(
        self, definitions: Json, numbers: Iterator[int], strings: Iterator[str]
    ) -> None:
        self._definitions = definitions
        self._numbers = numbers
        self._strings = strings

    def make(self, schema: Json) -> Any:
        """Make the value of one schema."""
        if "$ref" in schema:
            return self.make(self._definitions[schema["$ref"].rpartition("/")[2]])
        for choices in ("anyOf", "oneOf", "allOf"):
            if schema.get(choices):
                return self.make(schema[choices][0])
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][0]
        return self._of_type(schema)

    def _of_type(self, schema: Json) -> Any:
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = kind[0]
        if kind == "object":
            properties = schema.get("properties") or {}
            return {name: self.make(inner) for name, inner in properties.items()}
        if kind == "array":
            return [self.make(schema["items"])] if schema.get("items") else []
        if kind in {"integer", "number"}:
            return next(self._numbers, 1)
        if kind == "string":
            return next(self._strings, "a cat")
        return True if kind == "boolean" else None
