"""Cut a text into lines, and over-long lines into pieces.

A span is a slice of the text, so that whatever is shown is shown as it is there,
CRLF and all.
"""

from __future__ import annotations

import re
from typing import NamedTuple

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


def cut_spans(text: str) -> list[Span]:
    """Cut a text into spans, in order; together they are all but the line breaks.

    A text of very many lines is cut into runs of lines instead.
    """
    spans: list[Span] = []
    lines = text.split("\n")
    together = 1 + len(lines) // _MOST
    start = 0
    for number in range(0, len(lines), together):
        run = lines[number : number + together]
        stop = start + sum(map(len, run)) + len(run) - 1
        if stop - start <= _LONG or len(run) > 1:
            spans.append(Span(start, stop, number, number + len(run) - 1))
        else:
            spans += _pieces(text, start, stop, number)
        start = stop + 1
    return spans


def _pieces(text: str, start: int, stop: int, number: int) -> list[Span]:
    pieces: list[Span] = []
    while stop - start > _PIECE + _LEAST:
        cut = _cut(text, start + _LEAST, start + _PIECE)
        pieces.append(Span(start, cut, number, number))
        start = cut
    pieces.append(Span(start, stop, number, number))
    return pieces


def _cut(text: str, low: int, high: int) -> int:
    hit = _SENTENCE_END.search(text, low, high)
    if hit is not None:
        return hit.end()
    space = text.rfind(" ", low, high)
    return space + 1 if space >= 0 else high
