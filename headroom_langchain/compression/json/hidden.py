"""The lines that say which objects of a document are not shown."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.alarms import alarm_at
from headroom_langchain.compression.json.blocks import Line
from headroom_langchain.compression.json.cells import ROOT, clip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from headroom_langchain.compression.json.hoist import Piece

_PLACES_NAMED: Final = 5
_KINDS_COUNTED: Final = 5
_MOST_NAMED: Final = 120
_LONGEST_NAMES: Final = 1_200
_LONGEST_ALARM: Final = 80
_STEP: Final = re.compile(r'\.?"(?:[^"\\]|\\.)*"|\.?[^.\["]+|\[\d*\]|.', re.DOTALL)


def name_hidden(pieces: Sequence[Piece], hidden: Sequence[int]) -> str:
    """Say which objects are not shown, by the first step that leads to none shown.

    Args:
        pieces: The pieces of a document.
        hidden: Which of them are not shown.
    """
    gone = frozenset(hidden)
    shown = {
        prefix
        for at, piece in enumerate(pieces)
        if at not in gone
        for prefix in _prefixes(piece.path)
    }
    groups: dict[str, dict[str, None]] = {}
    for at in hidden:
        parent = ""
        path = pieces[at].path
        for prefix in _prefixes(path):
            if prefix not in shown or prefix == path:
                step = prefix[len(parent) :].removeprefix(".")
                groups.setdefault(parent or ROOT, {})[step] = None
                break
            parent = prefix
    named = [f"{at} ({_names(list(groups[at]))})" for at in _by_depth(groups)]
    rest = len(named) - _PLACES_NAMED
    more = f" and {rest} other places" if rest > 0 else ""
    told = ", ".join(named[:_PLACES_NAMED])
    line = f"not shown: {len(hidden)} objects under {told}{more}"
    return "\n".join([*_count_alarms(pieces, hidden), line])


def _by_depth(paths: Iterable[str]) -> list[str]:
    return sorted(paths, key=lambda path: path != ROOT and path.count("."))


def _prefixes(path: str) -> Iterator[str]:
    """Yield a path up to each of its steps."""
    for step in _STEP.finditer(path):
        yield path[: step.end()]


def _names(names: list[str]) -> str:
    """Name what is hidden at one place while that is short, else count it."""
    told = ", ".join(names[:_MOST_NAMED])
    if len(names) > _MOST_NAMED or len(told) > _LONGEST_NAMES:
        return f"{len(names)}: {clip(told, _LONGEST_NAMES)}"
    return told


def _count_alarms(pieces: Sequence[Piece], hidden: Sequence[int]) -> list[str]:
    """Say how many of the objects that are not shown say the same alarming thing."""
    counts: Counter[str] = Counter()
    for at in hidden:
        piece = pieces[at]
        said = piece.render()[len(piece.path) + 2 :] if isinstance(piece, Line) else ""
        if alarm_at(said) >= 0:
            counts[clip(said, _LONGEST_ALARM)] += 1
    if not counts:
        return []
    common = counts.most_common(_KINDS_COUNTED)
    told = [f"{times} with {said}" for said, times in common]
    others = len(counts) - len(told)
    more = f" and {others} other kinds" if others else ""
    return [f"alarming objects not shown: {'; '.join(told)}{more}"]
