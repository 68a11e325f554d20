r"""Regular expressions that somebody else writes, made safe to run.

Python's engine backtracks, and a pattern such as `(a+)+$` can keep it busy for
ever. So repeats of a group with a repeat or a choice in it are refused, `.*` is
taken apart into searches one after the other, and the more repeats and choices a
pattern has, the shorter the stretches of a line that it is run on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Final

_LONGEST: Final = 500
_SHOWN: Final = 60
_MOST_REPEATS: Final = 3
_FEW: Final = 4
_CHOICES_LIKE_A_REPEAT: Final = 30
_SET_OPERATORS: Final = ("--", "&&", "~~", "||")
_LARGEST_COUNT: Final = 1000
_STRETCHES: Final = (1000, 1000, 240, 80)
_SECONDS: Final = 2.0
_GAP = re.compile(r"\.[*+]\??")
_COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")
_REPEATS: Final = "*+?{"

_NESTED: Final = (
    "a repeat around a repeat or a choice, as in `(a+)+`, can run for ever; write it "
    "without one of them, or search for plain words."
)
_REFERENCE: Final = "back references are not supported; search for plain words."
_MANY: Final = (
    "it has more than three repeats besides `.*`, or too many choices; write a "
    "shorter one."
)
_SETS: Final = (
    "sets inside a set, as in `[[:alpha:]]`, are not supported; write `[a-z]`, or "
    r"`\[` for a bracket."
)
_LONG: Final = "it is longer than 500 characters; write a shorter one."
_COUNTS: Final = "it repeats more than 1,000 times; write a smaller number."


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """What a pattern found."""

    lines: Sequence[int]
    """The indexes of the lines that match."""
    searched: int
    """How many lines were looked at."""
    complete: bool
    """Whether those were all; else the pattern took too long."""


@dataclass(frozen=True, slots=True)
class SafePattern:
    """A regular expression that cannot run away. Case does not matter."""

    source: str
    """The pattern as the model wrote it, without its slashes."""
    parts: tuple[re.Pattern[str], ...]
    """What must occur one after the other in a line."""
    stretch: int
    """How many characters of a line each part is run on at once."""
    seconds: float = _SECONDS
    """How long a search through a text may take."""
    clock: Callable[[], float] = field(default=time.monotonic, compare=False)

    def search(self, lines: Iterable[str]) -> Matches:
        """Find the lines that match, until the time is over."""
        end = self.clock() + self.seconds
        found: list[int] = []
        searched = 0
        for at, line in enumerate(lines):
            if self.clock() > end:
                return Matches(lines=found, searched=searched, complete=False)
            if self._occurs(line):
                found.append(at)
            searched += 1
        return Matches(lines=found, searched=searched, complete=True)

    def _occurs(self, line: str) -> bool:
        start = 0
        for part in self.parts:
            found = self._search(part, line, start)
            if found is None:
                return False
            start = found
        return True

    def _search(self, part: re.Pattern[str], line: str, start: int) -> int | None:
        """Return where the first match ends, looking at overlapping stretches."""
        if part.pattern.endswith("$") and not part.pattern.endswith("\\$"):
            start = max(start, len(line) - self.stretch)
        while True:
            end = min(len(line), start + self.stretch)
            match = part.search(line, start, end)
            if match is not None:
                return match.end()
            if end == len(line):
                return None
            start += max(1, self.stretch // 2)


def compile_pattern(source: str) -> SafePattern | str:
    """Make a pattern safe.

    Args:
        source: The pattern, without slashes.

    Returns:
        The pattern, or a sentence for the model that says what is wrong with it.
    """
    shown = source if len(source) <= _SHOWN else source[:_SHOWN] + "…"
    problem = _LONG if len(source) > _LONGEST else _problem(source)
    if problem is None:
        try:
            re.compile(source)
            parts = [part for part in _split(source) if part]
            compiled = tuple(re.compile(part, re.IGNORECASE) for part in parts)
        except (re.error, OverflowError, RecursionError) as error:
            problem = f"{error}. Correct it, or search for plain words."
        else:
            repeats = max((_Reading(part).worth for part in parts), default=0)
            if repeats <= _MOST_REPEATS:
                return SafePattern(source, compiled, _STRETCHES[repeats])
            problem = _MANY
    return f"The regular expression `/{shown}/` cannot be used: {problem}"


def can_run_away(source: str) -> bool:
    """Tell whether a pattern has a repeat around a repeat or a choice."""
    return _Reading(source).nested


def _problem(source: str) -> str | None:
    reading = _Reading(source)
    if reading.references:
        return _REFERENCE
    if reading.nested:
        return _NESTED
    if reading.sets:
        return _SETS
    return _COUNTS if reading.largest > _LARGEST_COUNT else None


def _split(source: str) -> list[str]:
    """Cut a pattern at its `.*`, unless that stands in a group or beside a choice.

    What comes before a cut takes as little as it can, so that the rest is found
    behind it.
    """
    parts: list[str] = []
    start = 0
    for at, end in _Reading(source).gaps:
        some = "." if source[at + 1] == "+" else ""
        parts.append(_lazy(source[start:at]) + some)
        start = end
    parts.append(source[start:])
    return parts


def _lazy(part: str) -> str:
    """Return a pattern whose repeats take as little as they can."""
    for at in reversed(_Reading(part).greedy):
        part = f"{part[:at]}?{part[at:]}"
    return part


class _Reading:
    """What a pattern repeats, read from left to right without running it."""

    def __init__(self, source: str) -> None:
        self.repeats = 0
        self.largest = 0
        self.nested = False
        self.references = False
        self.sets = False
        self.gaps: list[tuple[int, int]] = []
        self.greedy: list[int] = []
        self._source = source
        self._groups: list[bool] = []
        self._ways: list[int] = []
        self._choices = 1
        self._choice = False
        self._read()
        if self._choice:
            self.repeats += len(self.gaps)
            self.gaps = []

    @property
    def worth(self) -> int:
        """How many repeats it is like, since many choices take as long as one."""
        return self.repeats + int(log(self._choices, _CHOICES_LIKE_A_REPEAT))

    def _read(self) -> None:
        at = 0
        while at < len(self._source):
            at = self._step(at)

    def _step(self, at: int) -> int:
        """Read one element and the repeat behind it; return where the next starts."""
        source = self._source
        char = source[at]
        gap = _GAP.match(source, at)
        if gap and not self._groups:
            self.gaps.append(gap.span())
            return gap.end()
        simple = True
        if char == "\\":
            self.references |= source[at + 1 : at + 2].isdigit()
            self.references |= source[at + 1 : at + 2] in {"k", "g"}
            at += 2
        elif char == "[":
            end = _class_end(source, at)
            self._note_sets(source[at + 1 : end - 1].removeprefix("^"))
            at = end
        elif char == "(":
            self._open(at)
            return at + 1
        elif char == ")":
            simple = not (self._groups.pop() if self._groups else False)
            self._choices *= self._ways.pop() if self._ways else 1
            at += 1
            if not simple:
                self._mark()
        elif char == "|":
            self._mark()
            if self._ways:
                self._ways[-1] += 1
            self._choice |= not self._groups
            return at + 1
        else:
            at += 1
        return self._repeat(at, simple=simple)

    def _open(self, at: int) -> None:
        inner = self._source[at + 1 : at + 4]
        self.references |= inner.startswith(("?P=", "?("))
        self._groups.append(False)
        self._ways.append(1)

    def _note_sets(self, inside: str) -> None:
        """Note what Python will read as a set in a set, and warns of until then."""
        operators = any(operator in inside for operator in _SET_OPERATORS)
        self.sets |= inside.startswith("[") or operators

    def _mark(self) -> None:
        """Note that the group around has something that must not be repeated."""
        if self._groups:
            self._groups[-1] = True

    def _repeat(self, at: int, *, simple: bool) -> int:
        source = self._source
        if source[at : at + 1] not in tuple(_REPEATS):
            return at
        count = _COUNT.match(source, at)
        if source[at] == "{" and count is None:
            return at
        end = count.end() if count else at + 1
        fewest, most = _extent(source[at], count)
        if most > 1:
            self.nested |= not simple
            self.repeats += most > _FEW
            self.largest = max(self.largest, most if count else 0)
        if most <= _FEW:
            self._choices *= max(1, most - fewest + 1)
        self._mark()
        if source[end : end + 1] in {"?", "+"}:
            return end + 1
        self.greedy.append(end)
        return end


def _extent(char: str, count: re.Match[str] | None) -> tuple[int, int]:
    """Return how often something is repeated at least and at most."""
    if count is None:
        return int(char == "+"), 1 if char == "?" else _LARGEST_COUNT
    fewest, comma, most = count.groups()
    least = int(fewest[:9] or 0)
    if most:
        return least, int(most[:9])
    return least, max(_LARGEST_COUNT if comma else 0, least)


def _class_end(source: str, at: int) -> int:
    """Return where a set of characters ends that starts with a bracket."""
    at += 2 if source[at + 1 : at + 2] == "^" else 1
    at += source[at : at + 1] == "]"
    while at < len(source) and source[at] != "]":
        at += 2 if source[at] == "\\" else 1
    return at + 1
