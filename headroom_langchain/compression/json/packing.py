"""Rows and columns of a table, held as few strings.

A string costs fifty bytes beside its characters, and a dict more than that for
every row. So the cells of a row are one string, and so are those of a column;
they are taken apart where they are looked at. No cell has a line break.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, repeat
from typing import Final, TypeAlias, overload

Row: TypeAlias = dict[str, str]
"""The cells of one record by their paths inside the record."""

_SIZE: Final = 32
_INDEXED: Final = 4_000


@dataclass(slots=True)
class _Alike:
    """Neighbours with the same fields: the cells of each field, one a line."""

    paths: tuple[str, ...]
    columns: list[str]

    def rows(self) -> Iterator[Row]:
        for cells in zip(*(text.split("\n") for text in self.columns), strict=True):
            yield dict(zip(self.paths, cells, strict=True))


@dataclass(slots=True)
class _Unlike:
    """Neighbours with different fields: the fields and the cells of each row."""

    paths: list[tuple[str, ...]]
    cells: list[str]

    def rows(self) -> Iterator[Row]:
        for paths, cells in zip(self.paths, self.cells, strict=True):
            yield dict(zip(paths, cells.split("\n"), strict=True)) if paths else {}


class Rows(Sequence[Row]):
    """Records, some neighbours at a time."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        """Begin with some rows, or with none."""
        self._blocks: list[_Alike | _Unlike] = []
        self._open: list[Row] = []
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._fields: set[str] = set()
        for row in rows:
            self.append(row)

    @classmethod
    def alike(cls, columns: Mapping[str, Sequence[str]]) -> Rows:
        """Make rows that have all fields, given the cells of each field."""
        rows = cls()
        paths = tuple(columns)
        total = len(columns[paths[0]])
        whole = total - total % _SIZE
        for at in range(0, whole, _SIZE):
            cells = (column[at : at + _SIZE] for column in columns.values())
            rows._blocks.append(_Alike(paths, list(map("\n".join, cells))))
        for at in range(whole, total):
            rows.append({path: column[at] for path, column in columns.items()})
        return rows

    def __len__(self) -> int:
        """Return how many rows there are."""
        return _SIZE * len(self._blocks) + len(self._open)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, each a dict of its own."""
        for block in self._blocks:
            yield from block.rows()
        yield from map(dict, self._open)

    @overload
    def __getitem__(self, number: int) -> Row: ...

    @overload
    def __getitem__(self, number: slice) -> list[Row]: ...

    def __getitem__(self, number: int | slice) -> Row | list[Row]:
        """Return a row, a dict of its own."""
        if isinstance(number, slice):
            return [self[at] for at in range(*number.indices(len(self)))]
        block, at = divmod(number, _SIZE)
        if block == len(self._blocks):
            return dict(self._open[at])
        found = self._blocks[block]
        if isinstance(found, _Alike):
            cells = [text.split("\n", at + 1)[at] for text in found.columns]
            return dict(zip(found.paths, cells, strict=True))
        paths = found.paths[at]
        cells = found.cells[at].split("\n") if paths else []
        return dict(zip(paths, cells, strict=True))

    def change(self, numbers: Iterable[int], new: Callable[[int, Row], Row]) -> None:
        """Replace some rows.

        Args:
            numbers: Which ones, in ascending order.
            new: Returns what becomes of a row, given its number and the row.
        """
        for block, some in groupby(numbers, key=lambda number: number // _SIZE):
            is_open = block == len(self._blocks)
            rows = self._open if is_open else list(self._blocks[block].rows())
            for number in some:
                rows[number % _SIZE] = new(number, rows[number % _SIZE])
            if not is_open:
                self._blocks[block] = self._packed(rows)

    def fields(self) -> int:
        """Return how many fields the rows have, but for the last few of them."""
        return len(self._fields)

    def append(self, row: Row) -> None:
        """Add a row at the end."""
        self._open.append(row)
        if len(self._open) == _SIZE:
            self._fields.update(*self._open)
            self._blocks.append(self._packed(self._open))
            self._open = []

    def paths(self) -> Iterator[tuple[str, ...]]:
        """Yield the fields of each row."""
        for block in self._blocks:
            if isinstance(block, _Alike):
                yield from repeat(block.paths, _SIZE)
            else:
                yield from block.paths
        yield from map(tuple, self._open)

    def texts(self) -> Iterator[str]:
        """Yield the cells of each row, one a line."""
        for block in self._blocks:
            if isinstance(block, _Alike):
                columns = [text.split("\n") for text in block.columns]
                yield from map("\n".join, zip(*columns, strict=True))
            else:
                yield from block.cells
        yield from ("\n".join(row.values()) for row in self._open)

    def size(self) -> int:
        """Return about how many characters the rows have as JSON."""
        names = sum(
            times * (sum(map(len, paths)) + 4 * len(paths))
            for paths, times in Counter(self.paths()).items()
        )
        return names + sum(map(len, self.texts()))

    def columns(self) -> list[Column]:
        """Return the columns in the order in which they first occur."""
        parts: dict[str, list[str]] = {}
        numbers: dict[str, array[int]] = {}
        for start, paths, columns in self._pieces():
            places = range(start, start + columns[0].count("\n") + 1) if columns else ()
            for path, cells in zip(paths, columns, strict=True):
                if path not in parts:
                    parts[path] = []
                    numbers[path] = array("I")
                parts[path].append(cells)
                numbers[path].extend(places)
        total = len(self)
        return [
            Column.of(path, "\n".join(parts.pop(path)), found, total)
            for path, found in numbers.items()
        ]

    def _pieces(self) -> Iterator[tuple[int, tuple[str, ...], list[str]]]:
        """Yield neighbours with the same fields: the first one, fields and columns."""
        start = 0
        for block in [*self._blocks, self._packed(self._open)]:
            if isinstance(block, _Alike):
                yield start, block.paths, block.columns
                start += _SIZE
                continue
            for paths, cells in zip(block.paths, block.cells, strict=True):
                yield start, paths, cells.split("\n") if paths else []
                start += 1

    def _packed(self, rows: list[Row]) -> _Alike | _Unlike:
        paths = [self._known.setdefault(key, key) for key in map(tuple, rows)]
        if paths and paths[0] and paths.count(paths[0]) == len(paths):
            columns = zip(*(row.values() for row in rows), strict=True)
            return _Alike(paths[0], ["\n".join(cells) for cells in columns])
        return _Unlike(paths, ["\n".join(row.values()) for row in rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One path of the records, and what is known of its values."""

    path: str
    present: int
    """How many records have it."""
    distinct: int
    """How many different values it has."""
    first: str
    """The value of the first record that has it."""
    usual: tuple[str, int]
    """The most frequent value and how many records have it."""
    width: float
    """The mean length of a value."""
    distinct_size: int
    """The characters of all different values."""
    _cells: str
    _numbers: Sequence[int]

    @classmethod
    def of(cls, path: str, cells: str, numbers: Sequence[int], total: int) -> Column:
        """Sum up the cells of a column.

        Args:
            path: The path.
            cells: The cells, one a line.
            numbers: The row of each.
            total: How many rows there are.
        """
        found = cells.split("\n")
        counts = Counter(found)
        return cls(
            path=path,
            present=len(found),
            distinct=len(counts),
            first=found[0],
            usual=max(counts.items(), key=lambda item: item[1]),
            width=(len(cells) - len(found) + 1) / len(found),
            distinct_size=sum(map(len, counts)),
            _cells=cells,
            _numbers=range(total) if len(numbers) == total else numbers,
        )

    def open(self) -> Values:
        """Take the cells apart."""
        cells = self._cells.split("\n")
        return Values(
            path=self.path,
            cells=cells,
            numbers=self._numbers,
            counts=Counter(cells),
            width=self.width,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The cells of a column."""

    path: str
    cells: list[str]
    """The cells, in the order of the rows that have one."""
    numbers: Sequence[int]
    """The row of each."""
    counts: Counter[str]
    """How often each value occurs."""
    width: float
    """The mean length of a value."""
    _places: dict[str, int] = field(default_factory=dict, init=False)

    @property
    def present(self) -> int:
        """How many records have a value."""
        return len(self.cells)

    def at(self, row: int) -> str | None:
        """Return the cell of a row, if it has one."""
        place = bisect_left(self.numbers, row)
        if place < len(self.numbers) and self.numbers[place] == row:
            return self.cells[place]
        return None

    def first(self, cell: str) -> int:
        """Return the first row with a value that the column has."""
        return self.numbers[self._place(cell)]

    def rows(self, cell: str, most: int | None = None) -> Iterator[int]:
        """Yield the rows with a value that the column has.

        Args:
            cell: The value.
            most: How many of them; all when not given.
        """
        place = self._place(cell)
        times = self.counts[cell]
        left = times if most is None else min(most, times)
        while left:
            yield self.numbers[place]
            left -= 1
            if left:
                place = self.cells.index(cell, place + 1)

    def _place(self, cell: str) -> int:
        """Return the first place of a value, without an index for very many values."""
        if len(self.counts) > _INDEXED:
            return self.cells.index(cell)
        if not self._places:
            places = range(len(self.cells) - 1, -1, -1)
            self._places.update(zip(reversed(self.cells), places, strict=True))
        return self._places[cell]
