"""Lines and small tables of a document, chosen from together."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.alarms import alarm_at, template
from headroom_langchain.compression.json.blocks import Line
from headroom_langchain.compression.json.cells import ROOT, clip
from headroom_langchain.compression.json.digest import digest
from headroom_langchain.compression.json.table import Table, render_complete
from headroom_langchain.compression.json.unusual import unusual_objects
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from headroom_langchain.compression.excerpt import Interest
    from headroom_langchain.compression.json.hoist import Piece
    from headroom_langchain.compression.json.packing import Row

_WIDEST_CELL: Final = 260
_NARROWEST_CELL: Final = 80
_WIDEST_LINE: Final = 1200
_SHORTEST_CELL: Final = 44
_NARROWEST_LINE: Final = 400
_NARROW_FROM: Final = 150
_WIDEST_IN_FULL: Final = 8_000
_CHARACTERS_PER_TOKEN: Final = 3
_URGENT_SLACK: Final = 1.5
_FEW_ALIKE: Final = 2
_SHORT_WORD: Final = 2
_SAID_BEFORE: Final = 1_000
_ASIDE = re.compile(
    r"(?:headers|cookies|_?links|permissions|reactions|annotations|managedFields"
    r"|timings)(?:\[\d+\])?$",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    """What was chosen among lines and small tables."""

    texts: dict[int, str]
    """What is written for each piece, by its place in the document."""
    used: int
    """Estimated tokens."""
    cut: bool
    """Whether a value of a line that is shown was cut or left out."""


def cost_of(piece: Piece) -> int:
    """Return how many tokens a piece has in full."""
    return estimate_tokens(_complete(piece))


def _complete(piece: Piece) -> str:
    return render_complete(piece) if isinstance(piece, Table) else piece.render()


def choose_loose(
    pieces: list[Piece], loose: list[int], budget: int, interest: Interest
) -> Loose:
    """Choose among lines and small tables.

    Args:
        pieces: The pieces of a document.
        loose: Which of them are to be chosen from.
        budget: Estimated tokens; what is alarming may take half as much again.
        interest: What the agent was looking for.
    """
    texts, costs = _fitted(pieces, loose, budget)
    ranks = _rank(pieces, texts, interest)
    order = sorted(loose, key=lambda at: ranks[at])
    chosen: dict[int, str] = {}
    used = 0
    for at in order:
        slack = _URGENT_SLACK if ranks[at][0] < _UNUSUAL else 1
        text, cost = texts[at], costs[at]
        if used + cost > slack * budget and chosen and cost > _NARROW_FROM:
            text = _write(pieces[at], _NARROWEST_CELL, _NARROWEST_LINE)
            cost = estimate_tokens(text)
        if used + cost <= slack * budget or not chosen:
            chosen[at] = text
            used += cost
    used = _widen(pieces, chosen, order, budget, used)
    cut = any(_is_cut(pieces[at], text) for at, text in chosen.items())
    return Loose(texts=chosen, used=used, cut=cut)


def _fitted(
    pieces: list[Piece], loose: list[int], budget: int
) -> tuple[dict[int, str], dict[int, int]]:
    """Write pieces, the cells shorter the less room there is, and what they cost."""
    size = _CHARACTERS_PER_TOKEN * budget
    cells = sum(len(piece.cells) for piece in pieces if isinstance(piece, Line))
    width = max(_WIDEST_LINE, size // max(1, len(loose)))
    limit = max(_WIDEST_CELL, size // max(1, cells))
    texts: dict[int, str] = {}
    costs: dict[int, int] = {}
    for at in loose:
        texts[at] = _write(pieces[at], limit, width)
        costs[at] = estimate_tokens(texts[at])
    while limit > _NARROWEST_CELL and sum(costs.values()) > budget:
        limit //= 2
        for at in loose:
            if (text := _write(pieces[at], limit, width)) != texts[at]:
                texts[at], costs[at] = text, estimate_tokens(text)
    for at in loose:
        piece = pieces[at]
        if isinstance(piece, Line) and _is_cut(piece, texts[at]):
            # It is seldom written in full again.
            piece.written.clear()
    return texts, costs


def _rank(
    pieces: list[Piece], texts: dict[int, str], interest: Interest
) -> dict[int, tuple[int, int, bool, int]]:
    """Rank pieces: what is alarming, asked for, not like many before, and high up."""
    seen: Counter[str] = Counter()
    told: set[int] = set()
    unusual = unusual_objects(pieces)
    ranks: dict[int, tuple[int, int, bool, int]] = {}
    for at, text in texts.items():
        path = pieces[at].path
        kind = _shape(pieces[at])
        urgency = _urgency(text, interest)
        if urgency == _ROUTINE and at in unusual:
            urgency = _UNUSUAL
        repeats = max(0, seen[kind] - _FEW_ALIKE)
        said = digest(text.removeprefix(path))
        if said in told:
            urgency = _ROUTINE
            repeats += _SAID_BEFORE
        else:
            seen[kind] += 1
            told.add(said)
        aside = _ASIDE.search(path) is not None
        ranks[at] = (urgency, repeats, aside, _depth(path))
    return ranks


def _depth(path: str) -> int:
    return 0 if path == ROOT else 1 + path.count(".") + path.count("[")


def _widen(
    pieces: list[Piece],
    chosen: dict[int, str],
    order: list[int],
    budget: int,
    used: int,
) -> int:
    """Write lines that were cut in full, the first ones first, and return the cost."""
    for at in order:
        if at not in chosen or not _is_cut(pieces[at], chosen[at]):
            continue
        whole = _write(pieces[at], _WIDEST_CELL, _WIDEST_IN_FULL)
        cost = estimate_tokens(whole) - estimate_tokens(chosen[at])
        if cost > 0 and used + cost <= budget:
            chosen[at] = whole
            used += cost
    return used


def _is_cut(piece: Piece, text: str) -> bool:
    return isinstance(piece, Line) and text != piece.render()


def _shape(piece: Piece) -> str:
    if not isinstance(piece, Line) or piece.same_as:
        return template(piece.path)
    return ",".join(sorted(piece.cells))


_ALARMING, _ASKED, _UNUSUAL, _ROUTINE = range(4)


def _urgency(text: str, interest: Interest) -> int:
    if alarm_at(text) >= 0:
        return _ALARMING
    folded = text.casefold()
    if any(word in folded for word in interest.arguments if len(word) > _SHORT_WORD):
        return _ASKED
    return _ROUTINE


def _write(piece: Piece, limit: int, width: int) -> str:
    if not isinstance(piece, Line) or piece.same_as:
        return _complete(piece)
    whole = piece.render()
    if len(whole) <= min(limit, width):
        return whole
    cells: list[str] = []
    left = width
    limit = _fit(piece.cells, limit, width)
    dull = _derived(piece.cells) if len(whole) > width else frozenset()
    for path, cell in piece.cells.items():
        if path in dull:
            continue
        keep = max(0, alarm_at(cell, path)) if len(cell) > limit else 0
        part = f"{path}={clip(cell, limit, keep)}"
        if len(part) > left and alarm_at(cell, path) < 0:
            continue
        left -= len(part)
        cells.append(part)
    missing = len(piece.cells) - len(cells)
    if missing:
        cells.append(f"… {missing} more fields")
    return f"{piece.path}: {', '.join(cells)}"


def _fit(cells: Row, limit: int, width: int) -> int:
    """Return how long cells may be for all fields to fit a line, if they can."""
    names = sum(len(path) + 3 for path in cells)
    while limit > _SHORTEST_CELL:
        if names + sum(min(len(cell), limit) for cell in cells.values()) <= width:
            return limit
        limit = limit * 2 // 3
    return _SHORTEST_CELL


def _derived(cells: Row) -> frozenset[str]:
    """Return the fields with addresses that another address and their name tell."""
    addresses = [cell for cell in cells.values() if cell.startswith("http")]
    return frozenset(
        path
        for path, cell in cells.items()
        if cell.startswith("http")
        and any(
            len(base) < len(cell)
            and cell.startswith(base)
            and not _DIGIT.search(cell, len(base))
            for base in addresses
        )
    )
