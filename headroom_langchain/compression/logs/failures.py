"""The distinct failures of a log, in the order in which they deserve to be seen.

Two failures are the same only if their text after the timestamp is the same.
Templates decide the order: one failure of each before the second of any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

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
    """Lines that name errors as no failure of its template before it does."""
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


def find_failures(log: Log) -> list[Failure]:
    """Find the distinct failures, the first of each template before others."""
    found: list[Failure] = []
    seen: set[str] = set()
    counts: dict[str, int] = {}
    said: set[str] = set()
    named: dict[str, set[str]] = {}
    stacks = {stack.start: stack for stack in log.stacks}
    at = 0
    while at < len(log.lines):
        stack = stacks.get(at)
        stop = _run_end(log, at) if stack is None else stack.stop
        if stack is not None or (
            log.lines[at].level == Level.ERROR and not _said_before(log, at, said)
        ):
            key = stack_key(log, stack or Stack(at, stop, ()))
            if key not in seen:
                seen.add(key)
                thread = stack is not None and stack.thread
                template = key if thread else _template(log, at, stack)
                again = counts.get(template, 0)
                counts[template] = again + 1
                place = stack or Stack(at, stop, ())
                told = named.setdefault(template, set())
                found.append(_failure(log, place, template, again, told))
        said.update(log.lines[line].key.strip() for line in range(at, stop))
        at = stop
    return sorted(found, key=lambda one: _rank(log, one))


def stack_key(log: Log, stack: Stack) -> str:
    """Return the text of a stack trace without timestamps.

    Of a thread only the calls count, so that the many idle ones are alike.
    """
    if stack.thread:
        return "\n".join(masked(log.lines[at].key) for at in stack.frames)
    return "\n".join(log.lines[at].key for at in range(stack.start, stack.stop))


def thread_name(log: Log, stack: Stack) -> str:
    """Return what a thread is called in the head of its stack."""
    hit = _THREAD_NAME.search(log.lines[stack.start].key)
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


def _said_before(log: Log, at: int, said: set[str]) -> bool:
    """Whether a line says again, with a level before it, what one said without."""
    tag, bracket, rest = log.lines[at].key.partition("] ")
    return bool(bracket) and tag[:1] == "[" and rest.strip() in said


def _run_end(log: Log, at: int) -> int:
    """Where a failure of several lines ends: pytest begins each with an `E`."""
    stop = at + 1
    if log.lines[at].key.startswith(_PYTEST):
        while stop < len(log.lines) and log.lines[stop].key.startswith(_PYTEST):
            stop += 1
    return stop


def _rank(log: Log, one: Failure) -> tuple[bool, int, int]:
    idle = one.place.thread and not any(
        _BLOCKED.search(log.lines[at].key) for at in range(one.start, one.stop)
    )
    return idle, one.again, one.start


def _template(log: Log, at: int, stack: Stack | None) -> str:
    if stack is None:
        return log.lines[at].template
    name = log.lines[naming_line(log, stack)].template
    inner = stack.frames[-1] if stack.frames else at
    return f"{name}\n{log.lines[inner].template}"


def _failure(
    log: Log, place: Stack, template: str, again: int, told: set[str]
) -> Failure:
    """Make a failure, and add what it says to what those like it have told."""
    causes = frames.causes(log, place)
    news = [at for at in causes if log.lines[at].key not in told]
    told.update(log.lines[at].key for at in news)
    family = log.lines[naming_line(log, place)].family
    alone = place.thread or log.lines[place.stop - 1].key.startswith(_PYTEST)
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
        line = log.lines[at]
        if line.level == Level.ERROR:
            return
        if _EVIDENCE.match(line.key):
            yield at
            found += 1
            if found == _MOST_EVIDENCE:
                return
