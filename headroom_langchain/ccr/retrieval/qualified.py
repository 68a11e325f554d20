"""Names in a query that say where something is, such as `a.b[].c` or `rows[3]`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from headroom_langchain.structure.lines import line_at

if TYPE_CHECKING:
    from headroom_langchain.structure.json_spans import Spans
    from headroom_langchain.structure.passages import Document

_STEP = re.compile(r"[^\s.\[\]\"']+|\[\d{1,9}\]")
_ROOTS: Final = frozenset({"$", "root", "data", "json", "result", "response"})
_PER_STEP: Final = 0.4
_EDGES: Final = "\"'`,;:!?()."
_MOST_STEPS: Final = 8
_MOST_NAMES: Final = 4
_VALUE: Final = 1.5
_INSIDE: Final = 1.2
_LARGEST: Final = 80

_Steps = tuple[str | int, ...]


def qualified_bonuses(document: Document, query: str) -> dict[int, float]:
    """Return what lines of a JSON text are worth for the paths in a query.

    Args:
        document: The text, as it was read.
        query: What is asked for; a path may be any end of the path of a value.

    Returns:
        The worth of each line, in terms of the average weight of a word.
    """
    wanted = [
        steps
        for word in query.split()
        if ("." in word or "[" in word) and (steps := _steps(word))
    ]
    by_last: dict[str | int, list[_Steps]] = {}
    for steps in wanted[:_MOST_NAMES]:
        by_last.setdefault(steps[-1], []).append(steps)
    found: dict[int, float] = {}
    keys = document.spans.keys if by_last else []
    lowered = query.lower()
    named = {
        key: last for key in set(keys) if (last := _asked(key, lowered)) in by_last
    }
    for at, key in enumerate(keys):
        if key not in named:
            continue
        for steps in by_last[named[key]]:
            if _ends_with(document.spans, at, steps):
                worth = 1 + _PER_STEP * (len(steps) - 1)
                _add(document, at, found, worth)
    return found


def _steps(word: str) -> _Steps:
    steps: list[str | int] = [
        int(step[1:-1]) if step[0] == "[" else step.lower()
        for step in _STEP.findall(word.strip(_EDGES))[:_MOST_STEPS]
    ]
    if len(steps) > 1 and steps[0] in _ROOTS:
        del steps[0]
    return tuple(steps)


def _asked(key: str | int, query: str) -> str | int:
    """Return what a query that has a key in it has as a word: all up to a space."""
    folded = _folded(key)
    if isinstance(folded, str) and " " in folded and folded in query:
        return folded.split()[0]
    return folded


def _folded(key: str | int) -> str | int:
    return key.lower() if isinstance(key, str) else key


def _ends_with(spans: Spans, at: int, steps: _Steps) -> bool:
    """Tell whether a path ends with some steps, positions not asked for left out."""
    at = spans.parents[at]
    for step in reversed(steps[:-1]):
        if isinstance(step, str):
            while at >= 0 and isinstance(spans.keys[at], int):
                at = spans.parents[at]
        if at < 0 or _folded(spans.keys[at]) != step:
            return False
        at = spans.parents[at]
    return True


def _add(document: Document, at: int, found: dict[int, float], share: float) -> None:
    first = line_at(document.lines, document.spans.starts[at])
    last = line_at(document.lines, document.spans.ends[at] - 1)
    worth = share * (_VALUE if first == last else _INSIDE)
    for line in range(first, min(last, first + _LARGEST) + 1):
        found[line] = max(found.get(line, 0.0), worth)
