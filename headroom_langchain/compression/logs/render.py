"""Write the chosen lines of a log, with a count wherever lines are left out."""

from __future__ import annotations

from collections import Counter

from headroom_langchain.compression.logs.failures import naming_line, stack_key
from headroom_langchain.structure.log_levels import Level, first_alarm
from headroom_langchain.structure.log_lines import Family, Line, Log

ELLIPSIS = "…"
_CLIPPED = 480
_CLIP_HEAD = 160
_AROUND = 80
_TOLD_FROM = 6
_TEMPLATES = 2
_FAILURE_TEMPLATES = 6
_PATTERN = 70
_FREE_LINES = 2
_FREE_CHARACTERS = 36


def clip(text: str) -> str:
    """Shorten an over-long line around what is alarming in it."""
    if len(text) <= _CLIPPED:
        return text
    alarm = first_alarm(text)
    if alarm < _CLIPPED - _AROUND:
        return text[: _CLIPPED - 1] + ELLIPSIS
    start = max(_CLIP_HEAD, alarm - _AROUND)
    stop = start + _CLIPPED - _CLIP_HEAD
    end = ELLIPSIS if stop < len(text) else ""
    return text[:_CLIP_HEAD] + ELLIPSIS + text[start:stop] + end


def render_log(log: Log, shown: bytearray) -> str:
    """Write an excerpt.

    Args:
        log: The log.
        shown: One byte per line; lines that cost less than the note that they are
            missing are shown too, and marked so here.
    """
    writer = _Writer(log, shown)
    at = 0
    while at < len(log.lines):
        if shown[at]:
            writer.line(at)
            at += 1
            continue
        stop = at
        while stop < len(log.lines) and not shown[stop]:
            stop += 1
        writer.gap(at, stop)
        at = stop
    return "\n".join(writer.out).rstrip("\r\n")


class _Writer:
    """Collects the lines of an excerpt."""

    def __init__(self, log: Log, shown: bytearray) -> None:
        self.out: list[str] = []
        self._log = log
        self._shown = shown
        self._stack_of = {
            at: stack for stack in log.stacks for at in range(stack.start, stack.stop)
        }
        self._stack_counts = Counter(stack_key(log, stack) for stack in log.stacks)
        self._counts = Counter(
            line.key
            for at, line in enumerate(log.lines)
            if line.level >= Level.WARNING and at not in self._stack_of
        )
        self._counted: set[str] = set()

    def line(self, at: int) -> None:
        """Write one line, and how often it occurs in all."""
        line = self._log.lines[at]
        self.out.append(clip(line.text))
        stack = self._stack_of.get(at)
        if stack is None:
            count, key, what = self._counts[line.key], line.key, "line"
        elif at == stack.stop - 1:
            key = stack_key(self._log, stack)
            count, what = self._stack_counts[key], "stack trace"
        else:
            return
        if count > 1 and key not in self._counted:
            self._counted.add(key)
            self.out.append(f"[this {what} {count:,} times in all]")

    def gap(self, start: int, stop: int) -> None:
        """Count lines that are left out, or write them when that is shorter."""
        lines = self._log.lines[start:stop]
        size = sum(len(line.text) for line in lines)
        if stop - start <= _FREE_LINES and size <= _FREE_CHARACTERS:
            for at in range(start, stop):
                self._shown[at] = 1
                self.line(at)
            return
        noun = "line" if stop - start == 1 else "lines"
        note = f"... {stop - start:,} {noun} not shown"
        told = self._told(start, stop)
        self.out.append(f"[{note}: {told}]" if told else f"[{note}]")

    def _told(self, start: int, stop: int) -> str:
        """Say which failures and which families a gap holds."""
        failures: Counter[Family] = Counter()
        families: Counter[Family] = Counter()
        for at in range(start, stop):
            line = self._log.lines[at]
            stack = self._stack_of.get(at)
            if stack is not None:
                if at == stack.start:
                    name = self._log.lines[naming_line(self._log, stack)]
                    failures[self._family(name)] += 1
            elif line.level == Level.ERROR:
                failures[self._family(line)] += 1
            elif line.template.strip():
                families[self._family(line)] += 1
        parts = [self._part(*one) for one in failures.most_common(_FAILURE_TEMPLATES)]
        others = len(failures) - len(parts)
        if others:
            parts.append(f"{others} other kinds of failure")
        if stop - start >= _TOLD_FROM:
            top = families.most_common(_TEMPLATES)
            parts += [self._part(*one) for one in top if one[1] > 1]
        return "; ".join(parts)

    def _family(self, line: Line) -> Family:
        return self._log.families[line.family]

    def _part(self, family: Family, count: int) -> str:
        pattern = family.pattern
        if len(pattern) > _PATTERN:
            pattern = pattern[: _PATTERN - 1] + ELLIPSIS
        return f"{count:,}x {pattern}"
