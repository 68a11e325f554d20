"""Choose the lines of a log that an excerpt shows.

Failures come first, one of each template before the second of any, within a third
as much again as the budget. Then, within the budget: summaries, the lines around
failures, warnings, what the agent asked for, outliers, one-off lines, and one
line of each family.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.excerpt import Interest
from headroom_langchain.compression.logs.failures import Failure, Failures
from headroom_langchain.compression.logs.quoted import rarely_quoted
from headroom_langchain.compression.logs.render import clip
from headroom_langchain.compression.logs.seldom import first_of_days, seldom_said
from headroom_langchain.compression.odd_values import odd_lines
from headroom_langchain.compression.outliers import log_outliers
from headroom_langchain.structure.log_levels import Level
from headroom_langchain.structure.log_lines import Family, Line, Lines, Log
from headroom_langchain.tokens import estimate_tokens

_FAILURES = 1.3
_MORE = 0.35
_ALIKE = 4
_FLOOD = 4
_FRAME = 0.2
_RESERVED = 0.25
_GAP_TOKENS = 9
_HEAD = 3
_TAIL = 5
_CONTEXT_BEFORE = 2
_CONTEXT_AFTER = 3
_SELDOM = 4
_SELDOM_SHARE = 0.02
_RARE = 2
_ASKED = 0.2
_MENTIONED = 2
_ODD = 0.1
_FILLED = 0.8
_SMALL = 500
_SHARES = 3
_ONLY_A_LEVEL = 7
_RULERS = " []()-=*_#.:"
_HEADING_WITHIN = 80
_HEADING = re.compile(
    r"([=_#*-])\1{2,} ?[^=_#*\s-].{0,200}\1{3}$|> Task |=== RUN |##\[|::group::|Step \d"
    r"|\[INFO\] --- |Running |\s+\d+\) \w"
)


_SLOW = re.compile(r"\([1-9][\d.]* ?(?:s|sec|min)\b")
_PASSED = re.compile(r"(?:\.\.\.|…) ?(?:ok|OK|passed)\W*$|\bPASS(?:ED)?\b|^\W*ok \d")


class _Choice:
    """Which lines are shown so far, and what they cost."""

    def __init__(self, lines: Lines) -> None:
        self.shown = bytearray(len(lines))
        self.spent = 0
        self._lines = lines

    def cost(self, wanted: Iterable[int], most: float) -> int:
        """Return the tokens of the lines that are not shown yet, and of new gaps.

        Args:
            wanted: Numbers of lines, in order.
            most: What is of interest: the sum is not more exact above it.
        """
        tokens = 0
        last = -2
        for at in wanted:
            if not self.shown[at]:
                tokens += estimate_tokens(clip(self._lines.texts[at])) + 1
                if at - last > 1 and not (at and self.shown[at - 1]):
                    tokens += _GAP_TOKENS
                if tokens > most:
                    break
            last = at
        return tokens

    def add(self, wanted: Sequence[int], limit: float) -> bool:
        """Show lines if they fit under the limit."""
        cost = self.cost(wanted, limit - self.spent)
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


def select_lines(
    log: Log, failures: Failures, *, budget: int, interest: Interest
) -> bytearray:
    """Choose what to show.

    Args:
        log: The log.
        failures: Its distinct failures.
        budget: Estimated tokens of the excerpt, gap lines included.
        interest: What the agent was looking for.

    Returns:
        One byte per line, 1 for shown.
    """
    choice = _Choice(log.lines)
    in_stack = log.in_stacks()
    marked = _marked(log, in_stack)
    summaries = _summaries(log, marked)
    choice.add_each(_frame(log, summaries, in_stack), _FRAME * budget)
    told = _add_failures(log, choice, failures.distinct, budget)
    limit = max(float(budget), choice.spent + _RESERVED * budget)
    texts = log.lines.keys
    few = max(3, int(_ASKED * len(texts) ** 0.75))
    for wanted, share in (
        (summaries, 0.3),
        (_surroundings(log, told, in_stack), 0.35),
        (_firsts(log, Level.WARNING, marked), 0.5),
        (_notes(log, marked), 0.3),
        (lines_with(texts, interest.arguments, few=few), 0.4),
        ([*rarely_quoted(texts), *log_outliers(log)], 0.3),
        ([*_rare(log, in_stack), *odd_lines(texts, share=_ODD)], 0.4),
        (first_of_days(log), 0.2),
        (seldom_said(log), 0.5),
    ):
        choice.add_each(wanted, choice.spent + share * (limit - choice.spent))
    choice.add_each(_firsts(log, Level.NOTE, marked), limit)
    choice.add_each(lines_with(texts, interest.question, few=_MENTIONED), limit)
    filled = max(_FILLED * budget, min(budget, _SMALL))
    choice.add_each(_of_each_family(log), filled)
    return choice.shown


def _marked(log: Log, in_stack: bytearray) -> Sequence[int]:
    """The lines that alarm or sum up, but for those of stack traces."""
    levels, summaries = log.lines.levels, log.lines.summaries
    places = (
        at
        for at, level in enumerate(levels)
        if (level or summaries[at]) and not in_stack[at]
    )
    return array("I", places)


def _add_failures(
    log: Log, choice: _Choice, failures: Sequence[Failure], budget: int
) -> list[Failure]:
    """Show what is unlike all before; then, with less of the budget, the rest.

    What is left out differs from what is shown in a few words, which are told.
    """
    counts: Counter[int] = Counter()
    floods = Counter(failure.template for failure in failures)
    firsts: list[Failure] = []
    others: list[Failure] = []
    for failure in failures:
        counts[failure.group] += 1
        unlike = not failure.again and counts[failure.group] <= _ALIKE
        if unlike or failure.place.frames or floods[failure.template] <= _FLOOD:
            (firsts if unlike else others).append(failure)
    told: list[Failure] = []
    for some, most in ((firsts, _FAILURES), (others, 0.0)):
        limit = max(most * budget, min(choice.spent + _MORE * budget, budget))
        misses = 0
        for place, failure in enumerate(some):
            share = (limit - choice.spent) / (len(some) - place)
            if _add_failure(log, choice, failure, (_SHARES * share, limit)):
                told.append(failure)
            else:
                misses += 1
                if misses > _MISSES:
                    break
    return told


def _add_failure(
    log: Log, choice: _Choice, failure: Failure, limits: tuple[float, float]
) -> bool:
    """Show the fullest view of a failure that leaves room for the others."""
    share, limit = limits
    view: list[int] = []
    for view in failure.views(log):
        if choice.cost(view, share) <= share and choice.add(view, limit):
            return True
    return choice.add(view, limit)


def _frame(log: Log, summaries: Sequence[int], in_stack: bytearray) -> list[int]:
    """The last lines, the summaries nearest to the end, and the first lines."""
    size = len(log.lines)
    first = islice((at for at in range(size) if log.lines.texts[at].strip()), _HEAD)
    backwards = (
        at
        for at in range(size - 1, -1, -1)
        if not in_stack[at] and _says(log.lines[at])
    )
    last = list(islice(backwards, _TAIL))
    half = _TAIL // 2
    nearest = summaries[:half]
    return [*last[:half], *nearest, *last[half:], *first, *summaries[:_TAIL]]


def _says(line: Line) -> bool:
    """Whether a line says more than a level, and not only what to try."""
    said = line.key.strip(_RULERS)
    return len(said) > _ONLY_A_LEVEL and (line.level != Level.NOTE or line.summary)


def _summaries(log: Log, marked: Sequence[int]) -> list[int]:
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for at in marked:
        if log.lines.summaries[at]:
            template = log.lines.template(at)
            first.setdefault(template, at)
            last[template] = at
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
            if in_stack[at] or _stands_for_itself(log, at):
                break
            yield at
        before = range(failure.start - 1, -1, -1)
        for at in before[:_CONTEXT_BEFORE]:
            if in_stack[at] or _stands_for_itself(log, at):
                break
            yield at
        for at in before[:_HEADING_WITHIN]:
            if _HEADING.match(log.lines.keys[at]):
                yield at
                break


def _stands_for_itself(log: Log, at: int) -> bool:
    """Whether a line is no context: blank, a failure, or an entry of its own."""
    line = log.lines[at]
    if line.level == Level.ERROR or line.key != line.text or not line.text.strip():
        return True
    alike = len(log.families[line.family].lines)
    return alike > max(_SELDOM, _SELDOM_SHARE * len(log.lines))


def _firsts(log: Log, level: Level, marked: Sequence[int]) -> list[int]:
    """The first line of each template of a level."""
    first: dict[str, int] = {}
    for at in marked:
        if log.lines.levels[at] == level:
            first.setdefault(log.lines.template(at), at)
    return list(first.values())


def _notes(log: Log, marked: Sequence[int]) -> list[int]:
    """The first line of each family with an alarming word, the rarest first."""
    first: dict[Family, int] = {}
    for at in marked:
        if log.lines.levels[at] == Level.NOTE:
            first.setdefault(log.families[log.lines.families[at]], at)
    ranked = sorted(first, key=lambda family: len(family.lines) > _SELDOM)
    return [first[family] for family in ranked]


def _rare(log: Log, in_stack: bytearray) -> list[int]:
    """Lines of families of one or two lines, the single ones first."""
    rare: list[tuple[int, int]] = []
    for family in dict.fromkeys(log.families):
        at = family.lines[0]
        few = len(family.lines) <= _RARE and family.words
        key = log.lines.keys[at]
        passed = _PASSED.search(key) and not _SLOW.search(key)
        if few and not in_stack[at] and not passed:
            rare.append((len(family.lines), at))
    return [at for _, at in sorted(rare)]


def _of_each_family(log: Log) -> list[int]:
    ranked = sorted(dict.fromkeys(log.families), key=lambda family: -len(family.lines))
    return [family.lines[0] for family in ranked if family.words]
