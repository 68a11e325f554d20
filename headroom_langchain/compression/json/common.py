"""What most objects of a document have in common, told once instead of in each.

The nodes of a plan or a tree repeat the same zeros and flags on every line, and
what differs is lost among them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.alarms import alarm_at
from headroom_langchain.compression.json.blocks import Line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headroom_langchain.compression.json.hoist import Piece

_FEWEST: Final = 5
_USUAL: Final = 0.6
_WORTH: Final = 80
_LONGEST: Final = 120


def common_cells(pieces: Sequence[Piece]) -> dict[str, str]:
    """Return the cells that most of the objects with their field have.

    Args:
        pieces: The pieces of a document.
    """
    lines = [piece for piece in pieces if isinstance(piece, Line)]
    present = Counter(path for line in lines for path in line.cells)
    counts = {path: Counter[str]() for path in present if present[path] >= _FEWEST}
    for line in lines:
        for path, cell in line.cells.items():
            if path in counts:
                counts[path][cell] += 1
    common: dict[str, str] = {}
    for path, cells in counts.items():
        cell, times = cells.most_common(1)[0]
        often = times >= max(_FEWEST, _USUAL * cells.total())
        size = len(path) + len(cell) + 3
        if often and size <= _LONGEST and times * size > _WORTH + size:
            common[path] = cell
    return {path: cell for path, cell in common.items() if alarm_at(cell, path) < 0}


def without(piece: Piece, common: Mapping[str, str]) -> Piece:
    """Leave out of an object what it has in common with most, if it has more."""
    if not isinstance(piece, Line) or common.keys().isdisjoint(piece.cells):
        return piece
    cells = {
        path: cell for path, cell in piece.cells.items() if common.get(path) != cell
    }
    return replace(piece, cells=cells) if cells else piece


def tell_common(common: Mapping[str, str]) -> str:
    """Write the line that tells the common cells."""
    told = ", ".join(f"{path}={cell}" for path, cell in common.items())
    return f"objects with these fields have, unless stated: {told}"
