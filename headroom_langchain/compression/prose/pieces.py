"""A document as pieces: sentences of its prose, lines of its code and tables.

A piece is a slice of the document. Sentences may run over line breaks, so that a
rule is shown whole and its paragraph need not be.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from headroom_langchain.compression.prose.cuts import cut_block
from headroom_langchain.structure.markup import Block, Part, read_blocks
from headroom_langchain.structure.slices import Slices
from headroom_langchain.structure.text_lines import TextLines

_BY_LINE: Final = (Part.CODE, Part.ROWS)


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


class Document:
    """A text, its lines, its blocks and its pieces.

    Of the pieces there may be tens of thousands, so they are kept as numbers.
    """

    def __init__(self, text: str) -> None:
        """Take a text apart.

        Args:
            text: The text.
        """
        self.text = text
        self.lines = TextLines(text)
        self._line_starts = self.lines.starts
        blocks = read_blocks(self.lines)
        self._parts = [block.part for block in blocks]
        self._first_lines = array("l", (block.first for block in blocks))
        self._stop_lines = array("l", (block.stop for block in blocks))
        self._levels = array("l", (block.level for block in blocks))
        self._block_of = array("l")
        self._starts, self._stops = array("l"), array("l")
        self._firsts = array("l")
        for number, block in enumerate(blocks):
            self._firsts.append(len(self._starts))
            for start, stop in cut_block(text, block, self._line_starts):
                self._starts.append(start)
                self._stops.append(stop)
                self._block_of.append(number)
        self._firsts.append(len(self._starts))
        self.texts: Sequence[str] = Slices(text, self._starts, self._stops)
        """What each piece says."""

    def __len__(self) -> int:
        """Return how many pieces there are."""
        return len(self._starts)

    def piece(self, at: int) -> Piece:
        """Return a piece with the lines it is in."""
        start, stop = self._starts[at], self._stops[at]
        block = self._block_of[at]
        first = self.line_of(at)
        last = bisect_right(
            self._line_starts, max(start, stop - 1), first, self._stop_lines[block]
        )
        return Piece(start, stop, first, max(first, last - 1), block)

    def line_of(self, at: int) -> int:
        """Return the line that a piece begins in."""
        block = self._block_of[at]
        first, stop = self._first_lines[block], self._stop_lines[block]
        return bisect_right(self._line_starts, self._starts[at], first, stop) - 1

    def part_of(self, at: int) -> Part:
        """Return what the block of a piece is."""
        return self._parts[self._block_of[at]]

    def block(self, number: int) -> Block:
        """Return a block."""
        return Block(
            self._parts[number],
            self._first_lines[number],
            self._stop_lines[number],
            self._levels[number],
        )

    def each_block(self, *parts: Part) -> Iterator[tuple[Block, range]]:
        """Give each block with the numbers of its pieces.

        Args:
            parts: What the blocks are; all blocks without any.
        """
        firsts = self._firsts
        for number, part in enumerate(self._parts):
            if not parts or part in parts:
                yield self.block(number), range(firsts[number], firsts[number + 1])

    def pieces_beside(self, at: int) -> range:
        """Return the numbers of the pieces in the block of a piece."""
        number = self._block_of[at]
        return range(self._firsts[number], self._firsts[number + 1])

    def has_words(self, first: int, stop: int) -> bool:
        """Tell whether any line from one to before another is not blank."""
        return any(self.lines[at].strip() for at in range(first, stop))

    def hidden_size(self, shown: bytearray) -> int:
        """Return how many characters the pieces have that are not shown."""
        return sum(
            stop - start
            for start, stop, seen in zip(self._starts, self._stops, shown, strict=True)
            if not seen
        )

    def groups(self) -> array[int]:
        """Number the groups that pieces belong to: blocks, of some their lines."""
        groups = array("l")
        group = -1
        for block, pieces in self.each_block():
            line = -1
            for at in pieces:
                here = self.line_of(at) if block.part in _BY_LINE else block.first
                group += here != line
                line = here
                groups.append(group)
        return groups
