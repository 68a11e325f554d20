"""Logs: application logs, builds, test runs and stack traces.

An excerpt shows each distinct failure once, with its count, then summaries,
warnings, outliers and one-off lines. What is left out is counted in its place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby

from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.compression.logs.failures import find_failures
from headroom_langchain.compression.logs.likeness import log_likeness
from headroom_langchain.compression.logs.render import clip, render_log
from headroom_langchain.compression.logs.repeats import notes_on_repeats
from headroom_langchain.compression.logs.selection import select_lines
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.log_lines import Log, read_log

_FLOOR = 140
_SHARE = 0.25
_BASE = 120
_PER_ROOT = 17
_REPEATED = "[the line above, {count:,} times in all]"
_REPEATED_MARK = _REPEATED.partition("{")[0]
_FOLDED_FROM = 3


class Logs:
    """Compresses logs."""

    @property
    def kind(self) -> str:
        """The name `logs`."""
        return "logs"

    def likeness(self, sample: Sample) -> float:
        """Return up to 0.9 for a text whose lines look like those of a log."""
        return log_likeness(sample)

    def read(self, text: str, _sample: Sample) -> LogReading | None:
        """Read a text as a log.

        Returns:
            The reading, or `None` for a text without any visible character. Whether
            a text looks like a log is for the caller to ask first.
        """
        return LogReading(text) if text.strip() else None

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a log may have."""
        return round(
            min(_FLOOR + _SHARE * tokens, _BASE + _PER_ROOT * math.sqrt(tokens))
        )


@dataclass(frozen=True, slots=True)
class LogReading:
    """One log."""

    text: str

    def lossless(self) -> str | None:
        """Fold runs of identical lines into one line and a count.

        Returns:
            The folded log, or `None` when nothing gets shorter that way or a line
            of the log could be taken for such a count.
        """
        if _REPEATED_MARK in self.text:
            return None
        folded: list[str] = []
        for line, run in groupby(self.text.split("\n")):
            _fold(folded, line, sum(1 for _ in run))
        shorter = "\n".join(folded)
        return shorter if len(shorter) < len(self.text) else None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show failures first, then what else stands out.

        Args:
            budget: Estimated tokens; failures may take a third as much again, and
                the rest a quarter of it then.
            interest: What the agent was looking for.
        """
        log = read_log(self.text)
        if log.shown is not log.lines.texts:
            # Lines are chosen by what they say, and shown with their colours.
            said, drawn = sum(map(len, log.lines.texts)), sum(map(len, log.shown))
            budget = round(budget * min(1.0, said / max(1, drawn)))
        failures = find_failures(log)
        shown = select_lines(log, failures, budget=budget, interest=interest)
        notes = notes_on_repeats(log, failures, shown, budget=budget)
        return Excerpt(text=render_log(log, shown, notes), omitted=_omitted(log, shown))


def _fold(folded: list[str], line: str, run: int) -> None:
    if run >= _FOLDED_FROM:
        note = _REPEATED.format(count=run)
        if (run - 1) * (len(line) + 1) > len(note):
            folded += [line, note]
            return
    folded += [line] * run


def _omitted(log: Log, shown: bytearray) -> str:
    total = len(log.lines)
    visible = [log.shown[at] for at in range(total) if shown[at]]
    hidden = total - len(visible)
    clipped = sum(len(line) - len(clip(line)) for line in visible)
    parts = [f"{hidden:,} of {total:,} lines"] if hidden else []
    parts += [f"{clipped:,} characters of long lines"] if clipped else []
    return " and ".join(parts)
