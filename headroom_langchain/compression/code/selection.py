"""Choose the lines of source code that an excerpt shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from headroom_langchain.compression.choice import evenly
from headroom_langchain.compression.code.worths import Worth, Worths

SHARES: Final = (
    (Worth.ODD, 0.12),
    (Worth.HEAD, 0.96),
    (Worth.CONSTANT, 0.6),
    (Worth.OPTION, 0.6),
    (Worth.FIELD, 0.5),
    (Worth.ALARM, 0.5),
    (Worth.DOC, 0.5),
    (Worth.MEMBER, 0.3),
    (Worth.IMPORT, 0.3),
    (Worth.NESTED, 0.5),
    (Worth.NOTABLE, 0.6),
)
"""In which order lines are chosen, and how much of what is left each may spend."""

_MORE: Final = (
    Worth.HEAD,
    Worth.ALARM,
    Worth.CONSTANT,
    Worth.OPTION,
    Worth.FIELD,
    Worth.NOTABLE,
    Worth.REST,
)
"""What may spend whatever is left in the end."""

_TOGETHER: Final = (Worth.CONSTANT, Worth.OPTION, Worth.FIELD, Worth.MEMBER, Worth.REST)
"""What is shown a few lines at a time: marks between single lines cost as much."""

_RUN: Final = 5
_GAP_TOKENS: Final = 6
_LINE_TOKENS: Final = 0.4
_MISSES: Final = 12
_FREE: Final = 7


class Selection:
    """Which lines are shown so far, and what they cost."""

    def __init__(self, sizes: Sequence[int], tokens: float) -> None:
        """Begin with nothing shown.

        Args:
            sizes: How many characters the lines have, without indentation.
            tokens: How many tokens all of them have.
        """
        self._ratio = tokens / max(1, sum(sizes) + 2 * len(sizes))
        self._sizes = sizes
        self.shown = bytearray(len(sizes))
        self.spent = 0.0

    def cost(self, at: int) -> float:
        """Return about how many tokens a line has; a blank one costs nothing."""
        size = self._sizes[at]
        return self._ratio * (size + 2) + _LINE_TOKENS if size else 0.0

    def add(self, run: range, limit: float) -> bool:
        """Show lines together, if they fit under the limit."""
        shown = self.shown
        fresh = [at for at in run if not shown[at]]
        if not fresh:
            return self.spent <= limit
        joined = self._meets(fresh[0], -1) + self._meets(fresh[-1], 1)
        cost = sum(map(self.cost, fresh)) + _GAP_TOKENS * (1 - joined)
        if self.spent + cost > limit:
            return False
        for at in fresh:
            shown[at] = 1
        self.spent += cost
        return True

    def add_each(self, runs: Iterable[range], limit: float) -> None:
        """Show runs one by one until the limit is reached."""
        misses = 0
        for run in runs:
            if not self.add(run, limit):
                misses += 1
                if misses > _MISSES:
                    return

    def add_worths(self, worths: Worths, budget: float) -> None:
        """Show what is worth it, within the budget."""
        for worth, share in SHARES:
            limit = self.spent + share * max(0.0, budget - self.spent)
            self.add_each(_spread(worths, worth), limit)
        for worth in _MORE:
            self.add_each(_spread(worths, worth), budget)

    def fill(self) -> None:
        """Show what costs no more than the mark that would stand for it."""
        shown = self.shown
        at = shown.find(0)
        while at >= 0:
            stop = shown.find(1, at)
            stop = len(shown) if stop < 0 else stop
            cost = 0.0
            for hidden in range(at, stop):
                cost += self.cost(hidden)
                if cost > _FREE:
                    break
            if 0 < cost <= _FREE:
                shown[at:stop] = bytes(size > 0 for size in self._sizes[at:stop])
            at = shown.find(0, stop)

    def _meets(self, at: int, step: int) -> bool:
        """Whether what is next to a line is shown, a blank line passed over."""
        size = len(self.shown)
        at += step
        if 0 <= at < size and not self._sizes[at]:
            at += step
        return not 0 <= at < size or bool(self.shown[at])


def _spread(worths: Worths, worth: Worth) -> Iterator[range]:
    """Give lines of a worth, any first part of them spread over the text."""
    runs = worths.runs[worth]
    if worth in _TOGETHER:
        runs = runs.joined(_RUN)
    return (runs[place] for place in evenly(range(len(runs))))
