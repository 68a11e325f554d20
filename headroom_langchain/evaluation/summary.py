"""The figures of many conversations together: per kind, and in money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from headroom_langchain.evaluation.replay import Replayed, Sent, Text

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a million input tokens cost."""

    fresh: float = 3.0
    """Of tokens that the provider reads."""
    cached: float = 0.3
    """Of tokens that it has in its prompt cache."""

    def of(self, sent: Sent) -> float:
        """Return what requests cost."""
        fresh = sent.tokens - sent.cached
        return (fresh * self.fresh + sent.cached * self.cached) / _MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFigures:
    """The texts of one kind together."""

    kind: str
    """The kind, or why the texts were left as they are."""
    left: bool
    """Whether they were left as they are."""
    texts: int
    hidden: int
    """How many of them have parts that are not shown."""
    tokens_before: int
    tokens_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What compression would have done to all of it."""

    kinds: tuple[KindFigures, ...]
    """Most tokens saved first; then what was left alone, most tokens first."""
    requests: int
    plain: Sent
    compressed: Sent
    breaks: int
    cost_plain: float
    cost_compressed: float
    prices: Prices = field(default_factory=Prices)


def summarize(replayed: Sequence[Replayed], prices: Prices) -> Summary:
    """Add up conversations.

    Args:
        replayed: The conversations.
        prices: What input tokens cost.
    """
    plain = _added(each.plain for each in replayed)
    compressed = _added(each.compressed for each in replayed)
    return Summary(
        kinds=_kinds(text for each in replayed for text in each.texts),
        requests=sum(each.requests for each in replayed),
        plain=plain,
        compressed=compressed,
        breaks=sum(each.breaks for each in replayed),
        cost_plain=prices.of(plain),
        cost_compressed=prices.of(compressed),
        prices=prices,
    )


def saved_percent(before: float, after: float) -> float:
    """Return how much less it is, in percent; negative when it is more."""
    return 100 * (1 - after / before) if before else 0.0


def _added(sent: Iterable[Sent]) -> Sent:
    pairs = [(each.tokens, each.cached) for each in sent]
    return Sent(tokens=sum(t for t, _ in pairs), cached=sum(c for _, c in pairs))


def _kinds(texts: Iterable[Text]) -> tuple[KindFigures, ...]:
    groups: dict[tuple[bool, str], list[Text]] = {}
    for text in texts:
        report = text.report
        left = report.skipped is not None
        name = (report.skipped if left else report.kind) or "unknown"
        groups.setdefault((left, name), []).append(text)
    figures = [
        KindFigures(
            kind=kind,
            left=left,
            texts=len(group),
            hidden=sum(1 for text in group if text.report.key),
            tokens_before=sum(text.report.tokens_before for text in group),
            tokens_after=sum(text.report.tokens_after for text in group),
        )
        for (left, kind), group in groups.items()
    ]
    return tuple(
        sorted(
            figures,
            key=lambda f: (f.left, f.tokens_after - f.tokens_before, -f.tokens_before),
        )
    )
