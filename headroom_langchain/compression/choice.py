"""Choose pieces of a text until a budget is spent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from headroom_langchain.tokens import estimate_tokens

_GAP_TOKENS: Final = 6
_MISSES: Final = 12


class Choice:
    """Which pieces are shown so far, and what they cost."""

    def __init__(self, pieces: Sequence[str]) -> None:
        """Begin with nothing shown.

        Args:
            pieces: The pieces of the text, in order.
        """
        self.shown = bytearray(len(pieces))
        self.spent = 0
        self._pieces = pieces

    def add_each(self, wanted: Iterable[int], limit: float) -> None:
        """Show pieces one by one until the limit is reached."""
        misses = 0
        for at in wanted:
            if self.shown[at]:
                continue
            cost = estimate_tokens(self._pieces[at]) + 1 + self._gap_cost(at)
            if self.spent + cost <= limit:
                self.shown[at] = 1
                self.spent += cost
            else:
                misses += 1
                if misses > _MISSES:
                    return

    def _gap_cost(self, at: int) -> int:
        """Return how many tokens of gap marks a piece brings, or saves."""
        before = at == 0 or self.shown[at - 1]
        after = at + 1 == len(self.shown) or self.shown[at + 1]
        return _GAP_TOKENS * (1 - bool(before) - bool(after))


def evenly(places: Sequence[int]) -> Iterable[int]:
    """Give all places, any first part of them spread over the whole.

    The step halves from round to round, so that whatever fits is a sample.
    """
    step = 1
    while step < len(places):
        step *= 2
    first = True
    while step >= 1:
        start, stride = (0, step) if first else (step, 2 * step)
        yield from places[start::stride]
        first = False
        step //= 2
