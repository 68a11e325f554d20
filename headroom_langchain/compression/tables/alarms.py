"""Rows that tell of something that went wrong.

Cells are screened first, each distinct one once; rows are judged as a whole.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from headroom_langchain.compression.tables.columns import Column
from headroom_langchain.structure.log_levels import Level, judge, may_alarm

# Numbers that begin with 0 stay, so that `0 errors` differs from `3 errors`.
_NUMBER: Final = re.compile(r"[1-9]\d*")
_STATUS: Final = ("tatus", '" 5')
_TOGETHER: Final = 400
_JUDGED: Final = 2000
_VOCABULARY: Final = 0.3
_FEW: Final = 12
_MOST_KNOWN: Final = 1000


def suspects_in(column: Column) -> Iterator[int]:
    """Give the rows in which a cell of a column may tell of something wrong.

    Args:
        column: A column.
    """
    if len(column.numbers) == len(column.cells):
        return
    wanted: set[str] = set()
    rest = iter(column.counts)
    while some := list(islice(rest, _TOGETHER)):
        if _is_suspect("\n".join(some)):
            wanted.update(filter(_is_suspect, some))
    if wanted:
        yield from (row for row, cell in enumerate(column.cells) if cell in wanted)


def _is_suspect(text: str) -> bool:
    return may_alarm(text) or any(mark in text for mark in _STATUS)


def alarms_of(
    pieces: Sequence[str], suspects: Iterable[int]
) -> tuple[list[int], list[int]]:
    """Return rows that name errors, each kind first, and rows with uneasy words.

    Where nearly a third of all rows names errors, these are what the table is about,
    and only one of each of a dozen kinds is urgent.

    Args:
        pieces: The rows.
        suspects: The rows to judge, in order.
    """
    size = len(pieces)
    # What sorts by how often a kind was seen before, then by place.
    errors, noted = array("q"), array("q")
    seen: dict[str, tuple[Level, int]] = {}
    for at in suspects:
        piece = " ".join(pieces[at].split())
        kind = _NUMBER.sub("#", piece)
        level, again = seen.get(kind) or (judge(piece[:_JUDGED])[0], 0)
        if level != Level.ROUTINE:
            (errors if level == Level.ERROR else noted).append(again * size + at)
            if again or len(seen) < _MOST_KNOWN:
                seen[kind] = level, again + 1
    if len(errors) > _VOCABULARY * size:
        noted = errors + noted
        errors = array("q", sorted(errors)[:_FEW])
    return [at % size for at in sorted(errors)], [at % size for at in sorted(noted)]
