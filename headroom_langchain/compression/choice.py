"""Choose pieces of a text until a budget is spent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from headroom_langchain.tokens import estimate_tokens

_GAP_TOKENS: Final = 6
_MISSES: Final = 12
_TOGETHER: Final = 1000


class Choice:
    """Which pieces are shown so far, and what they cost."""

    def __init__(
        self,
        pieces: Sequence[str],
        *,
        costs: Sequence[int] | None = None,
        gap: int = _GAP_TOKENS,
    ) -> None:
        """Begin with nothing shown.

        Args:
            pieces: The pieces of the text, in order.
            costs: The tokens of each piece; estimated one by one where not given.
            gap: The tokens of the mark between two pieces that do not touch.
        """
        self.shown = bytearray(len(pieces))
        self.spent = 0
        self._pieces = pieces
        self._costs = costs
        self._gap = gap

    def add_each(self, wanted: Iterable[int], limit: float) -> None:
        """Show pieces one by one until the limit is reached."""
        misses = 0
        for at in wanted:
            if self.shown[at]:
                continue
            known = (
                self._costs[at] if self._costs else estimate_tokens(self._pieces[at])
            )
            cost = known + 1 + self._gap_cost(at)
            if self.spent + cost <= limit:
                self.shown[at] = 1
                self.spent += cost
            else:
                misses += 1
                if misses > _MISSES:
                    return

    def close_gaps(self) -> None:
        """Show what is not longer than the mark that would stand for it."""
        at = 0
        while at < len(self.shown):
            stop = at
            cost = 0
            while stop < len(self.shown) and not self.shown[stop]:
                if cost <= self._gap:
                    cost += self._cost(stop) + 1
                stop += 1
            if at < stop and cost <= self._gap:
                self.shown[at:stop] = b"\1" * (stop - at)
            at = stop + 1

    def _cost(self, at: int) -> int:
        known = self._costs
        return estimate_tokens(self._pieces[at]) if known is None else known[at]

    def _gap_cost(self, at: int) -> int:
        """Return how many tokens of gap marks a piece brings, or saves."""
        before = at == 0 or self.shown[at - 1]
        after = at + 1 == len(self.shown) or self.shown[at + 1]
        return self._gap * (1 - bool(before) - bool(after))


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


def evenly_in_runs(places: Sequence[int], length: int) -> Iterable[int]:
    """Give all places, some neighbours at a time, spread over the whole.

    Neighbours share the marks of the gaps around them.

    Args:
        places: Numbers of pieces, in order.
        length: How many neighbours go together.
    """
    for start in evenly(range(0, len(places), length)):
        yield from places[start : start + length]


def token_costs(pieces: Sequence[str]) -> list[int]:
    """Return about how many tokens each piece of a text has.

    Pieces of one text are alike, so one estimate serves all those in ASCII.

    Args:
        pieces: The pieces, in order.
    """
    rest = (piece for piece in pieces if piece.isascii())
    tokens = 0
    size = 0
    while some := list(islice(rest, _TOGETHER)):
        joined = "\n".join(some)
        tokens += estimate_tokens(joined)
        size += len(joined)
    rate = tokens / size if size else 0.0
    return [
        round(rate * len(piece)) if piece.isascii() else estimate_tokens(piece)
        for piece in pieces
    ]
