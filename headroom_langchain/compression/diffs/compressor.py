"""Diffs: output of git diff, git show and git log -p, of diff and of svn.

Lines are shown as they are, but for over-long ones. What is left out is counted
in its place, as added and removed lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from headroom_langchain.compression.budget import power_budget
from headroom_langchain.compression.density import too_dense
from headroom_langchain.compression.diffs.changes import Changes, find_changes
from headroom_langchain.compression.diffs.render import omitted_changes, write_diff
from headroom_langchain.compression.diffs.selection import choose_lines
from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.compression.sample import Sample
from headroom_langchain.compression.search.clipping import ClippedLines
from headroom_langchain.structure.diff_lines import Diff, Part, read_diff
from headroom_langchain.structure.text_lines import TextLines

_LIKENESS: Final = 0.95
_FACTOR: Final = 1.85
_POWER: Final = 0.84
_HUNK = re.compile(
    r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|@@@+ -\d|\*\*\* \d+(?:,\d+)? \*\*\*\*"
    r"|\d+(?:,\d+)?[acd]\d+(?:,\d+)?$|diff --git |diff --cc "
)
_LINE = re.compile(
    r"[ +\-!<>@\\]|diff |index |Index: |\*\*\*|(?:new|old|deleted) |rename |similarity "
    r"|Only in |Binary |commit |Author|Date|From|Subject|Merge|\d+(?:,\d+)?[acd]\d+"
)
_ENOUGH: Final = 0.85
_LEAST: Final = 2


class Diffs:
    """Compresses diffs."""

    @property
    def kind(self) -> str:
        """The name `diff`."""
        return "diff"

    def likeness(self, sample: Sample) -> float:
        """Return 0.95 for a text with hunks in which nearly all lines have a sign."""
        if not any(map(_HUNK.match, sample.lines)) or sample.share(_LINE) < _ENOUGH:
            return 0.0
        return _LIKENESS

    def read(self, text: str, _sample: Sample) -> DiffReading | None:
        """Read a diff; `None` for a text that changes nothing."""
        if too_dense(text):
            return None
        diff = read_diff(TextLines(text))
        changed = diff.parts.count(Part.ADDED) + diff.parts.count(Part.REMOVED)
        return DiffReading(diff) if changed >= _LEAST else None

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        return power_budget(tokens, factor=_FACTOR, power=_POWER)


@dataclass(frozen=True, slots=True)
class DiffReading:
    """One diff."""

    diff: Diff

    def lossless(self) -> str | None:
        """Return `None`: every line of a patch is needed to apply it."""
        return None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show files, hunks and the changes that matter most.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        diff = self.diff
        pieces = ClippedLines(diff.lines, interest.arguments)
        changes = find_changes(diff)
        shown = choose_lines(diff, changes, pieces, budget, interest)
        text = write_diff(diff, pieces, shown, budget)
        notes = _mechanical(changes)
        return Excerpt(text=notes + text, omitted=omitted_changes(diff, shown))


def _mechanical(changes: Changes) -> str:
    """Say which change is made in many places."""
    top = changes.mechanical.most_common(_TOLD)
    told = [f"{count:,} x {name}" for name, count in top if len(name) <= _NAME]
    return f"[the same change in many places: {'; '.join(told)}]\n" if told else ""


_TOLD: Final = 4
_NAME: Final = 100
