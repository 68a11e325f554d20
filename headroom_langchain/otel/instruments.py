"""The metrics: counters of tokens and retrievals, and how long compressing took.

Their attributes are few and have few values: where calls come in, and kinds of texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry.metrics import get_meter

from headroom_langchain._version import __version__

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

    from headroom_langchain.lifecycle.events import CallInfo
    from headroom_langchain.reports.report import CallReport

SCOPE: Final = "headroom_langchain"
"""The name under which spans and metrics are told."""

_UNTOUCHED: Final = "none"
"""The kind of texts that went out as they were."""


class Instruments:
    """Counters and a histogram, made once."""

    def __init__(self, provider: MeterProvider | None) -> None:
        """Make them with a provider, `None` for the global one."""
        meter = get_meter(SCOPE, __version__, provider)
        self._calls = meter.create_counter("headroom.calls", "{call}", "Ended calls")
        self._before = meter.create_counter(
            "headroom.tokens.before", "{token}", "Tokens of texts as they were given"
        )
        self._saved = meter.create_counter(
            "headroom.tokens.saved", "{token}", "Tokens that compression took away"
        )
        self._sent = meter.create_counter(
            "headroom.tokens.sent", "{token}", "Tokens sent, over all requests"
        )
        self._retrieved = meter.create_counter(
            "headroom.tokens.retrieved", "{token}", "Tokens of answers to retrievals"
        )
        self._net = meter.create_up_down_counter(
            "headroom.tokens.net_saved", "{token}", "Tokens saved, net of retrievals"
        )
        self._retrievals = meter.create_counter(
            "headroom.retrievals", "{retrieval}", "Answered calls of headroom_retrieve"
        )
        self._seconds = meter.create_histogram(
            "headroom.compress.duration", "s", "From texts received to originals kept"
        )

    def compressed(self, call: CallInfo, seconds: float) -> None:
        """Record how long compressing took."""
        self._seconds.record(seconds, {"headroom.surface": call.surface})

    def count(self, call: CallInfo, report: CallReport) -> None:
        """Count what a call came to."""
        where = {"headroom.surface": call.surface}
        figures = report.figures
        self._calls.add(1, where)
        for kind, (before, saved) in _by_kind(report).items():
            about = {**where, "headroom.kind": kind}
            self._before.add(before, about)
            self._saved.add(saved, about)
        if figures.requests:
            self._sent.add(figures.tokens_sent, where)
            self._net.add(figures.tokens_net_saved, where)
            self._retrievals.add(figures.retrievals, where)
            self._retrieved.add(figures.tokens_retrieved, where)


def _by_kind(report: CallReport) -> dict[str, tuple[int, int]]:
    """Return the tokens given and saved of each kind of text."""
    sums: dict[str, tuple[int, int]] = {}
    for block in report.blocks:
        kind = (block.kind if block.skipped is None else None) or _UNTOUCHED
        before, saved = sums.get(kind, (0, 0))
        # A counter takes nothing below zero, which a user's own may count.
        less = max(0, block.tokens_before - block.tokens_after)
        sums[kind] = (before + block.tokens_before, saved + less)
    return sums
