"""Which lines of an original its excerpt shows: runs of shown and of hidden lines."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import groupby
from typing import Final

_ENOUGH: Final = 0.25
"""The part of an excerpt that must be lines of the original: below it the text was
rewritten, and telling its lines apart would say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Lines of an original that stand together."""

    hidden: bool
    first: int
    """Number of its first line, counted from 1."""
    lines: tuple[str, ...]

    @property
    def last(self) -> int:
        """Number of its last line."""
        return self.first + len(self.lines) - 1


def runs(before: str, after: str) -> tuple[Run, ...] | None:
    """Tell which lines of a text are in its excerpt.

    A line that the excerpt has once counts as shown once, at the place that keeps the
    order of the excerpt where there is one. Blank lines belong to what is above them.

    Args:
        before: The original.
        after: The excerpt.

    Returns:
        All lines of the original in runs; `None` when the excerpt is not made of lines
        of the original.
    """
    lines = before.split("\n")
    shown = _shown(lines, after.split("\n"))
    if shown is None:
        return None
    found: list[Run] = []
    hidden: list[bool] = []
    first = 1
    for at, line in enumerate(lines):
        blank = not line.strip()
        hidden.append(bool(hidden and hidden[-1]) if blank else at not in shown)
    for is_hidden, group in groupby(zip(hidden, lines, strict=True), lambda x: x[0]):
        together = tuple(line for _, line in group)
        found.append(Run(hidden=is_hidden, first=first, lines=together))
        first += len(together)
    return tuple(found)


def _shown(lines: list[str], excerpt: list[str]) -> set[int] | None:
    """Return the places of the lines that an excerpt shows."""
    places: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        if line.strip():
            places.setdefault(line, []).append(at)
    shown: set[int] = set()
    # For each line, how many of its places are known to be taken from the left.
    taken: dict[str, int] = {}
    at = -1
    asked = [line for line in excerpt if line.strip()]
    for line in asked:
        where = places.get(line, [])
        index = bisect_left(where, at + 1)
        if index == len(where):
            index = taken.get(line, 0)
            while index < len(where) and where[index] in shown:
                index += 1
            taken[line] = index
        if index < len(where) and where[index] not in shown:
            at = where[index]
            shown.add(at)
    return shown if len(shown) >= max(1, _ENOUGH * len(asked)) else None
