"""Sums over calls: figures that simply add up, so that every total is exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from operator import add, attrgetter, sub
from typing import Final, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """Tokens by what a provider takes for them."""

    fresh: int = 0
    """Input that it read."""
    cached: int = 0
    """Input that it had in its prompt cache."""
    written: int = 0
    """Input that it read and put into its prompt cache."""
    output: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What some calls sent and saved.

    Tokens are estimated, but for what providers counted themselves. Two sums are added
    with `+`.
    """

    calls: int = 0
    """Calls of a wrapped model to which something came back; outside of one,
    compressions and answered calls of `headroom_retrieve`."""
    requests: int = 0
    """Calls of the inner model to which something came back, or may have."""
    retrievals: int = 0
    """Answered calls of `headroom_retrieve`."""
    tokens_before: int = 0
    """Of all texts as they were given, once for each call."""
    tokens_after: int = 0
    """Of all texts as compression left them, once for each call."""
    tokens_sent: int = 0
    """Of everything that was sent, over all requests."""
    tokens_replayed: int = 0
    """What of `tokens_before` is answers to retrievals of earlier calls."""
    tokens_retrieved: int = 0
    """Of answers to retrievals."""
    tokens_resent: int = 0
    """Of what requests after a retrieval sent beside its answers."""
    tokens_net_saved: int = 0
    """Tokens less than the same calls would have sent without this package. It is
    negative when retrievals took more than was saved."""
    input_tokens: int = 0
    """Input as providers counted it, cached tokens included."""
    output_tokens: int = 0
    """Output as providers counted it."""
    uncounted: int = 0
    """Requests for which the provider told no usage; outside of a wrapped model all
    that is counted."""
    paid: Billed = Billed()
    """All tokens that were paid for."""
    plain: Billed = Billed()
    """What would have been paid for without this package; see `ModelPrice.savings`."""

    @property
    def cache_read_tokens(self) -> int:
        """What of the input providers had in their prompt caches."""
        return self.paid.cached

    @property
    def cache_creation_tokens(self) -> int:
        """What of the input they put into their prompt caches."""
        return self.paid.written

    @property
    def tokens_saved(self) -> int:
        """Tokens that compression took away; retrievals are not subtracted."""
        return self.tokens_before - self.tokens_after

    def __add__(self, other: Totals) -> Self:
        """Add up two sums."""
        return self.of(combined(add, self.figures, other.figures))

    def __sub__(self, other: Totals) -> Self:
        """Take away what another sum has."""
        return self.of(combined(sub, self.figures, other.figures))

    @property
    def figures(self) -> tuple[int, ...]:
        """All figures in a fixed order, for adding up quickly."""
        return (*_counts(self), *_billed(self.paid), *_billed(self.plain))

    @classmethod
    def of(cls, figures: Sequence[int]) -> Self:
        """Make a sum of its `figures`."""
        counts, billed = len(_COUNTS), len(_BILLED)
        paid, plain = figures[counts : counts + billed], figures[counts + billed :]
        return cls(
            **dict(zip(_COUNTS, figures[:counts], strict=True)),
            paid=Billed(**dict(zip(_BILLED, paid, strict=True))),
            plain=Billed(**dict(zip(_BILLED, plain, strict=True))),
        )


def summed(bills: Sequence[Billed]) -> Billed:
    """Add up bills."""
    if len(bills) == 1:
        return bills[0]
    return Billed(
        fresh=sum(bill.fresh for bill in bills),
        cached=sum(bill.cached for bill in bills),
        written=sum(bill.written for bill in bills),
        output=sum(bill.output for bill in bills),
    )


def combined(
    operation: Callable[[int, int], int], left: Sequence[int], right: Sequence[int]
) -> tuple[int, ...]:
    """Return the figures of two sums combined, one by one."""
    return tuple(map(operation, left, right))


_BILLED: Final = tuple(field.name for field in fields(Billed))
_COUNTS: Final = tuple(
    field.name for field in fields(Totals) if field.name not in {"paid", "plain"}
)
_counts: Final[Callable[[Totals], tuple[int, ...]]] = attrgetter(*_COUNTS)
_billed: Final[Callable[[Billed], tuple[int, ...]]] = attrgetter(*_BILLED)
NOTHING: Final = Totals()
