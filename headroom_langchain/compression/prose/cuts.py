"""Where the blocks of a document are cut into pieces.

A term is cut from what it means, a row of a table after its first cell and before
its last, an item after its first clause, so that much can be shown in part. Prose is
cut after sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from headroom_langchain.structure.markup import Block, Part

Cuts = Iterator[tuple[int, int]]

_SENTENCE_END = re.compile(
    r"[.!?\u061f\u0964][\"')\]*_`\u201d\u00bb]*(?:[ \t]*\r?\n|[ \t]+)(?=[ \t]*[^\sa-z])"
    r"|[。\uff01\uff1f\uff1b][」』\uff09\u201d*_`]*[ \t\r]*\n?"
)
ARGUMENT = re.compile(
    r"(?<=\w)(?:[ =]?\{[^{}]{1,80}\}\s{0,80}$"
    r"|(?:[ =]?[<\[]|=(?=\w)| (?=[A-Z]{2}))[^,|]{0,80}$)"
)
"""What an option takes, behind its last name."""
_PARAGRAPH_END = re.compile(r"\n[ \t\r]*\n")
_LINK = re.compile(r" (?=\(\[|\(#|\[#|\(https?:|https?:|by @)")
_CLAUSE_END = re.compile(
    r"[,;:][ \t\r\n]+|[ \t](?=[(\[]|[-\u2013\u2014][ \t])|[、\uff0c\uff1b\uff1a]"
)
_WHOLE: Final = 90
_CLAUSE: Final = 80
_WIDE_CLAUSE: Final = 45
_SHORTEST_CLAUSE: Final = 24
_SHORTEST: Final = 24
_LONGEST: Final = 420
_PIECE: Final = 260
_LEAST: Final = 140
_TELLING_NAME: Final = 5
"""A shorter name, such as `-P` or `2`, says nothing without its meaning."""
_SHORT_ROW: Final = 48
_SHORT_CELL: Final = 24
_WIDE: Final = 2
"""A character that is not ASCII says as much as two that are."""


def cut_block(text: str, block: Block, starts: Sequence[int]) -> Cuts:
    """Cut one block.

    Args:
        text: The document.
        block: The block.
        starts: Where each of its lines begins.
    """
    start, stop = starts[block.first], starts[block.stop] - 1
    if block.part is Part.TERM:
        yield from _term(text, block, starts)
    elif block.part in (Part.CODE, Part.ROWS):
        cut = _row if block.part is Part.ROWS else _cut
        for line in range(block.first, block.stop):
            yield from cut(text, starts[line], starts[line + 1] - 1)
    elif block.part is Part.HEADING or _size(text, start, stop) <= _WHOLE:
        yield start, stop
    elif block.part is Part.ITEM:
        yield from _from_clause(text, start, stop)
    else:
        yield from _sentences(text, start, stop)


def _size(text: str, start: int, stop: int) -> int:
    size = stop - start
    wide = size <= _WHOLE and not text[start:stop].isascii()
    return _WIDE * size if wide else size


def _term(text: str, block: Block, starts: Sequence[int]) -> Cuts:
    """Cut a term from its meaning, and that after its first clause."""
    start, stop = starts[block.first], starts[block.stop] - 1
    head = start + block.level if block.level else starts[block.first + 1]
    if head >= stop:
        yield start, stop
        return
    borders = [hit.end() for hit in _PARAGRAPH_END.finditer(text, head, stop)]
    begin = head
    if len(text[start:head].strip()) < _TELLING_NAME:
        begin = start
    else:
        argument = ARGUMENT.search(text, start, head)
        if argument is not None and text[start:head].lstrip().startswith("-"):
            yield start, argument.start()
            yield argument.start(), head
        else:
            yield start, head
    for number, end in enumerate((*borders, stop)):
        if begin < end:
            cut = _sentences if number else _from_clause
            yield from cut(text, begin, end)
            begin = end


def _row(text: str, start: int, stop: int) -> Cuts:
    """Cut a row of a table after its first two cells, and before its last."""
    cells = _cell_ends(text, start, stop)
    if _size(text, start, stop) <= _SHORT_ROW or len(cells) <= 1:
        yield from _cut(text, start, stop)
        return
    ends = dict.fromkeys((*cells[:2], cells[-2]))
    for end in sorted(ends):
        yield from _cut(text, start, end)
        start = end
    yield from _cut(text, start, stop)


def _cell_ends(text: str, start: int, stop: int) -> list[int]:
    """Return where what the cells of a row say ends."""
    ends: list[int] = []
    while start < stop:
        bar = text.find("|", start + 1, stop)
        while bar > 0 and text[bar - 1] == "\\":
            bar = text.find("|", bar + 1, stop)
        bar = stop if bar < 0 else bar
        cell = text[start:bar].rstrip()
        if cell.strip("| \t"):
            ends.append(start + len(cell))
        start = bar
    return ends


def _from_clause(text: str, start: int, stop: int) -> Cuts:
    """Cut after the first clause, and then after sentences."""
    first, end = next(_sentences(text, start, stop))
    clause = _clause_end(text, first, end)
    yield first, clause
    if clause < stop:
        yield from _sentences(text, clause, stop)


def _clause_end(text: str, start: int, stop: int) -> int:
    """Return where the first clause of a sentence ends, if that is long."""
    longest = _CLAUSE if text[start:stop].isascii() else _WIDE_CLAUSE
    link = _LINK.search(text, start + _SHORTEST_CLAUSE, start + 2 * longest)
    if link is not None and link.end() < stop:
        return link.end()
    if stop - start <= longest + _SHORTEST_CLAUSE:
        return stop
    least, most = start + longest // 2, start + longest + longest // 2
    ends = [hit.end() for hit in _CLAUSE_END.finditer(text, least, min(most, stop))]
    if ends:
        return min(ends, key=lambda end: abs(end - start - longest))
    space = text.rfind(" ", least, min(most, stop))
    return space + 1 if space >= 0 else stop


def _sentences(text: str, start: int, stop: int) -> Cuts:
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


def _cut(text: str, start: int, stop: int) -> Cuts:
    """Cut what is very long without any end of a sentence."""
    while stop - start > _LONGEST:
        space = text.rfind(" ", start + _LEAST, start + _PIECE)
        end = space + 1 if space >= 0 else start + _PIECE
        yield start, end
        start = end
    yield start, stop
