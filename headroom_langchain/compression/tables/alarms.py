"""Rows that tell of something that went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from headroom_langchain.structure.log_levels import Level, judge

_NUMBER: Final = re.compile(r"[1-9]\d*")
_BETWEEN: Final = "\x1e"
_TOGETHER: Final = 400
_JUDGED: Final = 2000
_VOCABULARY: Final = 0.3
_FEW: Final = 12


def alarms_of(pieces: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return rows that name errors, each kind first, and rows with uneasy words.

    Where nearly a third of all rows names errors, these are what the table is about,
    and only one of each of a dozen kinds is urgent.

    Args:
        pieces: The rows.
    """
    errors: list[tuple[int, int]] = []
    noted: list[tuple[int, int]] = []
    seen: dict[str, tuple[Level, int]] = {}
    for at, (piece, template) in enumerate(_templates(pieces)):
        known = seen.get(template)
        if known is None:
            level, _ = judge(piece[:_JUDGED])
            again = 0
        else:
            level, again = known
        if level != Level.ROUTINE:
            seen[template] = level, again + 1
            (errors if level == Level.ERROR else noted).append((again, at))
    if len(errors) > _VOCABULARY * len(pieces):
        noted = [*errors, *noted]
        errors = sorted(errors)[:_FEW]
    return [at for _, at in sorted(errors)], [at for _, at in sorted(noted)]


def _templates(pieces: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give each row without its padding, and without its numbers.

    Numbers that begin with 0 stay, so that `0 errors` differs from `3 errors`.
    """
    for start in range(0, len(pieces), _TOGETHER):
        some = pieces[start : start + _TOGETHER]
        text = _BETWEEN.join(some).replace("    ", " ").replace("  ", " ")
        plain, masked = text.split(_BETWEEN), _NUMBER.sub("#", text).split(_BETWEEN)
        if len(masked) == len(some):
            yield from zip(plain, masked, strict=True)
        else:
            yield from ((piece, _NUMBER.sub("#", piece)) for piece in some)
