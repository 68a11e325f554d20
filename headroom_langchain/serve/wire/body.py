"""The JSON body of a request: read as it came, and changed only where it must be.

Every byte that no change names stays as it is, so that what a provider has cached of
it stays valid. Changes name their place by a path; they are gathered and made at once.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any, Final, NoReturn, Self, TypeAlias

from headroom_langchain.serve.wire.frames import dumped

Json: TypeAlias = dict[str, Any]
"""A JSON object of a protocol that has more fields than this package knows."""

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands: the keys and indexes that lead to it."""

_Edit: TypeAlias = tuple[int, int, bytes]
"""Where what is replaced begins and ends, and what stands there instead."""

MOST_LEVELS: Final = 200
"""How deep objects and arrays may stand in each other. Whatever reads or writes what
is no deeper keeps clear of the limit on recursion."""

_BLANK: Final = re.compile(r"[ \t\n\r]*+")
_COMMA: Final = re.compile(r"[ \t\n\r]*+,?[ \t\n\r]*+")
_KEY: Final = re.compile(r'("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\n\r]*+:[ \t\n\r]*+')
_scan: Final = json.JSONDecoder().raw_decode


class Body:
    """A JSON object, and the changes to be made in it.

    Paths are those of the object as it came, whatever else is changed. What is put
    in the place of a value takes with it all changes within that value. Where a key
    stands twice in an object, the last one counts, as for `json.loads`.
    """

    def __init__(self, raw: bytes, value: Json) -> None:
        """Take over what `of` has read."""
        self.raw = raw
        self.value = value
        """The object as it came; it is not to be changed."""
        self._changes = _Place()

    @classmethod
    def of(cls, raw: bytes) -> Self | None:
        """Read a body.

        Returns:
            The body; `None` for what is no JSON object in UTF-8, or has numbers that
            cannot be written again, or more than `MOST_LEVELS` levels.
        """
        try:
            value = _decode(raw.decode())
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict) or not _flat(raw, value):
            return None
        return cls(raw, value)

    @property
    def changed(self) -> bool:
        """Whether anything is to be changed."""
        return bool(self._changes.inside)

    def replace(self, path: Path, *values: Any) -> None:
        """Put other values in the place of one.

        Args:
            path: Of a value that is there, or of a member that an object lacks.
            values: What stands there instead; in an object exactly one.

        Raises:
            LookupError: There is no such place.
            ValueError: An object would get no value, or several.
        """
        container = self._container(path)
        if isinstance(container, dict) and len(values) != 1:
            msg = f"{len(values)} values for {path!r}: a member of an object has one"
            raise ValueError(msg)
        if isinstance(container, list) and path[-1] == len(container):
            raise _nothing_at(path)
        self._changes.at(path).instead = values

    def insert(self, path: Path, *values: Any) -> None:
        """Put values into an array that is there.

        Args:
            path: Of the place, which ends with an index: the value there and those
                behind it move. An index of `len(array)` puts them at its end.
            values: What is put there, behind what was put there before.

        Raises:
            LookupError: There is no such place.
        """
        if isinstance(self._container(path), dict):
            raise _nothing_at(path)
        if values:
            self._changes.at(path).before += values

    def add(self, key: str, value: Any) -> None:
        """Set a member of the body, whether or not it is there."""
        self.replace((key,), value)

    def bytes(self) -> bytes:
        """Return the body with its changes."""
        if not self.changed:
            return self.raw
        parts, done = list[bytes](), 0
        for start, end, instead in _Walk(self.raw).edits(self._changes):
            parts += self.raw[done:start], instead
            done = end
        return b"".join((*parts, self.raw[done:]))

    def _container(self, path: Path) -> Json | list[Any]:
        """Return what the last step of a path leads into."""
        found: Any = self.value
        for depth, step in enumerate(path, start=1):
            if not _fits(found, step):
                break
            if depth == len(path):
                container: Json | list[Any] = found
                return container
            try:
                found = found[step]
            except LookupError:
                break
        raise _nothing_at(path)


class _Place:
    """What is to be done at one place, and at those within it."""

    __slots__ = ("before", "inside", "instead")

    def __init__(self) -> None:
        self.before: list[Any] = []
        self.instead: tuple[Any, ...] | None = None
        self.inside: dict[str | int, _Place] = {}

    def at(self, path: Path) -> _Place:
        """Return the place at the end of a path."""
        place = self
        for step in path:
            place = place.inside.setdefault(step, _Place())
        return place


class _Walk:
    """Goes to the places that change, and over everything else at the speed of C."""

    def __init__(self, raw: bytes) -> None:
        # One character for each byte: places in this text are places in the bytes,
        # and all that structures JSON is ASCII.
        self._text = raw.decode("latin-1")
        self._raw = raw

    def edits(self, changes: _Place) -> list[_Edit]:
        """Return what is to be edited, in the order of the text."""
        return self._value(_over(_BLANK, self._text, 0).end(), changes)[1]

    def _value(self, at: int, place: _Place | None) -> tuple[int, list[_Edit]]:
        """Go over the value that begins here.

        Returns:
            Where it ends, and what is to be edited in it.
        """
        if place is not None and place.instead is None and place.inside:
            if self._text[at] == "{":
                return self._object(at, place)
            if self._text[at] == "[":
                return self._array(at, place)
        _, end = _scan(self._text, at)
        if place is None or place.instead is None:
            return end, []
        return end, [(at, end, _listed([*place.before, *place.instead]))]

    def _object(self, at: int, place: _Place) -> tuple[int, list[_Edit]]:
        text, end = self._text, at + 1
        missing, edits = dict(place.inside), dict[str, list[_Edit]]()
        at = _over(_BLANK, text, end).end()
        while text[at] != "}":
            key, at = self._key(at)
            end, inside = self._value(at, place.inside.get(key))
            # Of a key that stands twice, the first is as if it were not there.
            edits.pop(key, None)
            missing.pop(key, None)
            if inside:
                edits[key] = inside
            at = _over(_COMMA, text, end).end()
        found = [edit for group in edits.values() for edit in group]
        new = [(key, one.instead) for key, one in missing.items() if one.instead]
        if new:
            members = (dumped(key) + b":" + _listed(values) for key, values in new)
            comma = b"" if text[end - 1] == "{" else b","
            found.append((end, end, comma + b",".join(members)))
        return at + 1, found

    def _array(self, at: int, place: _Place) -> tuple[int, list[_Edit]]:
        text, end = self._text, at + 1
        edits = list[_Edit]()
        index, stays, gone = 0, end, -1
        at = _over(_BLANK, text, end).end()
        while text[at] != "]":
            change = place.inside.get(index)
            end, inside = self._value(at, change)
            index += 1
            if change is not None and change.instead == () and not change.before:
                gone = at if gone < 0 else gone
            else:
                if gone >= 0:
                    edits.append((gone, at, b""))
                if change is not None and change.before and change.instead is None:
                    edits.append((at, at, _listed(change.before) + b","))
                edits += inside
                stays, gone = end, -1
            at = _over(_COMMA, text, end).end()
        last = place.inside.get(index)
        values = last.before if last else []
        if gone >= 0:
            # The comma before them goes with the last elements.
            edits.append((gone if values else stays, end, _listed(values)))
        elif values:
            comma = b"," if index else b""
            edits.append((end, end, comma + _listed(values)))
        return at + 1, edits

    def _key(self, at: int) -> tuple[str, int]:
        """Return a key, and where its value begins."""
        match = _over(_KEY, self._text, at)
        key = match[1]
        if "\\" in key or not key.isascii():
            return json.loads(self._raw[at : match.end(1)]), match.end()
        return key[1:-1], match.end()


def _over(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str]:
    match = pattern.match(text, at)
    if match is None:
        msg = f"no JSON at {at}"
        raise ValueError(msg)
    return match


def _listed(values: Iterable[Any]) -> bytes:
    return b",".join(map(dumped, values))


def _fits(container: object, step: str | int) -> bool:
    """Tell whether a container can have such a step, be it there or not."""
    if isinstance(container, dict):
        return isinstance(step, str)
    return isinstance(container, list) and (
        isinstance(step, int) and 0 <= step <= len(container)
    )


def _nothing_at(path: Path) -> LookupError:
    return LookupError(f"the body has no place {path!r}")


def _flat(raw: bytes, value: Json) -> bool:
    """Tell whether a value has no more than `MOST_LEVELS` levels."""
    if raw.count(b"{") + raw.count(b"[") <= MOST_LEVELS:
        return True
    level: list[Any] = [value]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return True
    return False


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(number)
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


_decode: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_no_number).decode
