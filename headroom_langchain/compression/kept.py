"""What a rule wants shown, whatever the budget says.

It is added to an excerpt in the words of the text: whole lines, of JSON the
object around what was found, of a very long line the place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from headroom_langchain.structure.json_spans import Spans, scan_json

_LONG: Final = 400
"""Characters of a line from which only the place is shown."""
_AROUND: Final = 120
"""Characters before and after the place."""
_LARGEST: Final = 1000
"""Characters of an object from which only the line or the place is shown."""

Place = tuple[int, int]
"""Where a piece of a text starts and ends."""


def kept(
    text: str, *, shown: str, patterns: tuple[str, ...], json: bool
) -> tuple[str, ...]:
    """Return what the patterns are found in and an excerpt does not show.

    Args:
        text: The whole text.
        shown: Its excerpt.
        patterns: Regular expressions; `^` and `$` match at lines.
        json: Whether the text was read as JSON.

    Returns:
        The pieces that the excerpt does not show, in their order, each once.
    """
    around = _object_around(scan_json(text) if json else None)
    visible = {"", *(line.strip() for line in shown.splitlines())}
    pieces: dict[str, None] = {}
    size = 0
    for start, end in _places(text, patterns, around):
        piece = _piece(text, start, end)
        if piece.strip() in visible or piece in pieces:
            continue
        pieces[piece] = None
        size += len(piece)
        if size > len(text):  # overlapping pieces: the text itself is shorter
            break
    return tuple(pieces)


def _places(
    text: str, patterns: tuple[str, ...], around: Callable[[int, int], Place | None]
) -> list[Place]:
    """Return the pieces that have something a pattern matches, in their order."""
    found: set[Place] = set()
    for pattern in patterns:
        for form in _forms(text):
            last = (-1, -1)
            for match in _compiled(pattern).finditer(form):
                start, end = match.span()
                if not last[0] <= start <= end <= last[1]:
                    after = min(start, last[1])
                    last = around(start, end) or _line_around(text, start, end, after)
                    found.add(last)
    return sorted(found)


def _forms(text: str) -> tuple[str, ...]:
    """Return the text, and where `$` must not stand behind a carriage return."""
    return (text, text.replace("\r\n", "\n\n")) if "\r\n" in text else (text,)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


def _line_around(text: str, start: int, end: int, after: int) -> Place:
    # Further than a long line nobody looks: each look would cost the whole line.
    left, right = max(0, start - _LONG), min(len(text), end + _LONG)
    first = text.rfind("\n", left, start) + 1 or left
    closed = start < end and text[end - 1] == "\n"
    last = text.find("\n", end - 1 if closed else end, right)
    last = right if last < 0 else last
    if last - first <= _LONG:
        return first, last
    return max(first, start - _AROUND, after), min(last, end + _AROUND)


def _object_around(spans: Spans | None) -> Callable[[int, int], Place | None]:
    """Return what finds the smallest object around a place, if it is not large."""

    def find(start: int, end: int) -> Place | None:
        if spans is None:
            return None
        at = bisect_right(spans.starts, start) - 1
        while at >= 0:
            span = spans[at]
            if span.shape == "{" and span.value <= start and end <= span.end:
                small = span.end - span.value <= _LARGEST
                return (span.value, span.end) if small else None
            at = span.parent
        return None

    return find


def _piece(text: str, start: int, end: int) -> str:
    """Cut a piece out; an ellipsis says where its line goes on."""
    left, right = max(0, start - _LONG), end + _LONG
    before = text[text.rfind("\n", left, start) + 1 or left : start].strip()
    stop = text.find("\n", end, right)
    after = text[end : right if stop < 0 else stop].strip(" \t\r,")
    piece = text[start:end].strip("\r\n")
    return f"{'…' if before else ''}{piece}{'…' if after else ''}"
