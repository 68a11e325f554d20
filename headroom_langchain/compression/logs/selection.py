"""Choose the lines of a log that an excerpt shows.

Failures come first, one of each template before the second of any, within half
as much again as the budget. Then, within the budget: summaries, the lines around
failures, warnings, what the agent asked for, outliers, one-off lines, and one
line of each family.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, islice

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.excerpt import Interest
from headroom_langchain.compression.logs.failures import Failure, find_failures
from headroom_langchain.compression.logs.render import clip
from headroom_langchain.compression.odd_values import odd_lines
from headroom_langchain.compression.outliers import log_outliers
from headroom_langchain.structure.log_levels import Level
from headroom_langchain.structure.log_lines import Family, Line, Log
from headroom_langchain.tokens import estimate_tokens

_FAILURES = 1.5
_FRAME = 0.2
_RESERVED = 0.2
_GAP_TOKENS = 9
_HEAD = 3
_TAIL = 6
_CONTEXT_BEFORE = 2
_CONTEXT_AFTER = 3
_RARE = 2
_ASKED = 0.2
_MENTIONED = 2
_ODD = 0.1
_SHARES = 3
_HEADING_WITHIN = 80
_HEADING = re.compile(
    r"([=_#*-])\1{2,} ?[^=_#*\s-].{0,200}\1{3}$|> Task |=== RUN |##\[|::group::|Step \d"
    r"|\[INFO\] --- |Running "
)


class _Choice:
    """Which lines are shown so far, and what they cost."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.shown = bytearray(len(lines))
        self.spent = 0
        self._lines = lines

    def cost(self, wanted: Iterable[int]) -> int:
        """Return the tokens of the lines that are not shown yet, and of new gaps."""
        tokens = 0
        last = -2
        for at in wanted:
            if not self.shown[at]:
                tokens += estimate_tokens(clip(self._lines[at].text)) + 1
                if at - last > 1 and not (at and self.shown[at - 1]):
                    tokens += _GAP_TOKENS
            last = at
        return tokens

    def add(self, wanted: Sequence[int], limit: float) -> bool:
        """Show lines if they fit under the limit."""
        cost = self.cost(wanted)
        if cost and self.spent + cost > limit:
            return False
        for at in wanted:
            self.shown[at] = 1
        self.spent += cost
        return True

    def add_each(self, wanted: Iterable[int], limit: float) -> None:
        """Show lines one by one until the limit is reached."""
        misses = 0
        for at in wanted:
            if not self.add((at,), limit):
                misses += 1
                if misses > _MISSES or self.spent >= limit - _GAP_TOKENS:
                    return


_MISSES = 8


def select_lines(log: Log, *, budget: int, interest: Interest) -> bytearray:
    """Choose what to show.

    Args:
        log: The log.
        budget: Estimated tokens of the excerpt, gap lines included.
        interest: What the agent was looking for.

    Returns:
        One byte per line, 1 for shown.
    """
    choice = _Choice(log.lines)
    failures = find_failures(log)
    in_stack = bytearray(len(log.lines))
    for stack in log.stacks:
        in_stack[stack.start : stack.stop] = b"\1" * (stack.stop - stack.start)
    marked = [
        at
        for at, line in enumerate(log.lines)
        if (line.level or line.summary) and not in_stack[at]
    ]
    choice.add_each(_frame(log, marked), _FRAME * budget)
    told = _add_failures(choice, failures, budget)
    limit = max(float(budget), choice.spent + _RESERVED * budget)
    texts = [line.key for line in log.lines]
    few = max(3, int(_ASKED * len(texts) ** 0.75))
    for wanted, share in (
        (_summaries(log, marked), 0.3),
        (_surroundings(log, told, in_stack), 0.35),
        (_firsts(log, Level.WARNING, marked), 0.5),
        (lines_with(texts, interest.arguments, few=few), 0.4),
        (log_outliers(log), 0.3),
        ([*_rare(log, in_stack), *odd_lines(texts, share=_ODD)], 0.4),
    ):
        choice.add_each(wanted, choice.spent + share * (limit - choice.spent))
    rest = chain(
        _notes(log, marked),
        _distinct_warnings(log, marked),
        lines_with(texts, interest.question, few=_MENTIONED),
        _of_each_family(log),
    )
    choice.add_each(rest, limit)
    return choice.shown


def _add_failures(
    choice: _Choice, failures: Sequence[Failure], budget: int
) -> list[Failure]:
    told: list[Failure] = []
    limit = _FAILURES * budget
    misses = 0
    for place, failure in enumerate(failures):
        share = (limit - choice.spent) / (len(failures) - place)
        if _add_failure(choice, failure, _SHARES * share, limit):
            told.append(failure)
        else:
            misses += 1
            if misses > _MISSES:
                break
    return told


def _add_failure(choice: _Choice, failure: Failure, share: float, limit: float) -> bool:
    """Show the fullest view of a failure that leaves room for the others."""
    for view in failure.views():
        if choice.cost(view) <= share and choice.add(view, limit):
            return True
    return choice.add(failure.shortest, limit)


def _frame(log: Log, marked: Sequence[int]) -> list[int]:
    """The last lines, the summaries nearest to the end, and the first lines."""
    size = len(log.lines)
    first = islice((at for at in range(size) if log.lines[at].text.strip()), _HEAD)
    backwards = range(size - 1, -1, -1)
    last = list(islice((at for at in backwards if log.lines[at].text.strip()), _TAIL))
    summaries = _summaries(log, marked)[:_TAIL]
    half = _TAIL // 2
    return [*last[:half], *summaries[:half], *last[half:], *first, *summaries]


def _summaries(log: Log, marked: Sequence[int]) -> list[int]:
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for at in marked:
        line = log.lines[at]
        if line.summary:
            first.setdefault(line.template, at)
            last[line.template] = at
    return list(dict.fromkeys([*sorted(last.values(), reverse=True), *first.values()]))


def _surroundings(
    log: Log, told: Sequence[Failure], in_stack: bytearray
) -> Iterable[int]:
    """The lines around failures: below while indented, the heading, above."""
    for failure in told:
        if failure.again:
            continue
        after = range(failure.stop, min(len(log.lines), failure.stop + _CONTEXT_AFTER))
        for at in after:
            if in_stack[at] or _stands_for_itself(log.lines[at]):
                break
            yield at
        before = range(failure.start - 1, -1, -1)
        for at in before[:_CONTEXT_BEFORE]:
            if in_stack[at] or _stands_for_itself(log.lines[at]):
                break
            yield at
        for at in before[:_HEADING_WITHIN]:
            if _HEADING.match(log.lines[at].key):
                yield at
                break


def _stands_for_itself(line: Line) -> bool:
    """Whether a line is no context: blank, or a failure chosen in its own right."""
    return line.level == Level.ERROR or not line.text.strip()


def _firsts(log: Log, level: Level, marked: Sequence[int]) -> list[int]:
    """The first line of each template of a level."""
    first: dict[str, int] = {}
    for at in marked:
        line = log.lines[at]
        if line.level == level:
            first.setdefault(line.template, at)
    return list(first.values())


def _distinct_warnings(log: Log, marked: Sequence[int]) -> list[int]:
    """Each warning that differs from all before, one of each template in turn."""
    again: Counter[str] = Counter()
    seen: set[str] = set()
    ranked: list[tuple[int, int]] = []
    for at in marked:
        line = log.lines[at]
        if line.level == Level.WARNING and line.key not in seen:
            seen.add(line.key)
            ranked.append((again[line.template], at))
            again[line.template] += 1
    return [at for _, at in sorted(ranked)]


def _notes(log: Log, marked: Sequence[int]) -> list[int]:
    """The first line of each family with an alarming word in harmless company."""
    first: dict[Family, int] = {}
    for at in marked:
        line = log.lines[at]
        if line.level == Level.NOTE:
            first.setdefault(log.families[line.family], at)
    return list(first.values())


def _rare(log: Log, in_stack: bytearray) -> list[int]:
    """Lines of families of one or two lines, the single ones first."""
    rare: list[tuple[int, int]] = []
    for family in dict.fromkeys(log.families):
        at = family.lines[0]
        if len(family.lines) <= _RARE and not in_stack[at] and family.words:
            rare.append((len(family.lines), at))
    return [at for _, at in sorted(rare)]


def _of_each_family(log: Log) -> list[int]:
    ranked = sorted(dict.fromkeys(log.families), key=lambda family: -len(family.lines))
    return [family.lines[0] for family in ranked if family.words]
