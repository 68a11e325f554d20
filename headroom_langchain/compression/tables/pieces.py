"""The rows of a table and the lines between them, cut out when they are asked for."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from heapq import merge
from typing import Final, overload

from headroom_langchain.structure.log_levels import first_alarm
from headroom_langchain.structure.tables import Table

_LONG: Final = 1000
_REST: Final = 200
_AROUND: Final = 60


class Pieces(Sequence[str]):
    """The rows of a table and the lines between them; of long rows, a part."""

    def __init__(self, lines: Sequence[str], table: Table) -> None:
        """Put rows and other lines in their order.

        Args:
            lines: The lines of the text.
            table: The table.
        """
        self._lines = lines
        self._starts, self._stops = table.starts, table.stops
        self.strangers: dict[int, int] = {}
        """The lines that are no rows, by their places."""
        if table.strangers:
            self._merge(table.strangers)

    def _merge(self, strangers: Sequence[int]) -> None:
        rows = zip(self._starts, self._stops, strict=True)
        others = ((line, line) for line in strangers)
        self._starts, self._stops = array("i"), array("i")
        for at, (start, stop) in enumerate(merge(rows, others)):
            if start == stop:
                self.strangers[at] = start
            self._starts.append(start)
            self._stops.append(max(stop, start + 1))

    def places(self, rows: Iterable[int]) -> Iterable[int]:
        """Return where rows are, as they are counted without the other lines."""
        if not self.strangers:
            return rows
        mine = [at for at in range(len(self)) if at not in self.strangers]
        return [mine[row] for row in rows]

    def __len__(self) -> int:
        """Return how many rows and other lines there are."""
        return len(self._starts)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Return a row or another line, or some."""
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return _clip(self.whole(at))

    def whole(self, at: int) -> str:
        """Return a row or another line, however long."""
        start, stop = self._starts[at], self._stops[at]
        if stop - start == 1:
            return self._lines[start]
        return "\n".join(self._lines[start:stop])


def _clip(piece: str) -> str:
    """Shorten an over-long row, but not what is alarming in it."""
    if len(piece) <= _LONG:
        return piece
    alarm = first_alarm(piece)
    if alarm < _LONG - _AROUND:
        return piece[: _LONG - 1] + "…"
    start = alarm - _AROUND
    stop = start + _REST
    end = "…" if stop < len(piece) else ""
    return piece[: _LONG - _REST] + "…" + piece[start:stop] + end
