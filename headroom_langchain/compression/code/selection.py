"""Choose the lines of source code that an excerpt shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from headroom_langchain.compression.choice import evenly
from headroom_langchain.compression.code.worth import Worth, Worths

SHARES: Final = (
    (Worth.ODD, 0.12),
    (Worth.HEAD, 0.96),
    (Worth.CONSTANT, 0.6),
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
    Worth.FIELD,
    Worth.NOTABLE,
    Worth.REST,
)
"""What may spend whatever is left in the end."""

_TOGETHER: Final = (Worth.CONSTANT, Worth.FIELD, Worth.MEMBER, Worth.REST)
"""What is shown a few lines at a time: marks between single lines cost as much."""

_RUN: Final = 5
_GAP_TOKENS: Final = 6
_LINE_TOKENS: Final = 0.4
_MISSES: Final = 12
_FREE: Final = 7


class Selection:
    """Which lines are shown so far, and what they cost."""

    def __init__(self, bodies: Sequence[str], tokens: int) -> None:
        """Begin with nothing shown.

        Args:
            bodies: The lines, without indentation.
            tokens: How many tokens all of them have.
        """
        characters = sum(map(len, bodies)) + 2 * len(bodies)
        self._ratio = tokens / max(1, characters)
        self._bodies = bodies
        self.shown = bytearray(len(bodies))
        self.spent = 0.0

    def cost(self, at: int) -> float:
        """Return about how many tokens a line has; a blank one costs nothing."""
        size = len(self._bodies[at])
        return self._ratio * (size + 2) + _LINE_TOKENS if size else 0.0

    def add(self, group: Iterable[int], limit: float) -> bool:
        """Show lines together, if they fit under the limit."""
        fresh = [at for at in group if not self.shown[at]]
        cost = sum(map(self.cost, fresh))
        if fresh:
            joined = self._meets(fresh[0], -1) + self._meets(fresh[-1], 1)
            cost += _GAP_TOKENS * (1 - joined)
        if self.spent + cost > limit:
            return False
        for at in fresh:
            self.shown[at] = 1
        self.spent += cost
        return True

    def add_each(self, groups: Iterable[Sequence[int]], limit: float) -> None:
        """Show groups one by one until the limit is reached."""
        misses = 0
        for group in groups:
            if not self.add(group, limit):
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
        at = 0
        while at < len(self.shown):
            stop = at
            cost = 0.0
            while stop < len(self.shown) and not self.shown[stop]:
                cost += self.cost(stop)
                stop += 1
            if 0 < cost <= _FREE:
                for small in range(at, stop):
                    self.shown[small] = bool(self._bodies[small])
            at = stop + 1

    def _meets(self, at: int, step: int) -> bool:
        """Whether what is next to a line is shown, a blank line passed over."""
        size = len(self.shown)
        at += step
        if 0 <= at < size and not self._bodies[at]:
            at += step
        return not 0 <= at < size or bool(self.shown[at])


def _spread(worths: Worths, worth: Worth) -> Iterator[Sequence[int]]:
    """Give lines of a worth, any first part of them spread over the text."""
    groups: Sequence[Sequence[int]] = worths.groups[worth]
    if worth in _TOGETHER:
        groups = _joined(groups)
    return (groups[place] for place in evenly(range(len(groups))))


def _joined(groups: Sequence[Sequence[int]]) -> list[Sequence[int]]:
    """Join lines that follow on each other, up to five at a time."""
    joined: list[list[int]] = []
    for group in groups:
        if joined and group[0] == joined[-1][-1] + 1 and len(joined[-1]) < _RUN:
            joined[-1].extend(group)
        else:
            joined.append([*group])
    return [*joined]
