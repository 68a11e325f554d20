"""What stands around each line: in the lines next to it and in the records it is in.

Which terms of a query a line or a section has is one bit for each, eight bits in a
row of bytes, so that whole texts are looked at at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias, overload

import numpy as np

from headroom_langchain.structure.sections import NOWHERE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headroom_langchain.structure.passages import Document

    Rows: TypeAlias = NDArray[np.uint8]
    """Terms as bits: a row for each eight of them, a column for each place."""

_BITS: Final = 8
_CHAIN: Final = 6
_LARGEST_RECORD: Final = 600
_RECORD: Final = 0.6
_PER_DOUBLING: Final = 0.15
_NEIGHBOUR: Final = 0.35
_NEAR: Final = 2
_WITHOUT_OWN: Final = 0.3


class Masks(Sequence[int]):
    """Which terms of a query each line has, one bit for each term."""

    def __init__(self, rows: Rows) -> None:
        """Hold the terms of lines.

        Args:
            rows: The terms as bits.
        """
        self._rows = rows

    def __len__(self) -> int:
        """Return how many lines there are."""
        return int(self._rows.shape[1])

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> list[int]: ...
    def __getitem__(self, at: int | slice) -> int | list[int]:
        """Return the terms of one of them, or of some."""
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return int.from_bytes(self._rows[:, at].tobytes(), "little")


def as_rows(having: Sequence[NDArray[np.bool_]], count: int) -> Rows:
    """Return which lines have which terms as bits.

    Args:
        having: For each term, whether each line has it.
        count: How many lines there are.
    """
    rows = np.zeros((-(-len(having) // _BITS), count), np.uint8)
    for term, lines in enumerate(having):
        rows[term // _BITS] |= lines.astype(np.uint8) << np.uint8(term % _BITS)
    return rows


class Surroundings:
    """The sections of a text, in the form in which they are searched."""

    def __init__(self, document: Document) -> None:
        """Prepare to look around in a text.

        Args:
            document: The text, as it was read.
        """
        sections = document.outline.sections
        self._owners = np.array(document.owners, np.int64)
        self._parents = np.array([section.parent for section in sections], np.int64)
        sizes = np.array([section.size for section in sections], np.int64)
        weights = _RECORD / (1 + _PER_DOUBLING * np.log2(np.maximum(sizes, 1)))
        self._weights = np.where(sizes <= _LARGEST_RECORD, weights, 0.0)
        self._of_sections = _Groups(self._owners)
        self._of_parents = _Groups(self._parents)
        # The rows of a table have nothing to do with those next to them.
        self._beside = 0.0 if document.form == "table" else _NEIGHBOUR
        self._own_needed = document.form == "json"

    def worth(self, rows: Rows, values: Sequence[float]) -> NDArray[np.float64]:
        """Return what the terms around each line are worth that it does not have.

        Args:
            rows: Which terms each line has.
            values: What each term is worth.
        """
        tables = [_sums(values[at : at + _BITS]) for at in range(0, len(values), _BITS)]
        have = rows.copy()
        worth = np.zeros(rows.shape[1])
        for around, weights in self._layers(rows):
            new = around & ~have
            gains = sum(table[row] for table, row in zip(tables, new, strict=True))
            if self._own_needed:
                gains = np.where(have.any(axis=0), gains, 0.0)
            worth += weights * gains
            have |= new
        return np.where(rows.any(axis=0), worth, _WITHOUT_OWN * worth)

    def _layers(self, rows: Rows) -> Iterator[tuple[Rows, NDArray[np.float64] | float]]:
        """Yield what the records around each line have, inner ones first, and lines."""
        held = self._held(rows)
        around = self._owners
        for _ in range(_CHAIN):
            inside = around != NOWHERE
            if not inside.any():
                break
            weights = np.where(inside, self._weights[around], 0.0)
            yield np.where(weights > 0, held[:, around], 0), weights
            around = np.where(inside, self._parents[around], NOWHERE)
        yield _near(rows), self._beside

    def _held(self, rows: Rows) -> Rows:
        """Return which terms occur in each section, what it holds included."""
        held = level = self._of_sections.union(rows, len(self._parents))
        for _ in range(_CHAIN - 1):
            level = self._of_parents.union(level, len(self._parents))
            if not level.any():
                break
            held |= level
        return held


class _Groups:
    """Places by the section that they belong to."""

    def __init__(self, sections: NDArray[np.int64]) -> None:
        order = np.argsort(sections, kind="stable")
        inside = sections[order]
        skipped = int(np.searchsorted(inside, 0))
        self._order = order[skipped:]
        self._sections, self._starts = np.unique(inside[skipped:], return_index=True)

    def union(self, rows: Rows, count: int) -> Rows:
        """Return the terms of each of so many sections: those of its places."""
        found = np.zeros((len(rows), count), np.uint8)
        if len(self._sections):
            found[:, self._sections] = np.bitwise_or.reduceat(
                rows[:, self._order], self._starts, axis=1
            )
        return found


def _near(rows: Rows) -> Rows:
    near = rows.copy()
    for distance in range(1, _NEAR + 1):
        near[:, distance:] |= rows[:, :-distance]
        near[:, :-distance] |= rows[:, distance:]
    return near


def _sums(values: Sequence[float]) -> NDArray[np.float64]:
    """Return the sum of the values for every set of them, by its bits."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate((sums, sums + value))
    return sums
