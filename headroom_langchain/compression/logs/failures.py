"""The distinct failures of a log, in the order in which they deserve to be seen.

Two failures are the same only if their text after the timestamp is the same.
Templates decide the order: one failure of each before the second of any.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from headroom_langchain.compression.logs import frames
from headroom_langchain.structure.log_levels import Level
from headroom_langchain.structure.log_lines import Log, masked
from headroom_langchain.structure.stack_traces import Stack

_EVIDENCE = re.compile(
    r"\s*(?:[-+|#=] ?)?(?:expected|received|actual|got|want|wanted|left|right|reason"
    r"|message|error message|msg|but was|found|symbol|location|required|diff|stderr"
    r"|detail|hint|help|cause|note|exit code)s?\b.{0,24}?[:=]"
    r"|\s*(?:\.{0,2}/|[A-Z]:)[\w./\\-]+:\d+$|\s*(?:--> |-+> |[-+] ?[\[{'\"]|> +\d+ \|)"
    r"|\s+(?:waiting to lock|which is held by)",
    re.IGNORECASE,
)
_EVIDENCE_WITHIN = 10
_MOST_EVIDENCE = 4
_PYTEST = "E   "
_RUN_SHOWN = 3
_LONGEST_RUN: Final = 300
_MOST_DISTINCT: Final = 1500
_BLOCKED = re.compile(
    r"BLOCKED|waiting to lock|Semacquire|\.Lock\(|lock_wait|lll_lock|deadlock"
)
_THREAD_NAME = re.compile(
    r"(?:\"([^\"]*)\"|goroutine (\d+)|[Tt]hread (0x[0-9a-f]+|\d+))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One distinct error line or stack trace, where it occurs first."""

    place: Stack
    """Its lines; the stack of a single line has no frames."""
    template: str
    group: int
    """The number of the family of the line that names it."""
    again: int
    """How many other failures of its template come before it."""
    news: tuple[int, ...]
    """Lines of a stack trace that name errors as none of its template before does."""
    evidence: tuple[int, ...]
    """Lines after it that say what was expected and what was found."""

    @property
    def start(self) -> int:
        """Its first line."""
        return self.place.start

    @property
    def stop(self) -> int:
        """The line after its last."""
        return self.place.stop

    def views(self, log: Log) -> Iterator[list[int]]:
        """Give the lines to show, from all of them to ever fewer."""
        if not self.place.frames:
            own = list(range(self.start, self.stop))
            if self.evidence:
                yield [*own, *self.evidence]
            yield own
            yield own[:_RUN_SHOWN]
            return
        if self.again and not self.place.thread:
            yield [*self.news, *self.evidence] if self.news else []
            return
        for view in frames.views(log, self.place, log.bodies):
            yield [*view, *self.evidence]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """The failures of a log."""

    distinct: Sequence[Failure]
    """The distinct ones, the first of each template before others."""
    further: Mapping[str, Sequence[int]]
    """Where more of each template start, where there are very many."""


def find_failures(log: Log) -> Failures:
    """Find the distinct failures.

    Of thousands, those that are like one before are only counted.
    """
    finder = _Finder(log)
    stacks = {stack.start: stack for stack in log.stacks}
    free = 0
    for at, level in enumerate(log.lines.levels):
        if at < free:
            continue
        place = stacks.get(at)
        if place is None and level == Level.ERROR:
            place = Stack(at, _run_end(log, at), ())
        if place is not None:
            finder.add(place)
            free = place.stop
        elif finder.listens:
            finder.hear(at)
    ranked = sorted(finder.found, key=lambda one: _rank(log, one))
    return Failures(distinct=ranked, further=finder.further)


class _Finder:
    """Collects the distinct failures of a log, from its first line to its last."""

    def __init__(self, log: Log) -> None:
        self.found: list[Failure] = []
        self.further: dict[str, array[int]] = {}
        self._log = log
        self._seen: set[str] = set()
        self._again: Counter[str] = Counter()
        self._told: dict[str, set[str]] = {}
        self._tagged = {
            rest
            for at, level in enumerate(log.lines.levels)
            if level == Level.ERROR and (rest := _after_tag(log.lines.keys[at]))
        }
        self._said: set[str] = set()

    @property
    def listens(self) -> bool:
        """Whether it matters what lines say that are no failures."""
        return bool(self._tagged)

    def hear(self, at: int) -> None:
        """Note what a line says if a later one says it again after a tag."""
        said = self._log.lines.keys[at].strip()
        if said in self._tagged:
            self._said.add(said)

    def add(self, place: Stack) -> None:
        """Add a failure unless it is one that was found before."""
        log = self._log
        known = not place.frames and _after_tag(log.lines.keys[place.start])
        if not known or known not in self._said:
            key = stack_key(log, place)
            if key not in self._seen:
                self._add(place, key)
        for at in range(place.start, place.stop) if self.listens else ():
            self.hear(at)

    def _add(self, place: Stack, key: str) -> None:
        template = key if place.thread else _template(self._log, place)
        if self._again[template] and len(self.found) >= _MOST_DISTINCT:
            self.further.setdefault(template, array("I")).append(place.start)
            return
        if len(self.found) < _MOST_DISTINCT:
            self._seen.add(key)
        told = self._told.setdefault(template, set())
        again = self._again[template]
        self._again[template] += 1
        self.found.append(_failure(self._log, place, template, again, told))


def _after_tag(key: str) -> str:
    """Return what a line says after a level in brackets before it, if it has one."""
    tag, bracket, rest = key.partition("] ")
    return rest.strip() if bracket and tag[:1] == "[" else ""


def stack_key(log: Log, stack: Stack) -> str:
    """Return the text of a stack trace without timestamps.

    Of a thread only the calls count, so that the many idle ones are alike.
    """
    if stack.thread:
        return masked("\n".join([log.lines.keys[at] for at in stack.frames]))
    return "\n".join(log.lines.keys[stack.start : stack.stop])


def thread_name(log: Log, stack: Stack) -> str:
    """Return what a thread is called in the head of its stack."""
    hit = _THREAD_NAME.search(log.lines.keys[stack.start])
    return next(filter(None, hit.groups()), "") if hit is not None else ""


def naming_line(log: Log, stack: Stack) -> int:
    """Return the line of a stack trace that names the error."""
    naming = frames.causes(log, stack)
    last = [at for at in naming if not log.bodies[at].startswith("Traceback")]
    return (last or naming or [stack.start])[-1]


def naming_text(log: Log, stack: Stack) -> str:
    """Return all that a stack trace says besides its frames, in one line."""
    inner = set(stack.frames)
    return " ".join(
        log.bodies[at]
        for at in range(stack.start, stack.stop)
        if at not in inner and not log.bodies[at].startswith("Traceback")
    )


def _run_end(log: Log, at: int) -> int:
    """Where a failure of several lines ends: pytest begins each with an `E`."""
    stop = at + 1
    if log.lines.keys[at].startswith(_PYTEST):
        most = min(len(log.lines), at + _LONGEST_RUN)
        while stop < most and log.lines.keys[stop].startswith(_PYTEST):
            stop += 1
    return stop


def _rank(log: Log, one: Failure) -> tuple[bool, int, int]:
    idle = one.place.thread and not any(
        _BLOCKED.search(log.lines.keys[at]) for at in range(one.start, one.stop)
    )
    return idle, one.again, one.start


def _template(log: Log, place: Stack) -> str:
    if not place.frames:
        return log.lines.template(place.start)
    name = log.lines.template(naming_line(log, place))
    return f"{name}\n{log.lines.template(place.frames[-1])}"


def _failure(
    log: Log, place: Stack, template: str, again: int, told: set[str]
) -> Failure:
    """Make a failure, and add what it says to what those like it have told."""
    causes = frames.causes(log, place) if place.frames else []
    news = [at for at in causes if log.lines.keys[at] not in told]
    told.update(log.lines.keys[at] for at in news)
    family = log.lines.families[naming_line(log, place)]
    alone = place.thread or log.lines.keys[place.stop - 1].startswith(_PYTEST)
    return Failure(
        place=place,
        template=template,
        group=-1 - place.start if place.thread else family,
        again=again,
        news=tuple(news),
        evidence=() if alone else tuple(_evidence(log, place.stop)),
    )


def _evidence(log: Log, start: int) -> Iterator[int]:
    """Lines that tell more about the failure above, up to the next failure."""
    found = 0
    for at in range(start, min(len(log.lines), start + _EVIDENCE_WITHIN)):
        if log.lines.levels[at] == Level.ERROR:
            return
        if _EVIDENCE.match(log.lines.keys[at]):
            yield at
            found += 1
            if found == _MOST_EVIDENCE:
                return
