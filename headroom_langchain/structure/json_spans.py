"""Where the values of a JSON text stand.

The text is read by position, not into Python objects: a span says where a value
starts and ends, what it is called and what it is part of. JSON Lines, text before
the JSON and a JSON text that was cut off are read as far as they go.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, overload

from .lines import Cuts

_DEEPEST: Final = 300
_LARGE: Final = 300
_SMALL_RECORD: Final = 40
_CANDIDATES: Final = 3
_LONGEST_KEY: Final = 200

_STRING = r'"(?:[^"\\]++|\\.)*+"?+'
_TOKEN = re.compile(
    rf"(?:({_STRING})\s*+(:)\s*+)?+(?:({_STRING})(?!\s*+:)|([^\s\[\]{{}},:\"]++)|([\[{{]))"
    rf"|([\]}}])|({_STRING})\s*+:",
    re.DOTALL,
)
_KEY, _COLON, _BARE, _OPENING, _CLOSING, _ALONE = 1, 2, 4, 5, 6, 7
_OPENS_LINE = re.compile(r"^[ \t\ufeff]*([\[{])", re.MULTILINE)
_LITERAL = re.compile(
    r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|NaN|-?Infinity"
)

_NAME = re.compile(r"[^\W\d]\w*")
_quote = json.JSONEncoder(ensure_ascii=False).encode

Shape = Literal["", "{", "["]

_SHAPES: Final[dict[str, Shape]] = {"{": "{", "[": "["}
_PAIRS: Final[dict[Shape, str]] = {"{": "}", "[": "]"}


@dataclass(frozen=True, slots=True)
class Span:
    """One value of a JSON text."""

    start: int
    """Where it starts, its key included."""
    value: int
    """Where the value itself starts."""
    end: int
    """Where it ends."""
    parent: int
    """The index of the array or object that holds it, or -1."""
    key: str | int
    """Its key in an object, or its position in an array."""
    shape: Shape = ""
    """`{` for an object, `[` for an array, empty for anything else."""
    size: int = 0
    """How many values it holds directly."""


class Spans(Sequence[Span]):
    """The values of a JSON text, in the order in which they start.

    They are kept as columns, since an object for each value of a large text would
    make the garbage collector go over everything there is.
    """

    __slots__ = ("ends", "keys", "parents", "shapes", "sizes", "starts", "values")

    def __init__(self) -> None:
        """Start without any; each column has an entry for each value."""
        self.starts = array("q")
        self.values = array("q")
        self.ends = array("q")
        self.parents = array("q")
        self.keys: list[str | int] = []
        self.shapes: list[Shape] = []
        self.sizes = array("q")

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.keys)

    @overload
    def __getitem__(self, at: int) -> Span: ...
    @overload
    def __getitem__(self, at: slice) -> list[Span]: ...
    def __getitem__(self, at: int | slice) -> Span | list[Span]:
        """Return one of them, or some."""
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return Span(
            self.starts[at],
            self.values[at],
            self.ends[at],
            self.parents[at],
            self.keys[at],
            self.shapes[at],
            self.sizes[at],
        )

    def __iter__(self) -> Iterator[Span]:
        """Give one after the other."""
        return map(
            Span,
            self.starts,
            self.values,
            self.ends,
            self.parents,
            self.keys,
            self.shapes,
            self.sizes,
        )


def scan_json(text: str) -> Spans | None:
    """Read where the values of a JSON text stand.

    Args:
        text: Any text.

    Returns:
        The spans in the order in which they start, or `None` when less than half
        of the text is JSON, or when it nests deeper than 300 levels.
    """
    for start in _candidates(text):
        scan = _Scan(text, start)
        scan.run()
        if scan.spans and 2 * (scan.end - start) >= len(text.rstrip()):
            return scan.spans
    return None


def json_path(spans: Spans, at: int) -> str:
    """Return the path of a value, such as `$.items[17].name`."""
    steps: list[str] = []
    while at >= 0:
        parent, key = spans.parents[at], spans.keys[at]
        if parent >= 0 or key != 0:
            steps.append(step(key))
        at = parent
    return "$" + "".join(reversed(steps))


def step(key: str | int) -> str:
    """Return one step of a path: `.name`, `[17]` or `["odd name"]`."""
    if isinstance(key, int):
        return f"[{key}]"
    if _NAME.fullmatch(key):
        return f".{key}"
    return f"[{_quote(key)}]"


def json_cuts(spans: Spans) -> Cuts:
    """Return where long lines of a JSON text may be cut."""
    starts, ends = spans.starts, spans.ends
    borders = array("q")
    joints = array("q")
    after_record: set[int] = set()
    for start, end, parent, shape in zip(
        starts, ends, spans.parents, spans.shapes, strict=True
    ):
        if parent >= 0 and ends[parent] - starts[parent] <= _LARGE:
            continue
        is_record = bool(shape) and end - start >= _SMALL_RECORD
        if is_record or parent in after_record:
            borders.append(start)
        else:
            joints.append(start)
        if is_record:
            after_record.add(parent)
        else:
            after_record.discard(parent)
    return Cuts(borders=borders, joints=joints)


def _candidates(text: str) -> Iterator[int]:
    """Yield where a JSON text may start: lines that open an array or object."""
    for match in islice(_OPENS_LINE.finditer(text), _CANDIDATES):
        yield match.start(1)


class _Scan:
    """Goes over the tokens of a text from a place where JSON may start."""

    def __init__(self, text: str, start: int) -> None:
        self.spans = Spans()
        self.end = start
        self._text = text
        self._start = start
        self._open: list[int] = []
        self._roots = 0
        self._key: tuple[int, str] | None = None
        self._names: dict[str, str] = {}

    def run(self) -> None:
        """Read as far as the text is JSON; what is still open ends there."""
        for match in _TOKEN.finditer(self._text, self._start):
            token = match.lastindex or 0
            if token == _CLOSING:
                if not self._close(match[token], match.end()):
                    break
            elif token == _ALONE:
                if not self._name(match.start(), match[token]):
                    break
            else:
                key = match[_KEY]
                if key is not None:
                    if not self._name(match.start(), key):
                        break
                    self.end = match.end(_COLON)
                if not self._value(match[token], match.end(), token):
                    break
            self.end = match.end()
        for at in self._open:
            self.spans.ends[at] = self.end

    def _name(self, start: int, token: str) -> bool:
        if not self._open or self.spans.shapes[self._open[-1]] != "{":
            return False
        name = self._names.get(token)
        if name is None:
            name = self._names[token] = _unquote(token)
        self._key = (start, name)
        return True

    def _value(self, value: str, end: int, token: int) -> bool:
        around, spans = self._open, self.spans
        if token == _OPENING:
            if len(around) == _DEEPEST:
                self.spans = Spans()
                around.clear()
                return False
        elif not around or (token == _BARE and not _LITERAL.fullmatch(value)):
            return False
        start = end - len(value)
        if around:
            parent = around[-1]
            place = spans.sizes[parent]
            spans.sizes[parent] = place + 1
        else:
            parent, place = -1, self._roots
            self._roots += 1
        first, key = self._key or (start, place)
        self._key = None
        if token == _OPENING:
            around.append(len(spans.keys))
        spans.starts.append(first)
        spans.values.append(start)
        spans.ends.append(end)
        spans.parents.append(parent)
        spans.keys.append(key)
        spans.shapes.append(_SHAPES[value] if token == _OPENING else "")
        spans.sizes.append(0)
        return True

    def _close(self, bracket: str, end: int) -> bool:
        if not self._open or _PAIRS[self.spans.shapes[self._open[-1]]] != bracket:
            return False
        self.spans.ends[self._open.pop()] = end
        return True


def _unquote(token: str) -> str:
    inner = token[1:-1]
    if "\\" not in inner:
        return inner[:_LONGEST_KEY]
    try:
        key = json.loads(token)
    except ValueError:
        return inner[:_LONGEST_KEY]
    return str(key)[:_LONGEST_KEY]
