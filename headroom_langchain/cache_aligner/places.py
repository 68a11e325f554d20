"""Where a program runs: temporary paths, processes, ports, objects in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_langchain.cache_aligner.context import (
    REACH,
    Surroundings,
    occurrences,
)
from headroom_langchain.cache_aligner.found import Found

_ROOTS = ("/tmp/", "/dev/shm/", "\\temp\\")  # noqa: S108 - looked for, not written to
_OWN_ROOTS = ("/var/folders/", "/run/user/", "\\appdata\\local\\temp\\")
"""What lies below one of these belongs to one machine, whatever its name."""
_BELOW = re.compile(r"""[^\s"'`<>|,;()\[\]{}*?$]+""")
_BEFORE = re.compile(r"(?:/private|/var|[A-Za-z]:\\[\w\\ .~-]{0,80})\Z")
_MADE = re.compile(
    r"""(?x)(?:^|[/\\])(?:
      [^/\\]{0,64}?(?:\d{3}|[A-Za-z]\d[A-Za-z]|\d[A-Za-z]{1,8}\d|[._-]\w{0,16}\d\w{0,16}[A-Za-z](?:$|[/\\]))
    | pytest-of-[^/\\]{1,40}[/\\]pytest-\d | te?mp[._-]?(?=[a-z]*[A-Z0-9_])\w{6,}
    )"""
)
_TEMPLATE = "XXXX"
"""What stands in a pattern for `mktemp`, which is no path yet."""
_LONGEST = 1024

_NUMBER = re.compile(r"""["'`]?[\s:=#]{1,3}["'`]?(\d{2,7})(?!\w|\.\d)""")
_PROCESSES = ("pid", "process id", "process_id", "worker process", "server process")
_AT_HOST = re.compile(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]):\Z")
_COLON_PORT = re.compile(r":(\d{5})(?!\w)")
_FIRST_PASSING, _LAST_PORT = 32768, 65535
_ADDRESS = re.compile(r"0x[0-9A-Fa-f]{6,16}(?=[>)\s]|\Z)")
_BEFORE_ADDRESS = re.compile(r"(?:\sat\s|[A-Za-z_]\()\Z")


def places(text: str, lower: str) -> Iterator[Found]:
    """Find what holds for one process or one machine only.

    Args:
        text: Any text.
        lower: The same, `lowered`.

    Yields:
        Temporary paths (`path`), numbers of processes and passing ports (`process`),
        addresses in memory (`address`).
    """
    for roots, own in ((_OWN_ROOTS, True), (_ROOTS, False)):
        for root in roots:
            done = 0
            for at in occurrences(lower, root):
                below = _BELOW.match(text, at, at + _LONGEST)
                if at >= done and below is not None:
                    done = below.end()
                    yield from _path(text, at - len(root), below, own=own)
    yield from _numbers(text, lower)
    for match in _ADDRESS.finditer(text):
        if _BEFORE_ADDRESS.search(text[max(0, match.start() - 4) : match.start()]):
            yield Found("address", *match.span())


def _path(text: str, start: int, below: re.Match[str], *, own: bool) -> Iterator[Found]:
    if (
        _TEMPLATE in below[0]
        or below[0][0] == "\\"
        or not (own or _MADE.search(below[0]))
    ):
        return
    before = _BEFORE.search(text[max(0, start - REACH) : start])
    start -= len(before[0]) if before else 0
    end = below.start() + len(below[0].rstrip(".:!"))
    if not Surroundings.of(text, start, end).example:
        yield Found("path", start, end)


def _numbers(text: str, lower: str) -> Iterator[Found]:
    for at in occurrences(lower, *_PROCESSES):
        match = _NUMBER.match(text, at)
        if match is not None:
            yield from _unless_example(text, match)
    for at in occurrences(lower, "port"):
        match = _NUMBER.match(text, at)
        usual = "default" in lower[max(0, at - 24) : at]
        if match is not None and _passing(match) and not usual:
            yield from _unless_example(text, match)
    for match in _COLON_PORT.finditer(text):
        host = text[max(0, match.start() - 10) : match.start() + 1]
        if _passing(match) and _AT_HOST.search(host):
            yield from _unless_example(text, match)


def _passing(match: re.Match[str]) -> bool:
    return _FIRST_PASSING <= int(match[1]) <= _LAST_PORT


def _unless_example(text: str, match: re.Match[str]) -> Iterator[Found]:
    start, end = match.span(1)
    if not Surroundings.of(text, start, end).example:
        yield Found("process", start, end)
