"""What all providers refuse: fields they do not know, schemas that say too little."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn, TypeAlias

Tools: TypeAlias = Mapping[str, Any]
"""The schemas of the tools that a request declares, by name."""

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


class MalformedError(Exception):
    """A request that the provider answers with HTTP 400."""


def refuse(message: str) -> NoReturn:
    """Refuse the request."""
    raise MalformedError(message)


def only(value: Any, known: Iterable[str], where: str) -> None:
    """Refuse fields that are not known, and what is no object."""
    if not isinstance(value, dict):
        refuse(f"{where}: an object is needed")
    if strange := sorted(set(value) - set(known)):
        refuse(f"{where}.{strange[0]}: Extra inputs are not permitted")


def needed(value: Any, names: Iterable[str], where: str) -> None:
    """Refuse an object that lacks fields."""
    for name in names:
        if value.get(name) is None:
            refuse(f"{where}.{name}: Field required")


def arguments(text: Any, where: str) -> None:
    """Refuse arguments that are no JSON object."""
    if not isinstance(text, str):
        refuse(f"{where}: arguments must be a string")
    try:
        value = json.loads(text)
    except ValueError:
        refuse(f"{where}: arguments are no JSON: {text!r}")
    if not isinstance(value, dict):
        refuse(f"{where}: arguments are no JSON object: {text!r}")


def tool(name: Any, schema: Any, known: Tools, where: str, strict: object) -> None:
    """Refuse a tool without a proper name or schema."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        refuse(f"{where}.name: {name!r} does not match the pattern")
    if name in known:
        refuse(f"{where}: Tool names must be unique: {name}")
    if not isinstance(schema, dict) or schema.get("type") != "object":
        refuse(f"{where}: the schema must be of type object")
    if strict is True:
        _strict(schema, where)


def _strict(schema: Any, where: str) -> None:
    """Refuse what `strict` does not allow: open objects, and optional properties."""
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            refuse(f"{where}: 'additionalProperties' is required to be false")
        properties = set(schema.get("properties") or ())
        if properties != set(schema.get("required") or ()):
            refuse(f"{where}: 'required' must include every key in properties")
    if "default" in schema:
        refuse(f"{where}: 'default' is not permitted")
    for value in schema.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                _strict(one, where)


def texts(value: Any) -> Iterator[str]:
    """Yield all strings in a value, in their order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
