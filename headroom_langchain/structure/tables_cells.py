"""The cells of a column, many of them in one string.

A string for each cell takes ten times as much memory as its characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_BETWEEN: Final = "\x1f"
_KNOWN: Final = 1000


class Cells:
    """The cells of one column, in the order of their rows."""

    __slots__ = ("_parts",)

    def __init__(self, empty: int) -> None:
        """Begin with cells that have nothing in them.

        Args:
            empty: How many.
        """
        self._parts = [_BETWEEN * (empty - 1)] if empty else []

    def add(self, cells: Sequence[str]) -> None:
        """Add the cells of some more rows, at least one."""
        part = _BETWEEN.join(cells)
        if part.count(_BETWEEN) >= len(cells):
            part = _BETWEEN.join([cell.replace(_BETWEEN, " ") for cell in cells])
        self._parts.append(part)

    def read(self) -> list[str]:
        """Return the cells; equal ones are one object where few are different."""
        known: dict[str, str] = {}
        cells: list[str] = []
        for part in self._parts:
            some = part.split(_BETWEEN)
            if len(known) < _KNOWN:
                cells.extend(map(known.setdefault, some, some))
            else:
                cells += some
        return cells
