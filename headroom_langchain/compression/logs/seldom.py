"""Lines that tell a log's few events from its many.

In a log of few kinds of lines, such as the history of a package manager, the kind
that is rare is the news: ten upgrades among hundreds of installations. And where a
log spans some days, whoever reads it wants to see where each begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from headroom_langchain.compression.choice import evenly
from headroom_langchain.structure.log_levels import Level
from headroom_langchain.structure.log_lines import Log

_FEW_FAMILIES: Final = 24
_SHARE: Final = 0.06
_MOST_LINES: Final = 24
_MOST_DAYS: Final = 10
_ENDS: Final = 40


def seldom_said(log: Log) -> Iterator[int]:
    """Give the routine lines of the small families of a log that has few families.

    Args:
        log: The log.
    """
    inside = log.in_stacks()
    levels = log.lines.levels
    families = [family for family in dict.fromkeys(log.families) if family.words]
    if len(families) > _FEW_FAMILIES:
        return
    most = min(_MOST_LINES, _SHARE * len(log.lines))
    for family in sorted(families, key=lambda one: len(one.lines)):
        if len(family.lines) <= most:
            first = {log.lines.keys[at]: at for at in reversed(family.lines)}
            for at in evenly(sorted(first.values())):
                if levels[at] == Level.ROUTINE and not inside[at]:
                    yield at


def first_of_days(log: Log) -> list[int]:
    """Return the first line of each day but the first, where there are few days.

    Args:
        log: The log.
    """
    size = len(log.lines)
    begin = range(min(size, _ENDS))
    end = range(size - 1, max(-1, size - _ENDS), -1)
    if _first_day(log, begin) == _first_day(log, end):
        return []
    first: dict[str, int] = {}
    for at in range(size):
        if day := _day(log, at):
            first.setdefault(day, at)
            if len(first) > _MOST_DAYS:
                return []
    return list(first.values())[1:]


def _first_day(log: Log, places: Iterable[int]) -> str:
    return next(filter(None, (_day(log, at) for at in places)), "")


def _day(log: Log, at: int) -> str:
    """Return what stands before the hour in the time stamp of a line."""
    return log.lines.stamp(at).partition(":")[0][:-2]
