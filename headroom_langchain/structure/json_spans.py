"""Where the values of a JSON text stand.

The text is read by position, not into Python objects: a span says where a value
starts and ends, what it is called and what it is part of. JSON Lines, text before
the JSON and a JSON text that was cut off are read as far as they go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from .lines import Cuts

_DEEPEST: Final = 300
_LARGE: Final = 300
_SMALL_RECORD: Final = 40
_CANDIDATES: Final = 3
_LONGEST_KEY: Final = 200

_TOKEN = re.compile(
    r'("[^"\\]*(?:\\.[^"\\]*)*"?)(\s*:)?|([\[{])|([\]}])|([^\s\[\]{},:"]+)', re.DOTALL
)
_STRING, _COLON, _OPENING, _CLOSING, _BARE = 1, 2, 3, 4, 5
_OPENS_LINE = re.compile(r"^[ \t\ufeff]*([\[{])", re.MULTILINE)
_LITERAL = re.compile(
    r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|NaN|-?Infinity"
)
_PAIRS = {"{": "}", "[": "]"}
_NAME = re.compile(r"[^\W\d]\w*")

Shape = Literal["", "{", "["]


@dataclass(slots=True)
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


def scan_json(text: str) -> list[Span] | None:
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


def json_path(spans: Sequence[Span], at: int) -> str:
    """Return the path of a value, such as `$.items[17].name`."""
    steps: list[str] = []
    while at >= 0:
        span = spans[at]
        if span.parent >= 0 or span.key != 0:
            steps.append(step(span.key))
        at = span.parent
    return "$" + "".join(reversed(steps))


def step(key: str | int) -> str:
    """Return one step of a path: `.name`, `[17]` or `["odd name"]`."""
    if isinstance(key, int):
        return f"[{key}]"
    if _NAME.fullmatch(key):
        return f".{key}"
    return f"[{json.dumps(key, ensure_ascii=False)}]"


def json_cuts(spans: Sequence[Span]) -> Cuts:
    """Return where long lines of a JSON text may be cut."""
    borders: list[int] = []
    joints: list[int] = []
    after_record: set[int] = set()
    for span in spans:
        parent = spans[span.parent] if span.parent >= 0 else None
        if parent is not None and parent.end - parent.start <= _LARGE:
            continue
        is_record = bool(span.shape) and span.end - span.start >= _SMALL_RECORD
        if is_record or span.parent in after_record:
            borders.append(span.start)
        else:
            joints.append(span.start)
        if is_record:
            after_record.add(span.parent)
        else:
            after_record.discard(span.parent)
    return Cuts(borders=borders, joints=joints)


def _candidates(text: str) -> Iterator[int]:
    """Yield where a JSON text may start: lines that open an array or object."""
    for match in islice(_OPENS_LINE.finditer(text), _CANDIDATES):
        yield match.start(1)


class _Scan:
    """Goes over the tokens of a text from a place where JSON may start."""

    def __init__(self, text: str, start: int) -> None:
        self.spans: list[Span] = []
        self.end = start
        self._text = text
        self._start = start
        self._open: list[int] = []
        self._roots = 0
        self._key: tuple[int, str] | None = None

    def run(self) -> None:
        """Read as far as the text is JSON; what is still open ends there."""
        text = self._text
        for match in _TOKEN.finditer(text, self._start):
            token = match.lastindex
            if token == _COLON:
                key = _unquote(match[_STRING])
                if not self._name(match.start(), key):
                    break
            elif token == _OPENING:
                if len(self._open) == _DEEPEST:
                    self.spans.clear()
                    return
                self._add(match.start(), match.end(), "{" if match[0] == "{" else "[")
            elif token == _CLOSING:
                if not self._close(match[0], match.end()):
                    break
            elif not self._open or (
                token == _BARE and not _LITERAL.fullmatch(match[0])
            ):
                break
            else:
                self._add(match.start(), match.end(), "")
            self.end = match.end()
        for at in self._open:
            self.spans[at].end = self.end

    def _name(self, start: int, key: str) -> bool:
        if not self._open or self.spans[self._open[-1]].shape != "{":
            return False
        self._key = (start, key)
        return True

    def _add(self, start: int, end: int, shape: Shape) -> None:
        parent = self._open[-1] if self._open else -1
        first, key = start, self._position(parent)
        if self._key is not None:
            first, key = self._key
            self._key = None
        self.spans.append(Span(first, start, end, parent, key, shape))
        if shape:
            self._open.append(len(self.spans) - 1)

    def _position(self, parent: int) -> int | str:
        if parent < 0:
            self._roots += 1
            return self._roots - 1
        self.spans[parent].size += 1
        return self.spans[parent].size - 1

    def _close(self, bracket: str, end: int) -> bool:
        if not self._open:
            return False
        span = self.spans[self._open[-1]]
        if _PAIRS[span.shape or "{"] != bracket:
            return False
        span.end = end
        self._open.pop()
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
