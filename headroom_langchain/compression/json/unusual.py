"""Objects of a document whose values are unlike those of the others.

The one answer with another description among many, the node with the most rows.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.blocks import Line
from headroom_langchain.compression.json.cells import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headroom_langchain.compression.json.hoist import Piece

_FEWEST: Final = 8
_FEWEST_NUMBERS: Final = 3
_CATEGORIES: Final = 0.4
_RARE: Final = 0.1
_MOST: Final = 60


def unusual_objects(pieces: Sequence[Piece]) -> frozenset[int]:
    """Return the places of objects with a rare category or the largest number.

    Args:
        pieces: The pieces of a document.
    """
    lines = [(at, piece) for at, piece in enumerate(pieces) if isinstance(piece, Line)]
    present = Counter(path for _, line in lines for path in line.cells)
    often = [path for path, times in present.items() if times >= _FEWEST_NUMBERS]
    cells: dict[str, list[str]] = {path: [] for path in often}
    homes: dict[str, list[int]] = {path: [] for path in often}
    for at, line in lines:
        for path, cell in line.cells.items():
            if path in cells:
                cells[path].append(cell)
                homes[path].append(at)
    found: dict[int, None] = {}
    for path, values in cells.items():
        found |= dict.fromkeys(homes[path][at] for at in _unlike(values))
    return frozenset(list(found)[:_MOST])


def _unlike(values: list[str]) -> list[int]:
    counts = Counter(values)
    if len(counts) == 1:
        return []
    if all(map(is_number, counts)):
        largest = max(counts, key=float)
        return [values.index(largest)] if counts[largest] == 1 else []
    if len(values) < _FEWEST or len(counts) > _CATEGORIES * len(values):
        return []
    often = max(1, int(_RARE * len(values)))
    return [values.index(cell) for cell, times in counts.items() if times <= often]
