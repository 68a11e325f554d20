"""Find the stack traces of a log: Python, Java, JavaScript, Go, Rust, Ruby, .NET.

A stack trace is a head line that names the error, frames, and whatever stands
between frames: source lines, `Caused by:` and the sentences that chain causes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_FRAME = re.compile(
    r"\s*(?:at (?:async |new )?[\w$.<>@/\\\[(~-]|File \".*\", line \d"
    r"|from [^ ]+:\d+:in |# \./\S+:\d+|--- End of "
    r"|#\d+ +(?:0x|[\w/])|\.\.\. \d+ (?:more|common|lines matching)"
    r"|\| at |by 0x[0-9A-F]+: |at 0x[0-9A-F]+: "
    r"|- (?:locked|waiting|parking|eliminated) )"
    r"| +\d+: +(?:0x[0-9a-f]+ - )?(?:[\w<_]\S*$|[\w<_].*::)"
    r"|    [\w.<>]+ \([^()]*:\d+\)$"
)
_GO_FILE = re.compile(r"\t\S+\.\w+:\d+(?: \+0x[0-9a-f]+)?$")
_CHAIN = re.compile(
    r"\s*(?:Caused by|Suppressed|Wrapped by|\[CIRCULAR|---> |\[cause\]|\[errors\])"
    r"|During handling of the above|The above exception was the direct"
)
_THREAD = re.compile(
    r"\"[^\"]*\" #\d+|(?:Current t|T)hread (?:0x|\d+ \()|goroutine \d+ \["
)
_NUMBERED = re.compile(r" +\d+: ")
_RUST_PLACE = re.compile(r" +at ")
_PYTHON_HEAD = "Traceback (most recent call last)"
_GO_HEAD = re.compile(r"goroutine \d+ \[|panic: |fatal error: |SIG[A-Z]+: ")
_BEGINS = re.compile(f"{_GO_HEAD.pattern}|{_FRAME.pattern}")
_LONGEST = 2000
_HEAD_LINES = 6
_INSIDE_LINES = 4
_LEADS_ON = re.compile(rf"[ \t]|stack backtrace|{_CHAIN.pattern}")
_GO_HEAD_LINES = 8


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack trace: the lines `start` to before `stop`."""

    start: int
    stop: int
    frames: Sequence[int]
    """The lines that are frames or belong to one; all others name causes."""
    thread: bool = False
    """Whether it is one thread of a dump of all threads."""

    def calls(self, bodies: Sequence[str]) -> list[list[int]]:
        """Group the frames into calls, such as a call with its source line."""
        calls: list[list[int]] = []
        last = -2
        for at in self.frames:
            if at - last > 1 or _starts_call(bodies, at):
                calls.append([])
            calls[-1].append(at)
            last = at
        return calls


def find_stacks(bodies: Sequence[str]) -> tuple[Stack, ...]:
    """Find the stack traces in lines without their timestamps.

    Returns:
        The traces in order; they do not overlap, and each has two frames or more
        or is a Python traceback.
    """
    stacks: list[Stack] = []
    free = 0
    for at, body in enumerate(bodies):
        if at < free or not (_BEGINS.match(body) or _PYTHON_HEAD in body):
            continue
        stack = _stack_at(bodies, at, free)
        if stack is not None:
            stacks.append(stack)
            free = stack.stop
    return tuple(stacks)


def _packed(places: list[int]) -> Sequence[int]:
    """Keep numbers that follow each other as a range, which takes less memory."""
    if not places or places[-1] - places[0] + 1 != len(places):
        return tuple(places)
    return range(places[0], places[-1] + 1)


def _starts_call(bodies: Sequence[str], at: int) -> bool:
    """Whether a line that belongs to a frame is the first of its call."""
    if _is_frame(bodies[at]):
        return not (_RUST_PLACE.match(bodies[at]) and _NUMBERED.match(bodies[at - 1]))
    return at + 1 < len(bodies) and _GO_FILE.match(bodies[at + 1]) is not None


def _stack_at(bodies: Sequence[str], at: int, free: int) -> Stack | None:
    body = bodies[at]
    if _PYTHON_HEAD in body:
        return _python(bodies, at)
    if _GO_HEAD.match(body):
        return _go(bodies, at)
    if _is_frame(body):
        return _framed(bodies, at, free)
    return None


def _is_frame(body: str) -> bool:
    return len(body) < _LONGEST and _FRAME.match(body) is not None


def _python(bodies: Sequence[str], start: int) -> Stack:
    indent = bodies[start].find(_PYTHON_HEAD)
    frames: list[int] = []
    at = start + 1
    while at < len(bodies):
        line = bodies[at]
        lead = len(line) - len(line.lstrip())
        inside = line.strip() and lead > min(indent, 8)
        if inside or (not line.strip() and _goes_on(bodies, at)):
            frames.append(at)
        elif _begins_anew(bodies, at) or not _is_between_causes(bodies, at):
            break
        at += 1
    return Stack(start, min(len(bodies), at), _packed(frames))


def _begins_anew(bodies: Sequence[str], at: int) -> bool:
    """Whether a line is the head of a trace that is no cause of the one above."""
    if _PYTHON_HEAD not in bodies[at]:
        return False
    return not any(map(_CHAIN.match, bodies[max(0, at - 2) : at]))


def _is_between_causes(bodies: Sequence[str], at: int) -> bool:
    """Whether a line is the exception itself or leads to the next cause."""
    line = bodies[at]
    if _CHAIN.match(line) or _PYTHON_HEAD in line:
        return True
    before = bodies[at - 1]
    after_frames = before[:1] in (" ", "\t") and bool(line.strip())
    if after_frames and len(before.strip()) > 0:
        return True
    return not line.strip() and _goes_on(bodies, at)


def _goes_on(bodies: Sequence[str], at: int) -> bool:
    following = bodies[at + 1 : at + 3]
    return any(_CHAIN.match(line) or _PYTHON_HEAD in line for line in following)


def _go(bodies: Sequence[str], start: int) -> Stack | None:
    frames: list[int] = []
    at = start + 1
    while at < len(bodies):
        line = bodies[at]
        if _GO_FILE.match(line):
            frames += [at - 1, at] if at - 1 > start else [at]
        elif (
            bool(frames and _GO_HEAD.match(line))
            or not _go_on_go(bodies, at)
            or (not frames and at - start > _GO_HEAD_LINES)
        ):
            break
        at += 1
    while at - 1 > start and not bodies[at - 1].strip():
        at -= 1
    thread = bodies[start].startswith("goroutine")
    return Stack(start, at, _packed(frames), thread) if frames else None


def _go_on_go(bodies: Sequence[str], at: int) -> bool:
    line = bodies[at]
    if _GO_HEAD.match(line) or line.startswith(("[signal ", "exit status")):
        return True
    ahead = bodies[at + 1 : at + 3]
    if not line.strip():
        return any(_GO_HEAD.match(one) or _GO_FILE.match(one) for one in ahead)
    return bool(ahead) and _GO_FILE.match(ahead[0]) is not None


def _framed(bodies: Sequence[str], first: int, free: int) -> Stack | None:
    """A trace whose frames can be told by their looks, with the head lines before."""
    frames: list[int] = []
    at = first
    while at < len(bodies):
        if _is_frame(bodies[at]):
            frames.append(at)
        elif _THREAD.match(bodies[at]) or not _is_inside(bodies, at):
            break
        at += 1
    least = 1 if bodies[first].lstrip().startswith("at 0x") else 2
    if len(frames) < least:
        return None
    start = first
    while start > free and first - start < _HEAD_LINES and bodies[start - 1].strip():
        start -= 1
        if not _LEADS_ON.match(bodies[start]):
            break
    thread = _THREAD.match(bodies[start]) is not None
    return Stack(start, at, _packed(frames), thread)


def _is_inside(bodies: Sequence[str], at: int) -> bool:
    """Whether a line is a cause, or stands between two frames."""
    line = bodies[at]
    if _CHAIN.match(line):
        return True
    if not line[:2].isspace():
        return False
    ahead = bodies[at + 1 : at + 1 + _INSIDE_LINES]
    return any(map(_is_frame, ahead)) and all(one[:1].isspace() for one in ahead[:1])
