"""Show an over-long line in part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

ELLIPSIS: Final = "…"
_LONGEST: Final = 320
_HEAD: Final = 120
_BEFORE: Final = 60
_SEARCHED: Final = 20_000


def clip(line: str, words: Sequence[str] = ()) -> str:
    """Cut a line of more than 320 characters around the first word asked for.

    Args:
        line: The line.
        words: What was asked for, lower case.
    """
    if len(line) <= _LONGEST:
        return line
    lowered = line[_HEAD:_SEARCHED].lower()
    found = [_HEAD + at for word in words if (at := lowered.find(word)) >= 0]
    start = max(_HEAD, min(found, default=_HEAD) - _BEFORE)
    if start == _HEAD:
        return line[:_LONGEST] + ELLIPSIS
    stop = start + _LONGEST - _HEAD
    end = ELLIPSIS if stop < len(line) else ""
    return f"{line[:_HEAD]}{ELLIPSIS}{line[start:stop]}{end}"
