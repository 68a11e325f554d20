"""Lines and small tables of a document, chosen from together."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.alarms import alarm_at, template
from headroom_langchain.compression.json.blocks import Line
from headroom_langchain.compression.json.cells import ROOT, clip
from headroom_langchain.compression.json.table import Table, render_complete
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from headroom_langchain.compression.excerpt import Interest
    from headroom_langchain.compression.json.hoist import Piece
    from headroom_langchain.compression.json.table import Row

_WIDEST_CELL: Final = 260
_NARROWEST_CELL: Final = 80
_WIDEST_LINE: Final = 1200
_SHORTEST_CELL: Final = 44
_NARROWEST_LINE: Final = 400
_NARROW_FROM: Final = 150
_WIDEST_IN_FULL: Final = 8_000
_CHARACTERS_PER_TOKEN: Final = 3
_URGENT_SLACK: Final = 1.5
_GROUPS_NAMED: Final = 5
_MOST_NAMED: Final = 120
_LONGEST_NAMES: Final = 1_200
_FEW_ALIKE: Final = 2
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
    size = _CHARACTERS_PER_TOKEN * budget
    cells = sum(len(piece.cells) for piece in pieces if isinstance(piece, Line))
    width = max(_WIDEST_LINE, size // max(1, len(loose)))
    limit = max(_WIDEST_CELL, size // max(1, cells))
    texts = {at: _write(pieces[at], limit, width) for at in loose}
    while limit > _NARROWEST_CELL and _total(texts) > budget:
        limit //= 2
        texts = {at: _write(pieces[at], limit, width) for at in loose}
    ranks = _rank(pieces, texts, interest)
    order = sorted(loose, key=lambda at: ranks[at])
    chosen: dict[int, str] = {}
    used = 0
    for at in order:
        slack = _URGENT_SLACK if ranks[at][0] < _ROUTINE else 1
        text, cost = texts[at], estimate_tokens(texts[at])
        if used + cost > slack * budget and chosen and cost > _NARROW_FROM:
            text = _write(pieces[at], _NARROWEST_CELL, _NARROWEST_LINE)
            cost = estimate_tokens(text)
        if used + cost <= slack * budget or not chosen:
            chosen[at] = text
            used += cost
    used = _widen(pieces, chosen, order, budget, used)
    cut = any(_is_cut(pieces[at], text) for at, text in chosen.items())
    return Loose(texts=chosen, used=used, cut=cut)


def _rank(
    pieces: list[Piece], texts: dict[int, str], interest: Interest
) -> dict[int, tuple[int, int, bool, int]]:
    """Rank pieces: what is alarming, asked for, not like many before, and high up."""
    seen: Counter[str] = Counter()
    ranks: dict[int, tuple[int, int, bool, int]] = {}
    for at, text in texts.items():
        path = pieces[at].path
        kind = _shape(pieces[at])
        repeats = max(0, seen[kind] - _FEW_ALIKE)
        aside = _ASIDE.search(path) is not None
        urgency = _urgency(text, interest)
        ranks[at] = (urgency, repeats, aside, _depth(path))
        seen[kind] += 1
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


def _total(texts: dict[int, str]) -> int:
    return sum(map(estimate_tokens, texts.values()))


def _shape(piece: Piece) -> str:
    if not isinstance(piece, Line) or piece.same_as:
        return template(piece.path)
    return ",".join(sorted(piece.cells))


_ALARMING, _ASKED, _ROUTINE = range(3)


def _urgency(text: str, interest: Interest) -> int:
    if alarm_at(text) >= 0:
        return _ALARMING
    folded = text.casefold()
    if any(word in folded for word in interest.arguments if len(word) > _ROUTINE):
        return _ASKED
    return _ROUTINE


def _write(piece: Piece, limit: int, width: int) -> str:
    if not isinstance(piece, Line) or piece.same_as:
        return _complete(piece)
    cells: list[str] = []
    left = width
    limit = _fit(piece.cells, limit, width)
    dull = _derived(piece.cells) if len(piece.render()) > width else frozenset()
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


def name_hidden(pieces: list[Piece], hidden: list[int]) -> str:
    """Count the pieces that are not shown by where they stand."""
    groups: dict[str, list[str]] = {}
    for at in hidden:
        parent, _, name = pieces[at].path.rpartition(".")
        groups.setdefault(parent or ROOT, []).append(name)
    ranked = sorted(groups, key=lambda parent: -len(groups[parent]))
    named = ", ".join(
        f"{parent} ({_names(groups[parent])})" for parent in ranked[:_GROUPS_NAMED]
    )
    rest = len(groups) - _GROUPS_NAMED
    more = f" and {rest} other places" if rest > 0 else ""
    return f"not shown: {len(hidden)} objects under {named}{more}"


def _names(names: list[str]) -> str:
    """Name what is hidden at one place while that is short, else count it."""
    told = ", ".join(names[:_MOST_NAMED])
    if len(names) > _MOST_NAMED or len(told) > _LONGEST_NAMES:
        return f"{len(names)}: {clip(told, _LONGEST_NAMES)}"
    return told
