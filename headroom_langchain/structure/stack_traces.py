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
    r"|from [^ ]+:\d+:in "
    r"|#\d+ +(?:0x|[\w/])|\d+: +(?:0x[0-9a-f]+ - )?[\w<:]+(?:::|$)"
    r"|\.\.\. \d+ (?:more|common)"
    r"|\| at |by 0x[0-9A-F]+: |at 0x[0-9A-F]+: )"
)
_GO_FILE = re.compile(r"\t\S+\.\w+:\d+(?: \+0x[0-9a-f]+)?$")
_CHAIN = re.compile(
    r"\s*(?:Caused by|Suppressed|Wrapped by|\[CIRCULAR|--- End of )"
    r"|During handling of the above|The above exception was the direct"
)
_PYTHON_HEAD = "Traceback (most recent call last)"
_GO_HEAD = re.compile(r"goroutine \d+ \[|panic: |fatal error: |SIG[A-Z]+: ")
_LONGEST = 2000
_HEAD_LINES = 3
_GO_HEAD_LINES = 8


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack trace: the lines `start` to before `stop`."""

    start: int
    stop: int
    frames: tuple[int, ...]
    """The lines that are frames or belong to one; all others name causes."""


def find_stacks(bodies: Sequence[str]) -> tuple[Stack, ...]:
    """Find the stack traces in lines without their timestamps.

    Returns:
        The traces in order; they do not overlap, and each has two frames or more
        or is a Python traceback.
    """
    stacks: list[Stack] = []
    at = 0
    while at < len(bodies):
        stack = _stack_at(bodies, at, stacks[-1].stop if stacks else 0)
        if stack is None:
            at += 1
        else:
            stacks.append(stack)
            at = stack.stop
    return tuple(stacks)


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
    return Stack(start, min(len(bodies), at), tuple(frames))


def _begins_anew(bodies: Sequence[str], at: int) -> bool:
    """Whether a line is the head of a trace that is no cause of the one above."""
    said = bodies[max(0, at - 2) : at]
    return _PYTHON_HEAD in bodies[at] and not any(map(_CHAIN.match, said))


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
        elif not _go_on_go(bodies, at) or (not frames and at - start > _GO_HEAD_LINES):
            break
        at += 1
    while at - 1 > start and not bodies[at - 1].strip():
        at -= 1
    return Stack(start, at, tuple(frames)) if frames else None


def _go_on_go(bodies: Sequence[str], at: int) -> bool:
    line = bodies[at]
    if _GO_HEAD.match(line) or line.startswith(("[signal ", "exit status")):
        return True
    ahead = bodies[at + 1 : at + 3]
    if not line.strip():
        return any(_GO_HEAD.match(one) or _GO_FILE.match(one) for one in ahead)
    return bool(ahead) and _GO_FILE.match(ahead[0]) is not None


def _framed(bodies: Sequence[str], first: int, free: int) -> Stack | None:
    """A trace whose frames can be told by their looks, with the head line before."""
    frames: list[int] = []
    at = first
    while at < len(bodies):
        if _is_frame(bodies[at]):
            frames.append(at)
        elif not (_CHAIN.match(bodies[at]) or _frame_follows(bodies, at)):
            break
        at += 1
    if len(frames) < 2:  # noqa: PLR2004  two frames make a trace
        return None
    start = first
    while start > free and first - start < _HEAD_LINES and bodies[start - 1].strip():
        start -= 1
        if bodies[start][:1] not in (" ", "\t") or _CHAIN.match(bodies[start]):
            break
    return Stack(start, at, tuple(frames))


def _frame_follows(bodies: Sequence[str], at: int) -> bool:
    """Whether a line is source text that stands between two frames."""
    return (
        at + 1 < len(bodies)
        and bodies[at][:2] in ("  ", "\t", "\t\t")
        and _is_frame(bodies[at + 1])
    )
