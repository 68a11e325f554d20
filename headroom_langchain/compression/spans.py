"""Cut a text into lines, and over-long lines into pieces.

A span is a slice of the text, so that whatever is shown is shown as it is there,
CRLF and all. There may be tens of thousands of them, so they are kept as numbers,
and what they show is cut from the text when it is asked for.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from headroom_langchain.structure.slices import Slices

_LONG = 700
_PIECE = 260
_LEAST = 140
_MOST = 16_000
_SENTENCE_END = re.compile(
    r"[.!?;。\uff01\uff1f\uff1b](?=[\s\"'<]|[^\x00-\x7f])|[>}\]]"
)


class Span(NamedTuple):
    """The characters `start` to before `stop`."""

    start: int
    stop: int
    line: int
    """The first line it has characters of."""
    last: int
    """The last one: another only where very many lines are taken together."""


class Spans(Sequence[Span]):
    """The spans of a text, in their order."""

    def __init__(self) -> None:
        """Begin with none."""
        self.starts, self.stops = array("l"), array("l")
        self._lines, self._lasts = array("l"), array("l")

    def add(self, start: int, stop: int, line: int, last: int) -> None:
        """Add a span at the end."""
        self.starts.append(start)
        self.stops.append(stop)
        self._lines.append(line)
        self._lasts.append(last)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.starts)

    def __iter__(self) -> Iterator[Span]:
        """Give one after the other."""
        return map(Span, self.starts, self.stops, self._lines, self._lasts)

    @overload
    def __getitem__(self, at: int) -> Span: ...
    @overload
    def __getitem__(self, at: slice) -> list[Span]: ...
    def __getitem__(self, at: int | slice) -> Span | list[Span]:
        """Return one of them, or some."""
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return Span(self.starts[at], self.stops[at], self._lines[at], self._lasts[at])


class Pieces(Slices):
    """What the spans of a text show."""

    def __init__(self, text: str, spans: Spans) -> None:
        """Hold a text and its spans."""
        super().__init__(text, spans.starts, spans.stops)


def cut_spans(text: str) -> Spans:
    """Cut a text into spans, in order; together they are all but the line breaks.

    A text of very many lines is cut into runs of lines instead.
    """
    spans = Spans()
    together = 1 + (text.count("\n") + 1) // _MOST
    number = 0
    start = 0
    while start <= len(text):
        stop = start - 1
        last = number - 1
        while stop < len(text) and last - number + 1 < together:
            stop = text.find("\n", stop + 1)
            stop = len(text) if stop < 0 else stop
            last += 1
        if stop - start <= _LONG or last > number:
            spans.add(start, stop, number, last)
        else:
            _cut_long(text, start, stop, number, spans)
        number = last + 1
        start = stop + 1
    return spans


def _cut_long(text: str, start: int, stop: int, number: int, spans: Spans) -> None:
    while stop - start > _PIECE + _LEAST:
        cut = _cut(text, start + _LEAST, start + _PIECE)
        spans.add(start, cut, number, number)
        start = cut
    spans.add(start, stop, number, number)


def _cut(text: str, low: int, high: int) -> int:
    hit = _SENTENCE_END.search(text, low, high)
    if hit is not None:
        return hit.end()
    space = text.rfind(" ", low, high)
    return space + 1 if space >= 0 else high
