"""How soon the lines of source code are worth showing, and which go together."""

from __future__ import annotations

from array import array
from enum import IntEnum


class Worth(IntEnum):
    """How soon lines are shown; the smaller, the sooner."""

    ODD = 0
    """What code hardly ever has: prose, a failure in capitals, a very large number."""
    HEAD = 1
    """The head of a function or type, with its decorators."""
    CONSTANT = 2
    """A name and its value, outside of any function."""
    OPTION = 3
    """A member that may be left out, or has a default."""
    FIELD = 4
    """A field, a declaration, a statement, outside of any function."""
    ALARM = 5
    """Something raised, unsafe, deprecated or left to do."""
    DOC = 6
    """The first sentence of what documents a definition."""
    MEMBER = 7
    """One of the first lines inside a statement of several lines."""
    IMPORT = 8
    NESTED = 9
    """The head of a definition inside a function."""
    NOTABLE = 10
    """A limit, a default, a failure in words, inside a body or a comment."""
    REST = 11
    """Other lines outside of functions."""


class Runs:
    """Runs of lines, each shown as a whole or not at all."""

    __slots__ = ("_ends",)

    def __init__(self) -> None:
        """Begin without runs."""
        self._ends = array("i")

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self._ends) // 2

    def __getitem__(self, at: int) -> range:
        """Return a run."""
        return range(self._ends[2 * at], self._ends[2 * at + 1])

    def add(self, start: int, stop: int) -> None:
        """Add the lines from `start` to before `stop`."""
        self._ends.append(start)
        self._ends.append(stop)

    def joined(self, most: int) -> Runs:
        """Join runs that follow on each other, up to so many lines."""
        joined = Runs()
        ends = joined._ends
        for at in range(len(self)):
            run = self[at]
            if ends and run.start == ends[-1] and ends[-1] - ends[-2] < most:
                ends[-1] = run.stop
            else:
                joined.add(run.start, run.stop)
        return joined


class Worths:
    """The lines of a text by their worth."""

    __slots__ = ("named", "runs")

    def __init__(self, count: int) -> None:
        """Begin with lines of no worth.

        Args:
            count: How many lines the text has.
        """
        self.runs = {worth: Runs() for worth in Worth}
        self.named = bytearray(count)
        """1 for lines that define something with a name, 2 where it comes first."""
