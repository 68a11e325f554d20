"""A table cut to a budget: the rows worth seeing, and what the others are like."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.alarms import kind_of
from headroom_langchain.compression.json.cells import clip
from headroom_langchain.compression.json.row_lines import (
    NARROWEST,
    Width,
    write_row,
    write_short_row,
    write_shortest_row,
)
from headroom_langchain.compression.json.selection import (
    ROWS_PER_VALUE,
    Reason,
    pick_rows,
    reasons_by_row,
)
from headroom_langchain.compression.json.statistics import summarize
from headroom_langchain.compression.json.table import lay_out, render_complete
from headroom_langchain.compression.json.width import fit_width
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from headroom_langchain.compression.excerpt import Interest
    from headroom_langchain.compression.json.packing import Column, Row
    from headroom_langchain.compression.json.table import Table

_SLACK: Final = 1.15
_URGENT_SLACK: Final = 1.5
_SHORT_SLACK: Final = 1.3
_VALUE_WIDTH: Final = 100
_HEADER_WIDTH: Final = 260
_NAMES_WIDTH: Final = 160
_HEADER_SHARE: Final = 0.3
_SUMMARY_FROM: Final = 10
_SUMMARY_SHARE: Final = 0.2
_CHARACTERS_PER_TOKEN: Final = 3
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


def excerpt_table(
    table: Table, budget: int, interest: Interest, *, plenty: float = 1.0
) -> TableExcerpt:
    """Choose rows of a table that fit a budget.

    Args:
        table: The table.
        budget: Estimated tokens; rows that tell of errors may take half as much
            again.
        interest: What the agent was looking for.
        plenty: Factor on how many ordinary rows are shown if there is room.
    """
    complete = "" if table.thinned else render_complete(table)
    if complete and estimate_tokens(complete) <= _SLACK * budget:
        return TableExcerpt(text=complete, hidden=0, noun=table.noun, cut=False)
    columns = table.columns()
    layout = lay_out(table, columns, numbered=True)
    width = fit_width(table, layout, budget)
    total = len(table.rows)
    summary = ""
    if total >= _SUMMARY_FROM:
        described = [item for item in columns if item.path != layout.identity]
        room = int(_SUMMARY_SHARE * budget * _CHARACTERS_PER_TOKEN)
        of = f"{total} of {table.total()}" if table.thinned else f"all {total}"
        summary = summarize(described, f"{of} {table.noun}", room)
    header = _header(table, width, budget)
    used = estimate_tokens(header) + estimate_tokens(summary)
    picked = reasons_by_row(pick_rows(table, columns, interest, plenty=plenty))
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
        text="\n".join(shown),
        hidden=table.total() - len(lines),
        noun=table.noun,
        cut=True,
    )


def _repeated(
    table: Table, columns: list[Column], picked: dict[int, dict[str, Reason]]
) -> list[str]:
    """Say how often each alarming value occurs, when not all its rows are picked."""
    alarms = dict.fromkeys(
        (path, table.rows[number][path])
        for number, reasons in picked.items()
        for path, reason in reasons.items()
        if reason is Reason.ALARM
    )
    counts = _counts(table, columns, alarms)
    told = [
        f"{counts[path, cell]} with {path}={clip(cell, _VALUE_WIDTH)}"
        for path, cell in alarms
        if counts[path, cell] > ROWS_PER_VALUE
    ]
    return [f"repeated, of all {table.noun}: {', '.join(told)}"] if told else []


def _counts(
    table: Table, columns: list[Column], cells: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], int]:
    """Return how many records have each of some cells."""
    if table.thinned:
        return table.thinned.alarms
    paths = {path for path, _ in cells}
    counts = {
        column.path: column.open().counts for column in columns if column.path in paths
    }
    return {(path, cell): counts[path][cell] for path, cell in cells}


def _left_out(
    table: Table, picked: dict[int, dict[str, Reason]], lines: dict[int, str]
) -> list[str]:
    """Count the alarming rows that did not fit, by how their alarm begins."""
    counts = Counter(
        f"{path}={clip(kind_of(table.rows[number][path]), _VALUE_WIDTH)}"
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
    width: Width,
    picked: dict[int, dict[str, Reason]],
    budget: int,
    used: int,
) -> dict[int, str]:
    lines: dict[int, str] = {}
    owners: set[str] = set()
    for number, reasons in picked.items():
        urgent = min(reasons.values())
        line = write_row(table.rows[number], table.number(number), width, reasons)
        cost = estimate_tokens(line)
        if table.owners and table.owners[number] not in owners:
            cost += estimate_tokens(table.owners[number]) + 2
        if used + cost > budget and lines:
            if urgent > Reason.ONE_OF_MANY:
                break
            place = table.number(number)
            line = write_short_row(table.rows[number], place, width, reasons)
            cost = estimate_tokens(line)
            slack = _URGENT_SLACK if urgent <= Reason.ASKED else _SHORT_SLACK
            if used + cost > slack * budget and urgent is Reason.ALARM:
                line = write_shortest_row(table.rows[number], place, width, reasons)
                cost = estimate_tokens(line)
            if used + cost > slack * budget:
                continue
        used += cost
        lines[number] = line
        if table.owners:
            owners.add(table.owners[number])
    return lines


def _header(table: Table, width: Width, budget: int) -> str:
    """Write the header, cut to its share; a NUL stands for how many rows follow."""
    layout = width.layout
    room = int(_HEADER_SHARE * budget * _CHARACTERS_PER_TOKEN)
    limit = max(NARROWEST, min(_HEADER_WIDTH, width.limit))
    constant, room = _fit_cells(layout.constant, limit, room)
    usual, room = _fit_cells(layout.usual, limit, room)
    told = replace(layout, constant=constant, usual=usual)
    header = told.header(table, "\0")
    left_out = len(layout.constant) - len(constant) + len(layout.usual) - len(usual)
    if left_out:
        header += f"; {left_out} more values that most rows share"
    if width.dropped:
        names = clip(" ".join(map(layout.name, width.dropped)), max(room, _NAMES_WIDTH))
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
