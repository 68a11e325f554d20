"""Choose which lines of a search result an excerpt shows.

Messages of the tool come first, then definitions, those of what was searched for
before others, lines that give a name its value, lines that compare or raise, and the
most telling line of each file, then alarming lines, settings and lines unlike the
rest. What is left of the budget shows lines evenly. What is said for the first time
comes before what is said again, and source files come before tests and the like.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.choice import Choice, evenly
from headroom_langchain.compression.excerpt import Interest
from headroom_langchain.compression.odd_values import odd_lines
from headroom_langchain.compression.rare_alarms import rare_alarms
from headroom_langchain.compression.search.places import aside
from headroom_langchain.compression.search.statements import assigned, checks
from headroom_langchain.structure.line_sense import Sense, sense
from headroom_langchain.structure.log_levels import Level, judge
from headroom_langchain.structure.search_lines import SearchForm, SearchResult

_DIGITS = re.compile(r"\d+")
_PARTS = re.compile(r"\w+")
_LOG_LINE = re.compile(
    r".{0,40}?(?:\d{4}-\d\d-\d\d[T ]\d\d:|\d\d:\d\d:\d\d"
    r"|\b(?:ERROR|WARN|WARNING|FATAL|INFO|FAILED|FAIL|CRITICAL)\b)"
)
_NAME = re.compile(
    r"\b(?:class|def|func|function|fn|struct|interface|enum|trait)[ \t]+[\w$]+"
)
_NUMBER = re.compile(r"\d+\s*$")
_MESSAGES: Final = 0.2
_FAILURES: Final = 0.6
_ODD: Final = 0.05
_GLANCE: Final = 60
_LOG_SHARE: Final = 0.1
_MOST_COMPARED: Final = 4000
_MENTIONED: Final = 2
_MARKS: Final = 0.25
_MARK: Final = 10.0
_SHORTEST: Final = 3


def choose_hits(
    result: SearchResult, pieces: Sequence[str], budget: int, interest: Interest
) -> bytearray:
    """Choose what to show of a search result.

    Args:
        result: The search result.
        pieces: Its lines as they are to be shown.
        budget: Estimated tokens of the excerpt.
        interest: What the agent was looking for.

    Returns:
        One byte per line, 1 for shown.
    """
    choice = Choice(pieces, gap=0)
    choice.add_each(_messages(result), _MESSAGES * budget)
    limit = float(budget - _marks(result, budget))
    if result.form == SearchForm.COUNTED:
        choice.add_each(_counts(result), limit)
        return choice.shown
    kinds = _Kinds(result, interest)
    choice.add_each(kinds.failures, choice.spent + _FAILURES * (limit - choice.spent))
    for wanted, share in kinds.ranked():
        choice.add_each(wanted, choice.spent + share * (limit - choice.spent))
    _show_headings(result, choice.shown)
    return choice.shown


def _marks(result: SearchResult, budget: int) -> float:
    """Return how many tokens the marks of the files may take."""
    return min(_MARKS * budget, _MARK * len(result.files))


def _messages(result: SearchResult) -> list[int]:
    """Lines of no file, such as `grep: x: Is a directory`, one of each form in turn."""
    again: Counter[str] = Counter()
    ranked: list[tuple[int, int]] = []
    for at, file in enumerate(result.file_of):
        line = result.lines[at]
        if file < 0 and line.strip("-\r "):
            template = " ".join(line[:200].split()[:1]) + line[-24:]
            ranked.append((again[template], at))
            again[template] += 1
    return [at for _, at in sorted(ranked)]


def _counts(result: SearchResult) -> list[int]:
    """Of counts of matches, the largest first."""
    ranked: list[tuple[int, int]] = []
    for at, file in enumerate(result.file_of):
        if file >= 0:
            found = _NUMBER.search(result.lines[at][-12:])
            ranked.append((-int(found[0]) if found is not None else 0, at))
    return [at for _, at in sorted(ranked)]


class _Kinds:
    """The lines of a search result by what they say."""

    def __init__(self, result: SearchResult, interest: Interest) -> None:
        self._result = result
        self._interest = interest
        self._bodies = [
            result.body(at) if file >= 0 else ""
            for at, file in enumerate(result.file_of)
        ]
        self._senses = bytearray(sense(body) for body in self._bodies)
        # Lines of no file have the number -1, and so the last of these.
        self._aside = aside(result.files) + b"\0"
        self._logs = _look_like_logs(self._bodies)
        self.failures = _failures(self._bodies) if self._logs else []

    def ranked(self) -> Iterator[tuple[Iterable[int], float]]:
        """Give the lines of each kind, with their share of what is left to spend."""
        yield self._named(), 0.6
        yield self._asked(), 0.3
        yield rare_alarms(enumerate(self._bodies)), 0.3
        yield self._telling(Sense.DEFINITION), 0.75
        yield self._assigned(), 0.5
        yield self._checks(), 0.5
        yield self._of_each_file(), 0.6
        yield self._telling(Sense.ALARM), 0.4
        yield self._odd(), 0.3
        yield self._telling(Sense.SETTING), 0.4
        yield self._context(), 0.2
        yield self._distinct(), 1.0

    def _named(self) -> list[int]:
        """Definitions with a word that was searched for."""
        words = [w for w in self._interest.arguments if len(w) >= _SHORTEST]
        found: list[tuple[int, int, int]] = []
        for at, said in enumerate(self._senses):
            if said == Sense.DEFINITION and self._result.matches[at]:
                head = self._bodies[at].partition("(")[0].lower()
                parts = _PARTS.findall(head)
                exact = sum(word in parts for word in words)
                if exact or any(word in head for word in words):
                    found.append((-exact, len(parts), at))
        return [at for *_, at in sorted(found)]

    def _asked(self) -> list[int]:
        few = max(3, len(self._bodies) // 20)
        arguments = lines_with(self._bodies, self._interest.arguments, few=few)
        question = lines_with(self._bodies, self._interest.question, few=_MENTIONED)
        return [*arguments, *question]

    def _telling(self, wanted: Sense) -> Iterable[int]:
        """Matches of one sense: those that differ in more than a name come first."""
        places = array("i", self._matches((wanted,)))
        some = places[:: 1 + len(places) // _MOST_COMPARED]
        return self._in_turn(
            {at: _NAME.sub("", self._bodies[at].strip(), count=1) for at in some}
        )

    def _assigned(self) -> Iterable[int]:
        """Lines that give a name its value, one of each name first."""
        kinds = (Sense.ALARM, Sense.SETTING, Sense.PLAIN)
        said = self._said_once(kinds, assigned)
        return self._in_turn({at: assigned(one) for one, at in said.items()})

    def _checks(self) -> Iterable[int]:
        """Lines that compare with a bound, and those that raise."""
        kinds = (Sense.ALARM, Sense.SETTING, Sense.PLAIN, Sense.COMMENT)
        said = self._said_once(kinds, checks)
        return self._in_turn({at: one for one, at in said.items()})

    def _context(self) -> Iterable[int]:
        """Alarms, then definitions, in the lines around the matches."""
        matches = self._result.matches
        for wanted in (Sense.ALARM, Sense.DEFINITION):
            said = (at for at, one in enumerate(self._senses) if one == wanted)
            yield from evenly([at for at in said if not matches[at]])

    def _said_once(
        self, kinds: Collection[Sense], counts: Callable[[str], object]
    ) -> dict[str, int]:
        """What matches of some senses say, if it counts, with the first such line."""
        said: dict[str, int] = {}
        for at in self._matches(kinds):
            if len(said) < _MOST_COMPARED and counts(self._bodies[at]):
                said.setdefault(self._bodies[at].strip(), at)
        return said

    def _matches(self, kinds: Collection[Sense]) -> Iterator[int]:
        matches = self._result.matches
        for at, said in enumerate(self._senses):
            if matches[at] and said in kinds:
                yield at

    def _in_turn(self, said: dict[int, str]) -> Iterator[int]:
        """Give what is said first before what is said again, and files in turn.

        A file has its next turn the sooner the more lines of it there are. What
        stands aside comes last.

        Args:
            said: What each line says.
        """
        file_of = self._result.file_of
        sizes = Counter(file_of[at] for at in said)
        seen: set[str] = set()
        turns: Counter[tuple[int, bool]] = Counter()
        ranked: dict[tuple[int, bool, float], list[int]] = {}
        for at, words in said.items():
            file, again = file_of[at], words in seen
            seen.add(words)
            turns[file, again] += 1
            turn = turns[file, again] / math.sqrt(sizes[file])
            ranked.setdefault((self._aside[file], again, turn), []).append(at)
        for rank in sorted(ranked):
            yield from evenly(ranked[rank])

    def _of_each_file(self) -> Iterable[int]:
        """The most telling line of each file."""
        best: dict[int, tuple[int, int]] = {}
        for at, file in enumerate(self._result.file_of):
            if file >= 0 and self._result.matches[at]:
                rank = (self._senses[at], at)
                if file not in best or rank < best[file]:
                    best[file] = rank
        for last in (False, True):
            yield from evenly(
                [at for file, (_, at) in best.items() if self._aside[file] == last]
            )

    def _odd(self) -> list[int]:
        """Lines of logs with odd values; of very many, none stands out by one."""
        few = self._logs and len(self._bodies) <= _MOST_COMPARED
        return odd_lines(self._bodies, share=_ODD) if few else []

    def _distinct(self) -> Iterable[int]:
        """Lines that say what no line before them says, the plain ones first."""
        seen: set[str] = set()
        plain: list[int] = []
        rest: list[int] = []
        for at, body in enumerate(self._bodies):
            key = body.strip()
            if not key or key in seen or not self._result.matches[at]:
                continue
            seen.add(key)
            said = self._senses[at]
            (plain if said <= Sense.PLAIN else rest).append(at)
        yield from evenly(plain)
        yield from evenly(rest)


def _look_like_logs(bodies: Sequence[str]) -> bool:
    glance = bodies[:: 1 + len(bodies) // _GLANCE]
    logs = sum(1 for body in glance if _LOG_LINE.match(body[:120]))
    return logs >= _LOG_SHARE * len(glance)


def _failures(bodies: Sequence[str]) -> list[int]:
    """Failures in lines that look like those of a log, one of each template first."""
    again: Counter[str] = Counter()
    seen: set[str] = set()
    ranked: list[tuple[int, int]] = []
    for at, body in enumerate(bodies):
        if _LOG_LINE.match(body[:120]) is None or body in seen:
            continue
        if judge(body[:600])[0] >= Level.WARNING:
            seen.add(body)
            template = _DIGITS.sub("#", body[:200])
            ranked.append((again[template], at))
            again[template] += 1
    return [at for _, at in sorted(ranked)]


def _show_headings(result: SearchResult, shown: bytearray) -> None:
    """Show the heading of each file of which a line is shown."""
    if result.form != SearchForm.HEADED:
        return
    heading = -1
    for at, file in enumerate(result.file_of):
        if file >= 0 and not result.bodies[at]:
            heading = at
        elif shown[at] and heading >= 0:
            shown[heading] = 1
