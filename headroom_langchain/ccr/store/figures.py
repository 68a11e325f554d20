"""What calls saved, in sums: the small book that a store keeps beside its originals.

A call adds one line for itself and for each tool and kind of text. Lines of one topic,
tenant and day are added up, so the book grows with the days and not with the calls.
It has no contents and no keys of any.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, fields
from operator import add, attrgetter
from typing import Final, Self, TypeVar

_K = TypeVar("_K", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Sums over calls; tokens are estimated, but for those that providers count."""

    calls: int = 0
    """Calls of a wrapped model; outside of one, compressions and answered calls of
    `headroom_retrieve`."""
    requests: int = 0
    """Calls of the inner model."""
    retrievals: int = 0
    """Answered calls of `headroom_retrieve`."""
    texts: int = 0
    """Texts that were looked at; one that is sent in several calls counts in each."""
    tokens_before: int = 0
    """Of these texts as they were given."""
    tokens_after: int = 0
    """Of these texts as compression left them."""
    tokens_sent: int = 0
    """Of everything that was sent, over all requests."""
    tokens_retrieved: int = 0
    """Of answers to retrievals."""
    tokens_resent: int = 0
    """Of what requests after a retrieval sent beside its answers."""
    tokens_net_saved: int = 0
    """Tokens less than the same calls would have sent without this package; negative
    when retrievals took more than was saved."""
    input_tokens: int = 0
    """Input as providers counted it, cached tokens included."""
    output_tokens: int = 0
    """Output as providers counted it."""
    uncounted: int = 0
    """Requests for which the provider told no usage; they are estimated below."""
    paid_fresh: int = 0
    """Input that was paid for and that the provider read."""
    paid_cached: int = 0
    """Input that was paid for and that it had in its prompt cache."""
    paid_written: int = 0
    """Input that was paid for and that it put there."""
    paid_output: int = 0
    """Output that was paid for."""
    plain_fresh: int = 0
    """What of each would have been paid for without this package."""
    plain_cached: int = 0
    plain_written: int = 0
    plain_output: int = 0

    @property
    def tokens_saved(self) -> int:
        """Tokens that compression took away; retrievals are not subtracted."""
        return self.tokens_before - self.tokens_after

    def __add__(self, other: Figures) -> Self:
        """Add two sums."""
        sums = map(add, _counts(self), _counts(other))
        return type(self)(**dict(zip(_NAMES, sums, strict=True)))


_NAMES: Final = tuple(field.name for field in fields(Figures))
_counts: Final[Callable[[Figures], tuple[int, ...]]] = attrgetter(*_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What figures are about."""

    model: str = ""
    """The model that was called, empty where none is known."""
    tool: str = ""
    """The tool that wrote the texts; empty for other texts, and for what belongs to
    whole calls: their number, requests, retrievals and usage."""
    kind: str = ""
    """How the texts were understood, such as `logs`; empty for those that went out
    as they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the book."""

    namespace: str
    day: str
    """In UTC, as `2026-11-21`; empty where the store does not tell days."""
    topic: Topic
    figures: Figures


def summed(lines: Iterable[Line], by: Callable[[Line], _K]) -> dict[_K, Figures]:
    """Add up lines that have something in common.

    Args:
        lines: Of one book or several.
        by: Returns what lines that are added up have in common.
    """
    sums: dict[_K, Figures] = {}
    for line in lines:
        key = by(line)
        there = sums.get(key)
        sums[key] = line.figures if there is None else there + line.figures
    return sums
