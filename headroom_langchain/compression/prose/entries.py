"""What a document lists: terms with their meanings, rows of tables, items.

A list of terms is an index. That a name is there says more than what one of the
names means, so all names are shown where that is possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from headroom_langchain.compression.choice import evenly, evenly_in_runs
from headroom_langchain.compression.prose.cuts import ARGUMENT
from headroom_langchain.compression.prose.pieces import Document
from headroom_langchain.structure.markup import Part

_MARK: Final = 2
_RUN: Final = 8
_PROBED: Final = 200


def names(document: Document, costs: Sequence[int], limit: float) -> Iterator[int]:
    """Give the terms that are defined, and the first cells of rows.

    Args:
        document: The document.
        costs: The tokens of each piece.
        limit: How many tokens there are. Where that is too little, the arguments of
            options are left out, and then some of the names.
    """
    entries = list(_entries(document))
    bare = [parts[0] for parts in entries]
    whole = [at for parts in entries for at in parts[: _name_pieces(document, parts)]]
    for found in (whole, bare):
        if sum(costs[at] for at in found) + _MARK * len(bare) <= limit:
            yield from found
            return
    yield from evenly_in_runs(bare, _RUN)


def meanings(document: Document) -> Iterator[int]:
    """Give the first clause of what each term means, and the ends of each row."""
    found = list(_entries(document))
    for number in evenly(range(len(found))):
        parts = found[number][_name_pieces(document, found[number]) - 1 :]
        if len(parts) <= 1:
            continue
        if document.part_of(parts[0]) is Part.ROWS:
            yield parts[-1]
        yield parts[1]


def items(document: Document) -> Iterator[int]:
    """Give the first clause of each item of a list."""
    yield from evenly([pieces[0] for _, pieces in document.each_block(Part.ITEM)])


def _name_pieces(document: Document, parts: Sequence[int]) -> int:
    """Return how many pieces name a term: two where it takes an argument."""
    if len(parts) == 1 or document.part_of(parts[0]) is not Part.TERM:
        return 1
    name, rest = document.texts[parts[0]], document.texts[parts[1]]
    return 1 + (ARGUMENT.match(name[-1] + rest, 1) is not None)


def _entries(document: Document) -> Iterator[Sequence[int]]:
    """Give the pieces of each term, and of each row of a table that has words."""
    for block, pieces in document.each_block(Part.TERM, Part.ROWS):
        if block.part is Part.TERM:
            yield pieces
            continue
        for _, row in groupby(pieces, document.line_of):
            parts = list(row)
            if any(char.isalnum() for char in document.texts[parts[0]][:_PROBED]):
                yield parts
