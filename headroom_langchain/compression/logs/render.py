"""Write the chosen lines of a log, with a count wherever lines are left out."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping

from headroom_langchain.compression.logs.failures import stack_key
from headroom_langchain.compression.logs.variants import ELLIPSIS
from headroom_langchain.structure.log_levels import Level, first_alarm
from headroom_langchain.structure.log_lines import Family, Log

_CLIPPED = 480
_CLIP_HEAD = 160
_CLIP_TAIL = 140
_AROUND = 80
_TOLD_FROM = 10
_TEMPLATES = 2
_PATTERN = 70
_FREE_LINES = 2
_FREE_CHARACTERS = 36


def clip(text: str) -> str:
    """Shorten an over-long line around what is alarming in it, or in the middle."""
    if len(text) <= _CLIPPED:
        return text
    alarm = first_alarm(text)
    if alarm < _CLIPPED - _AROUND:
        return text[: _CLIPPED - _CLIP_TAIL] + ELLIPSIS + text[1 - _CLIP_TAIL :]
    start = max(_CLIP_HEAD, alarm - _AROUND)
    stop = start + _CLIPPED - _CLIP_HEAD
    end = ELLIPSIS if stop < len(text) else ""
    return text[:_CLIP_HEAD] + ELLIPSIS + text[start:stop] + end


def render_log(log: Log, shown: bytearray, notes: Mapping[int, str]) -> str:
    """Write an excerpt.

    Args:
        log: The log.
        shown: One byte per line; lines that cost less than the note that they are
            missing are shown too, and marked so here.
        notes: What to say below a line that is shown, or where it is not shown.
    """
    writer = _Writer(log, shown, notes)
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

    def __init__(self, log: Log, shown: bytearray, notes: Mapping[int, str]) -> None:
        self.out: list[str] = []
        self._log = log
        self._shown = shown
        self._notes = notes
        self._noted = sorted(notes)
        self._stack_of = {
            at: stack for stack in log.stacks for at in range(stack.start, stack.stop)
        }
        self._stack_counts = Counter(
            stack_key(log, stack) for stack in log.stacks if not stack.thread
        )
        self._counts = Counter(
            line.key
            for at, line in enumerate(log.lines)
            if line.level >= Level.WARNING and at not in self._stack_of
        )
        self._counted: set[str] = set()
        self._told_of: set[Family] = set()

    def line(self, at: int) -> None:
        """Write one line, how often it occurs in all, and what is like it."""
        line = self._log.lines[at]
        self.out.append(clip(line.text))
        stack = self._stack_of.get(at)
        if stack is None:
            self._count(line.key, self._counts[line.key], "line")
        elif at == stack.stop - 1 and not stack.thread:
            key = stack_key(self._log, stack)
            self._count(key, self._stack_counts[key], "stack trace")
        if at in self._notes:
            self.out.append(f"[{self._notes[at]}]")

    def _count(self, key: str, count: int, what: str) -> None:
        if count > 1 and key not in self._counted:
            self._counted.add(key)
            self.out.append(f"[this {what} {count:,} times in all]")

    def gap(self, start: int, stop: int) -> None:
        """Count lines that are left out, or write them when that is shorter."""
        lines = self._log.lines[start:stop]
        size = sum(len(line.text) for line in lines)
        noted = self._noted[
            bisect_left(self._noted, start) : bisect_left(self._noted, stop)
        ]
        if stop - start <= _FREE_LINES and size <= _FREE_CHARACTERS and not noted:
            for at in range(start, stop):
                self._shown[at] = 1
                self.line(at)
            return
        stack = self._stack_of.get(start)
        of_frames = stack is not None and stack is self._stack_of.get(stop - 1)
        noun = "line" if stop - start == 1 else "lines"
        note = f"... {stop - start:,} {noun}{' of frames' if of_frames else ''}"
        told = [self._notes[at] for at in noted]
        if not of_frames and stop - start >= _TOLD_FROM:
            told += self._families(start, stop)
        self.out.append(f"[{note}: {'; '.join(told)}]" if told else f"[{note}]")

    def _families(self, start: int, stop: int) -> list[str]:
        """Say what most lines of a gap look like, of each family once."""
        families: Counter[Family] = Counter(
            self._log.families[self._log.lines[at].family]
            for at in range(start, stop)
            if self._log.lines[at].level < Level.WARNING
            and at not in self._stack_of
            and self._log.lines[at].template.strip()
        )
        told: list[str] = []
        for family, count in families.most_common(_TEMPLATES):
            if count > 1 and family not in self._told_of:
                self._told_of.add(family)
                pattern = family.pattern
                if len(pattern) > _PATTERN:
                    pattern = pattern[: _PATTERN - 1] + ELLIPSIS
                told.append(f"{count:,}x {pattern}")
        return told
