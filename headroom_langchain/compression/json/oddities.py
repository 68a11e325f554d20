"""Rows whose value is unlike the others of its column, though it is no category.

A string among numbers, a null in a full column, the only path outside `/var`, a
text three times as long as any other, an identifier that two records share, a
date before the one above it.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.cells import is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from headroom_langchain.compression.json.packing import Rows, Values

_FEWEST: Final = 12
_RARE: Final = 0.03
_MOST: Final = 4
_KINDS: Final = 12
_PROOF: Final = 2
_MOST_ABSENT: Final = 3
_LONGER: Final = 3
_LONGER_BY: Final = 60
_NEARLY_ALL: Final = 0.95
_ENDS: Final = 24
_LEAST_TEXT: Final = 12
_MOST_TEXT: Final = 60_000
_SOME: Final = 0.08
_WORD = re.compile(r"[^\W\d_]{5,}")


def odd_cells(column: Values, total: int) -> Iterator[str]:
    """Yield values of a column that differ in type, form or length from the rest.

    Args:
        column: The column.
        total: How many rows the table has.
    """
    if total < _FEWEST or len(column.counts) <= 1:
        return
    yield from _rare_kinds(column, column.counts, _type)
    texts = _texts(column.counts)
    if not texts:
        return
    yield from _rare_kinds(column, texts, _beginning)
    yield from _rare_kinds(column, texts, _ending)
    yield from _long(texts)


def repeated_cells(column: Values, total: int) -> Iterator[str]:
    """Yield values that few records share in a column that tells records apart."""
    if total < _FEWEST or column.present < total or len(column.counts) == total:
        return
    if len(column.counts) < _NEARLY_ALL * total or column.width > _LONGER_BY:
        return
    if is_number(next(iter(column.counts))) and not column.path.lower().endswith("id"):
        return
    repeated = [cell for cell, times in column.counts.items() if times > 1]
    yield from repeated[:_MOST]


def cells_with_rare_words(column: Values, total: int) -> Iterator[str]:
    """Yield the few texts of a column that have a word which no other has."""
    size = column.width * column.present
    if total < _FEWEST or column.width < _LEAST_TEXT or size > _MOST_TEXT:
        return
    home: dict[str, str] = {}
    shared: set[str] = set()
    for cell in column.counts:
        for word in dict.fromkeys(_WORD.findall(cell)):
            if home.setdefault(word, cell) is not cell:
                shared.add(word)
    found = dict.fromkeys(cell for word, cell in home.items() if word not in shared)
    if len(found) <= max(_MOST, _SOME * len(column.counts)):
        yield from found


def rows_without(column: Values, rows: Rows) -> Iterator[int]:
    """Yield the few rows that lack a field which all others have."""
    missing = len(rows) - column.present
    if len(rows) < _FEWEST or not 0 < missing <= min(_MOST_ABSENT, _RARE * len(rows)):
        return
    below = (f"{column.path}.", f"{column.path}[")
    for number in sorted(set(range(len(rows))).difference(column.numbers)):
        if not any(other.startswith(below) for other in rows[number]):
            yield number


def disordered(cells: Sequence[str]) -> Iterator[int]:
    """Yield where a column of dates that rises, or falls, does not.

    Args:
        cells: The dates, in the order of the rows.
    """
    steps = [(after > before) - (after < before) for before, after in pairwise(cells)]
    rising = sum(step > 0 for step in steps)
    falling = sum(step < 0 for step in steps)
    against = -1 if rising >= falling else 1
    breaks = [at + 1 for at, step in enumerate(steps) if step == against]
    if 0 < len(breaks) <= max(1, int(_RARE * len(steps))):
        yield from breaks[:_MOST]


def _rare_kinds(
    column: Values, cells: Collection[str], kind_of: Callable[[str], str]
) -> Iterator[str]:
    """Yield one value of each kind that hardly any record has, or two as proof."""
    kinds = list(map(kind_of, cells))
    counts = Counter(kinds)
    if len(counts) <= _KINDS and len(column.counts) < column.present:
        counts.clear()
        for cell, kind in zip(cells, kinds, strict=True):
            counts[kind] += column.counts[cell]
    if not 1 < len(counts) <= _KINDS:
        return
    often = max(1, int(_RARE * column.present))
    if max(counts.values()) < column.present // 2 or min(counts.values()) > often:
        return
    seen: Counter[str] = Counter()
    for cell, kind in zip(cells, kinds, strict=True):
        if counts[kind] <= often and seen[kind] < _PROOF:
            seen[kind] += 1
            yield cell


def _texts(cells: Collection[str]) -> list[str]:
    """Return the texts among cells; nothing when more than a few are none."""
    texts: list[str] = []
    others = 0
    for cell in cells:
        if _type(cell) == "text":
            texts.append(cell)
            continue
        others += 1
        if len(cells) - others < _NEARLY_ALL * len(cells):
            return []
    return texts


def _type(cell: str) -> str:
    if cell.isascii() and cell.isdecimal():
        return "number"
    if cell in {"null", "true", "false", '""', "[]", "{}"}:
        return "null" if cell in {"null", '""'} else cell
    if is_number(cell):
        return "negative" if cell[0] == "-" else "number"
    return cell[0] if cell[:1] in {"[", "{"} else "text"


def _beginning(cell: str) -> str:
    """Return what stands before the first digit or separator."""
    head = cell[:_ENDS].lstrip('"')
    for at, character in enumerate(head):
        if not character.isalpha():
            return head[: at + 1] if not character.isdigit() else head[:at] + "#"
    return "word" if head.isascii() else "other script"


def _ending(cell: str) -> str:
    """Return what stands after the last dot or at sign: a file's kind, a domain."""
    tail = cell[-_ENDS:].rstrip('"')
    at = max(tail.rfind("@"), tail.rfind("."))
    ending = tail[at:] if at >= 0 else ""
    return ending if ending[1:].replace("-", "").isalpha() else ""


def _long(texts: Iterable[str]) -> Iterator[str]:
    ranked = sorted(texts, key=len)
    usual = len(ranked[int(_NEARLY_ALL * (len(ranked) - 1))])
    for cell in ranked[: -_MOST - 1 : -1]:
        if len(cell) > _LONGER * usual and len(cell) > usual + _LONGER_BY:
            yield cell
