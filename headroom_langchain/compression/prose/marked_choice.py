"""Choose pieces where a mark costs less inside of a paragraph than between two."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

from headroom_langchain.compression.choice import Choice

_WITHIN: Final = 1
_BETWEEN: Final = 6


class MarkedChoice(Choice):
    """Which pieces are shown, and what the marks between them cost.

    What is missing at the end of a group, such as a paragraph or a row of a table, is
    marked by one character, whole groups that are missing by a line that counts them.
    """

    def __init__(
        self, pieces: Sequence[str], *, costs: Sequence[int], groups: Sequence[int]
    ) -> None:
        """Begin with nothing shown.

        Args:
            pieces: The pieces of the text, in order.
            costs: The tokens of each piece.
            groups: The group of each piece, numbered from 0 in order.
        """
        super().__init__(pieces, costs=costs)
        self._groups = groups
        self._firsts = array("l")
        for at, group in enumerate(groups):
            if group == len(self._firsts):
                self._firsts.append(at)

    def _gap_cost(self, at: int) -> int:
        """Return how many tokens of marks a piece brings, or saves."""
        shown = self.shown
        group = self._groups[at]
        first = self._firsts[group]
        goes_on = group + 1 == len(self._firsts) or shown[self._firsts[group + 1]]
        is_first = first == at
        begun = shown[first if not is_first else self._firsts[group - 1]]
        before = _WITHIN if begun else _BETWEEN
        after = _WITHIN if goes_on else _BETWEEN
        now = before if goes_on and not is_first else _BETWEEN
        if at == 0 or shown[at - 1]:
            before = 0
        if at + 1 == len(shown) or shown[at + 1]:
            after = 0
        return before + after - now
