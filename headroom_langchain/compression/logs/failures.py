"""The distinct failures of a log, in the order in which they deserve to be seen.

Two failures are the same only if their text after the timestamp is the same.
Templates decide the order: one failure of each before the second of any.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headroom_langchain.structure.log_levels import Level
from headroom_langchain.structure.log_lines import Log
from headroom_langchain.structure.stack_traces import Stack

_WHOLE_FRAMES = 40
_FOLDED_ENDS = 14
_SHORT_ENDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One distinct error line or stack trace, where it occurs first."""

    start: int
    stop: int
    frames: tuple[int, ...]
    template: str
    again: int
    """How many other failures of its template come before it."""
    continued: bool
    """Whether it goes on a failure in the line before, as in a pytest report."""

    def views(self) -> Iterator[list[int]]:
        """Give the lines to show, from all of them to ever fewer frames."""
        if not self.frames:
            yield list(range(self.start, self.stop))
            return
        if len(self.frames) <= _WHOLE_FRAMES:
            yield self._with_ends(_WHOLE_FRAMES)
        for ends in (_FOLDED_ENDS, _SHORT_ENDS):
            yield self._with_ends(ends)

    @property
    def shortest(self) -> list[int]:
        """The lines that name causes, without frames."""
        return self._with_ends(0)

    def _with_ends(self, ends: int) -> list[int]:
        inner = self.frames[ends : max(ends, len(self.frames) - ends)]
        hidden = set(inner)
        return [at for at in range(self.start, self.stop) if at not in hidden]


def find_failures(log: Log) -> list[Failure]:
    """Find the distinct failures, the first of each template before others."""
    found: list[Failure] = []
    seen: set[str] = set()
    counts: dict[str, int] = {}
    stacks = {stack.start: stack for stack in log.stacks}
    at = 0
    while at < len(log.lines):
        stack = stacks.get(at)
        stop = at + 1 if stack is None else stack.stop
        if stack is not None or log.lines[at].level == Level.ERROR:
            key = stack_key(log, stack) if stack is not None else log.lines[at].key
            if key not in seen:
                seen.add(key)
                template = _template(log, at, stack)
                again = counts.get(template, 0)
                counts[template] = again + 1
                found.append(
                    _failure(log, stack or Stack(at, stop, ()), template, again)
                )
        at = stop
    return sorted(found, key=lambda one: (one.continued, one.again, one.start))


def stack_key(log: Log, stack: Stack) -> str:
    """Return the text of a stack trace without timestamps."""
    return "\n".join(log.lines[at].key for at in range(stack.start, stack.stop))


def naming_line(log: Log, stack: Stack) -> int:
    """Return the line of a stack trace that names the error."""
    frames = set(stack.frames)
    naming = [at for at in range(stack.start, stack.stop) if at not in frames]
    named = [at for at in naming if log.lines[at].level >= Level.WARNING]
    last = [at for at in named if not log.lines[at].key.startswith("Traceback")]
    return (last or naming or [stack.start])[-1]


def _template(log: Log, at: int, stack: Stack | None) -> str:
    if stack is None:
        return log.lines[at].template
    name = log.lines[naming_line(log, stack)].template
    inner = stack.frames[-1] if stack.frames else at
    return f"{name}\n{log.lines[inner].template}"


def _failure(log: Log, place: Stack, template: str, again: int) -> Failure:
    before = log.lines[place.start - 1] if place.start else None
    continued = (
        not place.frames
        and before is not None
        and before.level == Level.ERROR
        and before.text.startswith("E   ")
    )
    return Failure(
        start=place.start,
        stop=place.stop,
        frames=place.frames,
        template=template,
        again=again,
        continued=continued,
    )
