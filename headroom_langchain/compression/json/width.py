"""How wide the rows of an excerpt may be, and which columns that leaves room for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.cells import clip
from headroom_langchain.compression.json.row_lines import (
    NARROWEST,
    REASON_WIDTH,
    Width,
    write_row,
)
from headroom_langchain.compression.json.telling import rank
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from headroom_langchain.compression.json.packing import Row
    from headroom_langchain.compression.json.table import Layout, Table

_LIMITS: Final = (600, 260, 160, 100, 64, NARROWEST)
_ROWS_WANTED: Final = 10
_ROWS_SHARE: Final = 0.6
_WIDEST_ROW: Final = 150
_REASONS_SHARE: Final = 0.25
_FEWEST_COLUMNS: Final = 4
_CHARACTERS_PER_TOKEN: Final = 3
_PROBES: Final = 24
_CELLS_PROBED: Final = 4_000


def fit_width(table: Table, layout: Layout, budget: int) -> Width:
    """Find how wide rows may be so that about ten of them fit.

    Cells get shorter first. When that is not enough, the columns that take the
    most room are left out.

    Args:
        table: The table.
        layout: Which columns stand where.
        budget: Estimated tokens of the whole excerpt.
    """
    wanted = min(_ROWS_WANTED, len(table.rows))
    room = min(_WIDEST_ROW, _ROWS_SHARE * budget / wanted)
    wide = len(layout.columns) + len(layout.usual) + len(layout.sparse)
    most = max(2, min(_PROBES, _CELLS_PROBED // (wide + 1)))
    step = max(1, len(table.rows) // most)
    probes = {number: table.rows[number] for number in range(0, len(table.rows), step)}
    reserved = int(_REASONS_SHARE * budget * _CHARACTERS_PER_TOKEN)
    width = Width(
        limit=_LIMITS[0],
        reserved=max(REASON_WIDTH, reserved),
        layout=layout,
        dropped=(),
    )
    for limit in _LIMITS:
        width = replace(width, limit=limit)
        lines = [write_row(row, number, width, {}) for number, row in probes.items()]
        if estimate_tokens("\n".join(lines)) / len(lines) <= room:
            return _without_dull(table, width)
    return _without_dull(table, _narrowed(width, list(probes.values()), room))


def _narrowed(width: Width, probes: Sequence[Row], room: float) -> Width:
    """Leave out the columns for which there is no room."""
    layout = width.layout
    costs = {
        path: sum(
            estimate_tokens(clip(row.get(path, ""), width.limit)) + 1 for row in probes
        )
        / len(probes)
        for path in layout.columns
    }
    order = sorted(layout.columns[1:], key=lambda path: (rank(path), costs[path]))
    kept = {*layout.columns[:1], layout.identity}
    for path in order:
        room -= costs[path]
        if room >= 0 or len(kept) < _FEWEST_COLUMNS:
            kept.add(path)
    dropped = tuple(path for path in layout.columns if path not in kept)
    columns = tuple(path for path in layout.columns if path in kept)
    return replace(width, layout=replace(layout, columns=columns), dropped=dropped)


def _without_dull(table: Table, width: Width) -> Width:
    """Leave out columns whose cells are all cut to the same beginning."""
    dull = {
        column.path
        for column in table.columns()
        if column.distinct > 1
        and column.width > width.limit + 3
        and _is_dull(column.open().counts, width.limit)
    }
    layout = width.layout
    dull -= {layout.identity, *width.dropped}
    if not dull:
        return width
    kept = tuple(path for path in layout.columns if path not in dull)
    sparse = layout.sparse - dull
    dropped = (*width.dropped, *(c.path for c in table.columns() if c.path in dull))
    layout = replace(layout, columns=kept, sparse=sparse)
    return replace(width, layout=layout, dropped=dropped)


def _is_dull(cells: Iterable[str], limit: int) -> bool:
    """Tell whether cells are all cut, and to the same beginning."""
    return len({cell[:limit] if len(cell) > limit + 3 else "" for cell in cells}) == 1
