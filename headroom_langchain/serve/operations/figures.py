"""Sums over requests, by minute and in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import add
from typing import Final, Literal, TypeAlias

from headroom_langchain.serve.operations.entry import Entry

NAMES: Final = (
    "requests",
    "problems",
    "compressed",
    "before",
    "after",
    "retrievals",
    "retrieved",
)
"""What is summed up: requests, those that failed or were refused, those of which
something was compressed, tokens of texts as they came and as they were sent on over all
rounds, retrievals, and the tokens of their answers."""

Sums: TypeAlias = tuple[int, ...]
"""One number for each of the `NAMES`."""

Span: TypeAlias = Literal["hour", "day"]
"""How far back a chart goes."""

NOTHING: Final[Sums] = (0,) * len(NAMES)
MINUTES: Final = 24 * 60
"""Minutes that are kept."""

_COLUMNS: Final[Mapping[Span, tuple[int, int]]] = {"hour": (1, 60), "day": (20, 72)}
"""Minutes of a column of the chart, and how many there are."""


def figures_of(entry: Entry) -> Sums:
    """Return what a request adds to the sums."""
    return (
        1,
        1 if entry["outcome"] in ("failed", "refused") else 0,
        1 if entry["hidden"] else 0,
        entry["before"],
        entry["after"],
        entry["retrievals"],
        sum([asked["tokens"] for asked in entry["asked"]]),
    )


def minute_of(at: float) -> int:
    """Return the minute of a time, counted from 1970."""
    return int(at // 60)


def added(one: Sums, other: Sums) -> Sums:
    """Add up."""
    return tuple(map(add, one, other))


def named(sums: Sums) -> dict[str, int]:
    """Return sums with their names."""
    return dict(zip(NAMES, sums, strict=True))


def columns(
    minutes: Iterable[tuple[int, Sums]], span: Span, now: float
) -> dict[str, object]:
    """Return what a chart shows.

    Args:
        minutes: Sums by minute.
        span: How far back it goes.
        now: The time in seconds since 1970.

    Returns:
        The `seconds` of a column, when the first one began (`start`), and the sums of
        each.
    """
    width, count = _COLUMNS[span]
    last = minute_of(now) // width
    first = last - count + 1
    gathered = [NOTHING] * count
    for minute, sums in minutes:
        place = minute // width - first
        if 0 <= place < count:
            gathered[place] = added(gathered[place], sums)
    return {
        "seconds": 60 * width,
        "start": 60 * width * first,
        "columns": [named(sums) for sums in gathered],
    }
