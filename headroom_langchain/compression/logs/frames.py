"""Which frames of a stack trace to show.

Whoever debugs looks for the calls in their own code, so those come before calls
in libraries. Of calls that repeat, as in a recursion, one is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from headroom_langchain.structure.log_levels import Level
from headroom_langchain.structure.log_lines import Log, masked
from headroom_langchain.structure.stack_traces import Stack

_WHOLE_LINES = 8
_OWN_WIDE = 6
_OWN_NARROW = 2
_MOST_CAUSES = 12
_MOST_FRAMES = 1000
_LIBRARY = re.compile(
    r"(?:site|dist)-packages|/lib/python\d|/Lib/\w+\.py|<frozen |<string>"
    r"|^\s*at (?:async |new )?(?:[\w.@-]+/)?(?:java|javax|jdk|sun|com\.sun|scala|kotlin"
    r"|kotlinx|groovy|akka|reactor|okhttp3|rx|ch\.qos|io\.netty|org\.(?:junit|apache"
    r"|springframework|eclipse|gradle|hibernate|codehaus|slf4j|opentest4j|testng"
    r"|mockito|jboss|glassfish)|com\.(?:google|fasterxml|zaxxer|intellij)|System"
    r"|Microsoft|Newtonsoft|Xunit|NUnit)[.$/]"
    r"|node_modules|node:|\(internal/|<anonymous>|process\.processTicks"
    r"|/usr/local/go/|/go/pkg/mod/|^(?:runtime|testing|net/http|sync|syscall)\."
    r"|/rustc/|\.cargo/registry| <?(?:core|std|alloc|tokio|__rustc)::|rust_begin"
    r"|/gems/|/rubygems/|/lib/ruby/|/vendor/|phar://"
    r"|/libexec/|/usr/lib|/lib/x86|\?\?\?|libc|libpthread| in ?? \(\)|sysdeps"
    r"|\(java\.base|- (?:locked|waiting on|parking|eliminated) |--- End of "
    r"|\.\.\. \d+ "
)


def views(log: Log, stack: Stack, bodies: Sequence[str]) -> Iterator[list[int]]:
    """Give the lines of a stack trace to show, from most of them to ever fewer."""
    if len(stack.frames) <= _WHOLE_LINES:
        yield list(range(stack.start, stack.stop))
    segments = _segments(stack, bodies)
    for own in (_OWN_WIDE, _OWN_NARROW):
        kept = {at for calls in segments for at in _kept(log, calls, own)}
        yield _with_frames(stack, kept)
    bare = _with_frames(stack, set())
    if len(bare) > _MOST_CAUSES:
        yield bare
        bare = [*bare[: _MOST_CAUSES // 2], *bare[-_MOST_CAUSES // 2 :]]
    yield bare


def causes(log: Log, stack: Stack) -> list[int]:
    """Return the lines of a stack trace that name errors, without what they add."""
    inner = set(stack.frames)
    naming = [at for at in range(stack.start, stack.stop) if at not in inner]
    named = [at for at in naming if log.lines.levels[at] >= Level.WARNING]
    return named or naming


def site(log: Log, stack: Stack) -> str:
    """Return the innermost call that is in no library, or the innermost of all."""
    for calls in _segments(stack, log.bodies):
        kept = _kept(log, calls, _OWN_NARROW)
        own = [at for at in kept if _LIBRARY.search(log.lines.keys[at]) is None]
        return log.lines.keys[(own or kept)[0]].strip()
    return ""


def _with_frames(stack: Stack, kept: set[int]) -> list[int]:
    hidden = set(stack.frames) - kept
    return [at for at in range(stack.start, stack.stop) if at not in hidden]


def _segments(stack: Stack, bodies: Sequence[str]) -> list[list[list[int]]]:
    """The calls of each cause."""
    if len(stack.frames) > _MOST_FRAMES:
        half = _MOST_FRAMES // 2
        outer = (*stack.frames[:half], *stack.frames[-half:])
        stack = replace(stack, frames=outer)
    segments: list[list[list[int]]] = []
    last = -2
    for call in stack.calls(bodies):
        if call[0] - last > 1:
            segments.append([])
        segments[-1].append(call)
        last = call[-1]
    return segments


def _kept(log: Log, calls: Sequence[list[int]], most: int) -> list[int]:
    """The lines of the innermost call and of the first of own calls, each once."""
    inward = list(calls)
    if 'File "' in log.lines.texts[calls[0][0]]:
        inward.reverse()
    seen: set[str] = set()
    own: list[list[int]] = []
    for call in inward:
        text = log.lines.keys[call[0]]
        if len(call) > 1:
            text += log.lines.keys[call[1]]
        template = masked(text)
        if template not in seen and _LIBRARY.search(text) is None:
            own.append(call)
        seen.add(template)
    chosen = own if len(own) <= most else [*own[: most - 1], own[-1]]
    if not any(call is inward[0] for call in chosen):
        chosen = [inward[0], *chosen]
    return [at for call in chosen for at in call]
