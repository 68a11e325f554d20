"""Write the chosen lines of a log, with a count wherever lines are left out."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence

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
        self._stack_of = array("i", [-1]) * len(log.lines)
        for number, stack in enumerate(log.stacks):
            size = stack.stop - stack.start
            self._stack_of[stack.start : stack.stop] = array("i", [number]) * size
        self._stack_counts = _counts_of_stacks(log, shown)
        self._counts = self._counts_of_lines()
        self._counted: set[str] = set()
        self._told_of: set[Family] = set()

    def line(self, at: int) -> None:
        """Write one line, how often it occurs in all, and what is like it."""
        line = self._log.lines[at]
        self.out.append(clip(self._log.shown[at]))
        number = self._stack_of[at]
        if number < 0:
            self._count(line.key, self._counts[line.key], "line")
        elif at == self._log.stacks[number].stop - 1:
            key = stack_key(self._log, self._log.stacks[number])
            self._count(key, self._stack_counts[key], "stack trace")
        if at in self._notes:
            self.out.append(f"[{self._notes[at]}]")

    def _count(self, key: str, count: int, what: str) -> None:
        if count > 1 and key not in self._counted:
            self._counted.add(key)
            self.out.append(f"[this {what} {count:,} times in all]")

    def gap(self, start: int, stop: int) -> None:
        """Count lines that are left out, or write them when that is shorter."""
        noted = self._noted[
            bisect_left(self._noted, start) : bisect_left(self._noted, stop)
        ]
        if not noted and self._is_free(start, stop):
            for at in range(start, stop):
                self._shown[at] = 1
                self.line(at)
            return
        stacks = self._stack_of
        of_frames = stacks[start] >= 0 and stacks[start] == stacks[stop - 1]
        noun = "line" if stop - start == 1 else "lines"
        note = f"... {stop - start:,} {noun}{' of frames' if of_frames else ''}"
        told = [self._notes[at] for at in noted]
        if not of_frames and stop - start >= _TOLD_FROM:
            told += self._families(start, stop)
        self.out.append(f"[{note}: {'; '.join(told)}]" if told else f"[{note}]")

    def _counts_of_lines(self) -> Counter[str]:
        """Count the alarming lines that are shown."""
        lines, shown = self._log.lines, self._shown
        alarming = [
            at
            for at, level in enumerate(lines.levels)
            if level >= Level.WARNING and self._stack_of[at] < 0
        ]
        wanted = {lines.keys[at] for at in alarming if shown[at]}
        return Counter(key for at in alarming if (key := lines.keys[at]) in wanted)

    def _is_free(self, start: int, stop: int) -> bool:
        """Whether lines are not longer than the note that would stand for them."""
        if stop - start > _FREE_LINES:
            return False
        texts = self._log.lines.texts[start:stop]
        return sum(map(len, texts)) <= _FREE_CHARACTERS

    def _families(self, start: int, stop: int) -> list[str]:
        """Say what most lines of a gap look like, of each family once."""
        lines = self._log.lines
        families: Counter[Family] = Counter(
            family
            for at in range(start, stop)
            if lines.levels[at] < Level.WARNING and self._stack_of[at] < 0
            if (family := self._log.families[lines.families[at]]).words
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


def _counts_of_stacks(log: Log, shown: Sequence[int]) -> Counter[str]:
    """Count the stack traces that are shown to their end."""
    stacks = [stack for stack in log.stacks if not stack.thread]
    wanted = {stack_key(log, stack) for stack in stacks if shown[stack.stop - 1]}
    if not wanted:
        return Counter()
    keys = (stack_key(log, stack) for stack in stacks)
    return Counter(key for key in keys if key in wanted)
