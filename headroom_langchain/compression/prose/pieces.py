"""A document as pieces: sentences of its prose, lines of its code and tables.

A piece is a slice of the document. Sentences may run over line breaks, so that a
rule is shown whole and its paragraph need not be.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

from headroom_langchain.structure.markup import Block, Part, read_blocks

_BY_LINE: Final = frozenset((Part.CODE, Part.ROWS))
_SENTENCE_END = re.compile(
    r"[.!?\u061f\u0964][\"')\]*_`\u201d\u00bb]*(?:[ \t]*\r?\n|[ \t]+)(?=[ \t]*[^\sa-z])"
    r"|[。\uff01\uff1f\uff1b][」』\uff09\u201d*_`]*[ \t\r]*\n?"
)
_WHOLE: Final = 90
_SHORTEST: Final = 24
_LONGEST: Final = 420
_PIECE: Final = 260
_LEAST: Final = 140
_WIDE: Final = 2
"""A character that is not ASCII says as much as two that are."""


class Piece(NamedTuple):
    """The characters `start` to before `stop` of a document."""

    start: int
    stop: int
    line: int
    """The line it begins in."""
    last: int
    """The line it ends in."""
    block: int
    """The block it belongs to."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text, its blocks and its pieces."""

    text: str
    lines: Sequence[str]
    blocks: Sequence[Block]
    pieces: Sequence[Piece]

    @classmethod
    def of(cls, text: str) -> Document:
        """Take a text apart."""
        lines = text.split("\n")
        blocks = read_blocks(lines)
        starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        pieces = list(_pieces(text, blocks, starts))
        return cls(text, lines, blocks, pieces)

    def slice(self, piece: Piece) -> str:
        """Return what a piece says."""
        return self.text[piece.start : piece.stop]


def _pieces(
    text: str, blocks: Sequence[Block], starts: Sequence[int]
) -> Iterator[Piece]:
    for number, block in enumerate(blocks):
        if block.part in _BY_LINE:
            for line in range(block.first, block.stop):
                start, stop = starts[line], starts[line + 1] - 1
                for begin, end in _cut(text, start, stop):
                    yield Piece(begin, end, line, line, number)
            continue
        start, stop = starts[block.first], starts[block.stop] - 1
        if stop - start <= _WHOLE or block.part is Part.HEADING:
            cuts = iter(((start, stop),))
        else:
            cuts = _sentences(text, start, stop)
        for begin, end in cuts:
            first = bisect_right(starts, begin, block.first, block.stop) - 1
            last = bisect_right(starts, end, first, block.stop) - 1
            yield Piece(begin, end, first, last, number)


def _sentences(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Cut prose after its sentences; short ones stay with the next."""
    begin = start
    for hit in _SENTENCE_END.finditer(text, start, stop):
        end = hit.end()
        size = end - begin
        if size < _SHORTEST and (size * _WIDE < _SHORTEST or text[begin].isascii()):
            continue
        yield from _cut(text, begin, end)
        begin = end
    if begin < stop:
        yield from _cut(text, begin, stop)


def _cut(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Cut what is very long without any end of a sentence."""
    while stop - start > _LONGEST:
        space = text.rfind(" ", start + _LEAST, start + _PIECE)
        end = space + 1 if space >= 0 else start + _PIECE
        yield start, end
        start = end
    yield start, stop
