"""Choose which lines of a diff an excerpt shows.

Commits and files come first, then changed definitions, alarming changes, values,
a first change of every hunk, all other changes, and at last what repeats, what was
only moved, and the lines around changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.choice import Choice, evenly
from headroom_langchain.compression.diffs.changes import Changes, evenly_by_hunk
from headroom_langchain.compression.excerpt import Interest
from headroom_langchain.compression.rare_alarms import rare_alarms
from headroom_langchain.structure.diff_lines import NOWHERE, Diff, Part
from headroom_langchain.structure.line_sense import Sense

_GAP: Final = 6
_COMMITS: Final = 0.15
_FILES: Final = 0.35
_MESSAGES: Final = 0.15
_ASKED: Final = 0.3
_ALARMS: Final = 0.15
_VERSIONS: Final = 0.25
_SHARES: Final = (
    (Sense.DEFINITION, 0.7),
    (Sense.ALARM, 0.5),
    (Sense.SETTING, 0.5),
)
_FIRST: Final = 0.6
_EACH: Final = 3
_AROUND: Final = 2


def choose_lines(
    diff: Diff,
    changes: Changes,
    pieces: Sequence[str],
    budget: int,
    interest: Interest,
) -> bytearray:
    """Choose what to show of a diff.

    Args:
        diff: The diff.
        changes: What its changed lines say.
        pieces: Its lines as they are to be shown.
        budget: Estimated tokens of the excerpt.
        interest: What the agent was looking for.

    Returns:
        One byte per line, 1 for shown.
    """
    choice = Choice(pieces, gap=_GAP)
    of = _Places(diff, changes)
    for wanted, share in _ranked(of, pieces, interest):
        limit = choice.spent + share * (budget - choice.spent)
        choice.add_each(wanted, limit)
    choice.add_each(of.around(choice.shown), budget)
    return choice.shown


def _ranked(
    of: _Places, pieces: Sequence[str], interest: Interest
) -> Iterator[tuple[Iterable[int], float]]:
    """Give lines of each kind, with their share of what is left to spend."""
    yield of.commits(), _COMMITS
    yield of.files(), _FILES
    yield of.messages(), _MESSAGES
    changed = [pieces[at] for at in of.fresh]
    few = max(3, len(changed) // 20)
    asked = [of.fresh[at] for at in lines_with(changed, interest.arguments, few=few)]
    yield of.whole(asked), _ASKED
    for places in (sorted({*of.fresh, *of.messages()}), of.unchanged()):
        yield of.whole(of.alarms(places)), _ALARMS
    for said, share in _SHARES:
        yield of.whole(of.that_say(said)), share
    yield of.versions(), _VERSIONS
    plain = of.between(Sense.DEFINITION, Sense.PLAIN)
    yield of.whole(of.evenly_by_hunk(plain)), _FIRST
    yield of.whole(evenly(plain)), 1.0
    yield of.whole(evenly(of.between(Sense.COMMENT, Sense.IMPORT))), 1.0
    yield of.whole(evenly(of.again())), 1.0
    yield of.versions(), 1.0


class _Places:
    """The lines of a diff in the order in which they deserve to be seen."""

    def __init__(self, diff: Diff, changes: Changes) -> None:
        self._diff = diff
        self._changes = changes
        self.fresh = [
            at
            for at in changes.changed
            if not changes.again[at] and not changes.locked[at]
        ]

    def whole(self, wanted: Iterable[int]) -> Iterator[int]:
        """Give lines, each after the heads of its file and hunk, pairs together."""
        partner = self._changes.partner
        for at in wanted:
            yield from self._heads(at)
            other = partner[at]
            if NOWHERE < other < at:
                yield other
            yield at
            if other > at:
                yield other

    def that_say(self, said: Sense) -> Iterator[int]:
        """Give the changes that say something; definitions even where they repeat."""
        senses = self._changes.senses
        yield from evenly([at for at in self.fresh if senses[at] == said])
        if said == Sense.DEFINITION:
            yield from evenly([at for at in self.again() if senses[at] == said])

    def between(self, first: Sense, last: Sense) -> list[int]:
        """Return the changes that say something from one sense to another."""
        senses = self._changes.senses
        return [at for at in self.fresh if first <= senses[at] <= last]

    def evenly_by_hunk(self, wanted: Sequence[int]) -> list[int]:
        """Give the first of every hunk before the second of any."""
        return evenly_by_hunk(self._diff, wanted, _EACH)

    def alarms(self, places: Iterable[int]) -> list[int]:
        """Return the lines with rare alarming words."""
        return rare_alarms((at, self._diff.body(at)) for at in places)

    def again(self) -> list[int]:
        """Return the changes that repeat others, and those that only moved."""
        changes = self._changes
        return [at for at in changes.changed if changes.again[at]]

    def _heads(self, at: int) -> Iterator[int]:
        diff = self._diff
        if diff.file_of[at] != NOWHERE:
            yield diff.names[diff.file_of[at]]
        if diff.hunk_of[at] != NOWHERE:
            yield diff.hunk_of[at]

    def commits(self) -> Iterator[int]:
        """Give the first lines of commits with their subjects."""
        parts, lines = self._diff.parts, self._diff.lines
        starts = [at for at, part in enumerate(parts) if part == Part.COMMIT]
        for start in evenly(starts):
            yield start
            if (subject := _subject(lines, parts, start)) != NOWHERE:
                yield subject

    def files(self) -> Iterator[int]:
        """Give the lines that name files and what happened to them as a whole."""
        diff = self._diff
        yield from (at for at, part in enumerate(diff.parts) if part == Part.META)
        yield from evenly(sorted(diff.names))

    def unchanged(self) -> list[int]:
        """Return the lines around changes."""
        parts = self._diff.parts
        return [at for at, part in enumerate(parts) if part == Part.CONTEXT]

    def messages(self) -> list[int]:
        """Return what somebody wrote, sums first."""
        diff = self._diff
        found = [
            at
            for at, part in enumerate(diff.parts)
            if part == Part.MESSAGE and diff.lines[at].strip()
        ]
        sums = [at for at in found if " changed, " in diff.lines[at]]
        told = [at for at in found if " | " not in diff.lines[at]]
        return [*sums, *told, *found]

    def versions(self) -> Iterator[int]:
        """Give versions in lock files, with what they are versions of."""
        changes = self._changes
        for at in evenly(changes.versions):
            yield self._diff.names[self._diff.file_of[at]]
            if at in changes.naming:
                yield changes.naming[at]
            yield at
            if changes.partner[at] != NOWHERE:
                yield changes.partner[at]

    def around(self, shown: bytearray) -> Iterator[int]:
        """Give the lines next to changes that are shown."""
        parts = self._diff.parts
        changed = [at for at in self.fresh if shown[at]]
        for distance in range(1, _AROUND + 1):
            for at in changed:
                for near in (at - distance, at + distance):
                    if 0 <= near < len(parts) and parts[near] == Part.CONTEXT:
                        yield near


def _subject(lines: Sequence[str], parts: bytearray, start: int) -> int:
    """Return the line that says in short what a commit does."""
    blank = False
    for at in range(start + 1, min(start + 16, len(lines))):
        if parts[at] != Part.MESSAGE:
            break
        if lines[at].startswith("Subject: "):
            return at
        if not lines[at].strip():
            blank = True
        elif blank:
            return at
    return NOWHERE
