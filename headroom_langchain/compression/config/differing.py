"""Settings that differ from what comparable settings say.

Twenty services have an image, a port and a limit; one runs as root, one is
switched off, one has the tag `latest`. Settings of one name and one indentation
are compared.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from headroom_langchain.structure.settings import Settings

_LEAST: Final = 5
_FEW: Final = 8
_RARE: Final = 0.08
_PARTS = re.compile(r"[\s:/@,=]+")
_PARTS_WITHIN: Final = 200
_LAST_PARTS: Final = 2
_TIMES: Final = 4


def differing(settings: Settings) -> list[int]:
    """Find the lines that differ, those of the rarest values first."""
    places: dict[tuple[int, str], list[int]] = {}
    for at, key in enumerate(settings.keys):
        if settings.sets(at) and not settings.sections[at]:
            places.setdefault((settings.depths[at], key), []).append(at)
    ranked: list[tuple[float, int]] = []
    usual = _usual(places)
    for (depth, _), lines in places.items():
        if len(lines) < _LEAST:
            if len(lines) <= _RARE * usual.get(depth, 0):
                ranked += [(len(lines) / usual[depth], at) for at in lines]
            continue
        values = [settings.value(at) for at in lines]
        if any(values):
            ranked += _rare(values, lines)
            ranked += _extreme(values, lines)
    return list(dict.fromkeys(at for _, at in sorted(ranked)))


def _usual(places: dict[tuple[int, str], list[int]]) -> dict[int, int]:
    """Return how often the settings of each depth are there, by the most frequent.

    A depth where names hardly ever come again has no usual settings.
    """
    most: dict[int, int] = {}
    for (depth, _), lines in places.items():
        if len(lines) > most.get(depth, _LEAST):
            most[depth] = len(lines)
    names = Counter(depth for depth, _ in places)
    again = Counter(depth for (depth, _), at in places.items() if len(at) >= _LEAST)
    return {depth: n for depth, n in most.items() if 3 * again[depth] >= names[depth]}


def _rare(values: Sequence[str], lines: Sequence[int]) -> list[tuple[float, int]]:
    """The first line of each rare value, or of a rare last part of the values."""
    found = _rare_of(values, lines)
    if found is not None:
        return found
    parts = [_PARTS.split(value[-_PARTS_WITHIN:]) for value in values]
    for back in range(1, _LAST_PARTS + 1):
        ends = [part[-back] if len(part) >= back else "" for part in parts]
        found = _rare_of(ends, lines)
        if found is not None:
            return found
    return []


def _rare_of(
    values: Sequence[str], lines: Sequence[int]
) -> list[tuple[float, int]] | None:
    """Return `None` where so many values differ that none is rare."""
    counts = Counter(values)
    if len(counts) > min(_FEW, len(values) // 2):
        return None
    most = max(1.0, _RARE * len(values))
    first: dict[str, int] = {}
    for value, at in zip(values, lines, strict=True):
        first.setdefault(value, at)
    return [
        (counts[value] / len(values), at)
        for value, at in first.items()
        if counts[value] <= most and len(counts) > 1
    ]


def _extreme(values: Sequence[str], lines: Sequence[int]) -> list[tuple[float, int]]:
    """The largest number, where it is far above the others."""
    numbers = [
        (float(value), at)
        for value, at in zip(values, lines, strict=True)
        if value.isascii() and value.isdigit() and len(value) < len("1" * 16)
    ]
    if len(numbers) < _LEAST:
        return []
    ranked = sorted(numbers)
    (second, _), (largest, at) = ranked[-2:]
    return [(0.0, at)] if largest > _TIMES * max(1.0, second) else []
