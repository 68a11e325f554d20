"""A table cut to a budget: the rows worth seeing, and what the others are like."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.alarms import alarm_at, kind_of
from headroom_langchain.compression.json.cells import NUMBER, clip
from headroom_langchain.compression.json.selection import (
    ROWS_PER_VALUE,
    Reason,
    pick_rows,
    reasons_by_row,
)
from headroom_langchain.compression.json.statistics import summarize
from headroom_langchain.compression.json.table import lay_out, render_complete
from headroom_langchain.compression.json.telling import is_message, rank
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from headroom_langchain.compression.excerpt import Interest
    from headroom_langchain.compression.json.table import Column, Layout, Row, Table

_SLACK: Final = 1.15
_URGENT_SLACK: Final = 1.5
_SHORT_SLACK: Final = 1.3
_LIMITS: Final = (600, 260, 160, 100, 64, 40)
_ROWS_WANTED: Final = 10
_ROWS_SHARE: Final = 0.6
_WIDEST_ROW: Final = 150
_REASON_WIDTH: Final = 400
_SHORT_ROW: Final = 160
_MESSAGE_WIDTH: Final = 120
_REASONS_SHARE: Final = 0.25
_FEWEST_COLUMNS: Final = 4
_HEADER_SHARE: Final = 0.3
_SUMMARY_FROM: Final = 10
_SUMMARY_SHARE: Final = 0.2
_CHARACTERS_PER_TOKEN: Final = 3
_PROBES: Final = 24
_CELLS_PROBED: Final = 4_000
_KINDS_TOLD: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TableExcerpt:
    """Some rows of a table."""

    text: str
    hidden: int
    """Rows that are not shown."""
    noun: str
    cut: bool
    """Whether a value of a row shown was cut or left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Width:
    """How much of a row is written."""

    limit: int
    """Characters per cell, and eight times as many for what follows the columns."""
    reserved: int
    """Characters for what follows the columns because the row was chosen for it."""
    layout: Layout
    dropped: tuple[str, ...]


def excerpt_table(table: Table, budget: int, interest: Interest) -> TableExcerpt:
    """Choose rows of a table that fit a budget.

    Args:
        table: The table.
        budget: Estimated tokens; rows that tell of errors may take half as much
            again.
        interest: What the agent was looking for.
    """
    complete = render_complete(table)
    if estimate_tokens(complete) <= _SLACK * budget:
        return TableExcerpt(text=complete, hidden=0, noun=table.noun, cut=False)
    columns = table.columns()
    layout = lay_out(table, columns, numbered=True)
    width = _fit_width(table, layout, budget)
    total = len(table.rows)
    summary = ""
    if total >= _SUMMARY_FROM:
        described = [item for item in columns if item.path != layout.identity]
        room = int(_SUMMARY_SHARE * budget * _CHARACTERS_PER_TOKEN)
        summary = summarize(described, total, table.noun, room)
    header = _header(table, width, budget)
    used = estimate_tokens(header) + estimate_tokens(summary)
    picked = reasons_by_row(pick_rows(table, columns, interest))
    lines = _fill(table, width, picked, budget, used)
    shown = [header.replace("\0", f", {len(lines)} shown", 1)]
    owner = ""
    for number in sorted(lines):
        if table.owners and table.owners[number] != owner:
            owner = table.owners[number]
            shown.append(f"> {owner}")
        shown.append(lines[number])
    shown.extend(_repeated(table, columns, picked))
    shown.extend(_left_out(table, picked, lines))
    if summary:
        shown.append(summary)
    return TableExcerpt(
        text="\n".join(shown), hidden=total - len(lines), noun=table.noun, cut=True
    )


def _repeated(
    table: Table, columns: list[Column], picked: dict[int, dict[str, Reason]]
) -> list[str]:
    """Say how often each alarming value occurs, when not all its rows are picked."""
    counts = {column.path: column.counts for column in columns}
    alarms = {
        (path, table.rows[number][path]): counts[path][table.rows[number][path]]
        for number, reasons in picked.items()
        for path, reason in reasons.items()
        if reason is Reason.ALARM
    }
    told = [
        f"{times} with {path}={clip(cell, _LIMITS[3])}"
        for (path, cell), times in alarms.items()
        if times > ROWS_PER_VALUE
    ]
    return [f"repeated, of all {table.noun}: {', '.join(told)}"] if told else []


def _left_out(
    table: Table, picked: dict[int, dict[str, Reason]], lines: dict[int, str]
) -> list[str]:
    """Count the alarming rows that did not fit, by how their alarm begins."""
    counts = Counter(
        f"{path}={clip(kind_of(table.rows[number][path]), _LIMITS[3])}"
        for number, reasons in picked.items()
        if number not in lines
        for path, reason in reasons.items()
        if reason is Reason.ALARM
    )
    if not counts:
        return []
    told = [f"{times} with {what}" for what, times in counts.most_common(_KINDS_TOLD)]
    others = len(counts) - len(told)
    more = f" and {others} other kinds" if others > 0 else ""
    return [f"alarming {table.noun} not shown: {', '.join(told)}{more}"]


def _fill(
    table: Table,
    width: _Width,
    picked: dict[int, dict[str, Reason]],
    budget: int,
    used: int,
) -> dict[int, str]:
    lines: dict[int, str] = {}
    owners: set[str] = set()
    for number, reasons in picked.items():
        urgent = min(reasons.values())
        line = _line(table.rows[number], table.number(number), width, reasons)
        cost = estimate_tokens(line)
        if table.owners and table.owners[number] not in owners:
            cost += estimate_tokens(table.owners[number]) + 2
        if used + cost > budget and lines:
            if urgent > Reason.ONE_OF_MANY:
                break
            place = table.number(number)
            line = _short_line(table.rows[number], place, width, reasons)
            cost = estimate_tokens(line)
            slack = _URGENT_SLACK if urgent <= Reason.ASKED else _SHORT_SLACK
            if used + cost > slack * budget and urgent is Reason.ALARM:
                line = _shortest_line(table.rows[number], place, width, reasons)
                cost = estimate_tokens(line)
            if used + cost > slack * budget:
                continue
        used += cost
        lines[number] = line
        if table.owners:
            owners.add(table.owners[number])
    return lines


def _line(row: Row, number: int, width: _Width, reasons: dict[str, Reason]) -> str:
    """Write a row, long cells cut, but not the reasons and not the identity."""
    layout = width.layout
    cells: list[str] = []
    for path in layout.columns:
        cell = str(number) if path == NUMBER else row.get(path, "")
        whole = path == layout.identity
        cells.append(cell if whole else _cut(cell, path, width, reasons))
    deviations = [
        (path, row[path]) for path in width.dropped if path in reasons and path in row
    ]
    deviations += layout.deviations(row)
    deviations.sort(key=lambda item: (item[0] not in reasons, rank(item[0])))
    ordinary, reserved = 8 * width.limit, width.reserved
    hidden = 0
    for path, cell in deviations:
        told = path in reasons
        part = f"{layout.name(path)}={_cut(cell, path, width, reasons)}"
        if len(part) > (reserved if told else ordinary):
            hidden += 1
        else:
            reserved -= len(part) if told else 0
            ordinary -= 0 if told else len(part)
            cells.append(part)
    if hidden:
        cells.append(f"… {hidden} more fields")
    return ",".join(cells)


def _short_line(
    row: Row, number: int, width: _Width, reasons: dict[str, Reason]
) -> str:
    """Write only what tells a row apart and why it was chosen."""
    identity = width.layout.identity
    numbered = NUMBER in width.layout.columns
    lead = [str(number)] if numbered else []
    if identity:
        lead.append(row[identity])
    layout = width.layout
    paths = [path for path in reasons if path and path != identity and path in row]
    message = next((path for path in row if is_message(path)), None)
    if message is not None and message not in reasons and message != identity:
        paths.insert(0, message)
    told = [
        f"{layout.name(path)}={_cut(row[path], path, width, reasons)}" for path in paths
    ]
    room = _SHORT_ROW - sum(map(len, told))
    for path in sorted(layout.columns, key=rank):
        cell = clip(row.get(path, ""), _LIMITS[-1])
        room -= len(path) + len(cell) + 2
        if room > 0 and cell and path != identity and path not in paths:
            told.append(f"{layout.name(path)}={cell}")
    return ",".join([*lead, "…", *told])


def _shortest_line(
    row: Row, number: int, width: _Width, reasons: dict[str, Reason]
) -> str:
    """Write only the position of a row and what went wrong."""
    path = min(filter(None, reasons), key=lambda path: (reasons[path], rank(path)))
    keep = max(0, alarm_at(row[path]))
    return (
        f"{number},…,{width.layout.name(path)}={clip(row[path], _MESSAGE_WIDTH, keep)}"
    )


def _least(path: str) -> int:
    """Return how many characters of a cell are shown at the least."""
    return _MESSAGE_WIDTH if is_message(path) else _LIMITS[-1]


def _cut(cell: str, path: str, width: _Width, reasons: dict[str, Reason]) -> str:
    if path not in reasons:
        return clip(cell, max(width.limit, _least(path)))
    keep = 0
    if len(cell) > _REASON_WIDTH and reasons[path] in {Reason.ALARM, Reason.ALARM_WORD}:
        keep = max(0, alarm_at(cell))
    return clip(cell, max(_REASON_WIDTH, width.limit), keep)


def _fit_width(table: Table, layout: Layout, budget: int) -> _Width:
    """Find how wide rows may be so that about ten of them fit.

    Cells get shorter first. When that is not enough, the columns that take the
    most room are left out.
    """
    wanted = min(_ROWS_WANTED, len(table.rows))
    room = min(_WIDEST_ROW, _ROWS_SHARE * budget / wanted)
    wide = len(layout.columns) + len(layout.usual) + len(layout.sparse)
    most = max(2, min(_PROBES, _CELLS_PROBED // (wide + 1)))
    step = max(1, len(table.rows) // most)
    probes = range(0, len(table.rows), step)
    reserved = int(_REASONS_SHARE * budget * _CHARACTERS_PER_TOKEN)
    width = _Width(
        limit=_LIMITS[0],
        reserved=max(_REASON_WIDTH, reserved),
        layout=layout,
        dropped=(),
    )
    for limit in _LIMITS:
        width = replace(width, limit=limit)
        if _mean_cost(table, width, probes) <= room:
            return _without_dull(table, width)
    costs = {
        path: sum(
            estimate_tokens(clip(table.rows[number].get(path, ""), width.limit)) + 1
            for number in probes
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
    columns_kept = tuple(path for path in layout.columns if path in kept)
    layout = replace(layout, columns=columns_kept)
    return _without_dull(table, replace(width, layout=layout, dropped=dropped))


def _without_dull(table: Table, width: _Width) -> _Width:
    """Leave out columns whose cells are all cut to the same beginning."""
    dull = {
        column.path
        for column in table.columns()
        if len(column.counts) > 1
        and all(len(cell) > width.limit + 3 for cell in column.counts)
        and len({cell[: width.limit] for cell in column.counts}) == 1
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


def _mean_cost(table: Table, width: _Width, probes: range) -> float:
    lines = [_line(table.rows[number], number, width, {}) for number in probes]
    return estimate_tokens("\n".join(lines)) / len(lines)


def _header(table: Table, width: _Width, budget: int) -> str:
    """Write the header, cut to its share; a NUL stands for how many rows follow."""
    layout = width.layout
    room = int(_HEADER_SHARE * budget * _CHARACTERS_PER_TOKEN)
    limit = max(_LIMITS[-1], min(_LIMITS[1], width.limit))
    constant, room = _fit_cells(layout.constant, limit, room)
    usual, room = _fit_cells(layout.usual, limit, room)
    told = replace(layout, constant=constant, usual=usual)
    header = told.header(table, "\0")
    left_out = len(layout.constant) - len(constant) + len(layout.usual) - len(usual)
    if left_out:
        header += f"; {left_out} more values that most rows share"
    if width.dropped:
        names = clip(" ".join(map(layout.name, width.dropped)), max(room, _LIMITS[2]))
        header += f"; columns left out: {names}"
    return header


def _fit_cells(cells: Row, limit: int, room: int) -> tuple[Row, int]:
    fitted: Row = {}
    for path, cell in cells.items():
        short = clip(cell, limit)
        if len(path) + len(short) > room:
            continue
        room -= len(path) + len(short) + 3
        fitted[path] = short
    return fitted, room
