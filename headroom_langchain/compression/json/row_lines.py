"""A row of a table as a line: with long cells cut, or only why it was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.alarms import alarm_at
from headroom_langchain.compression.json.cells import NUMBER, clip
from headroom_langchain.compression.json.selection import Reason
from headroom_langchain.compression.json.telling import is_message, rank

if TYPE_CHECKING:
    from headroom_langchain.compression.json.packing import Row
    from headroom_langchain.compression.json.table import Layout

NARROWEST: Final = 40
"""Characters of a cell that are shown at the least."""

REASON_WIDTH: Final = 400
"""Characters of a cell that are shown because the row was chosen for it."""

_SHORT_ROW: Final = 160
_MESSAGE_WIDTH: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """How much of a row is written."""

    limit: int
    """Characters per cell, and eight times as many for what follows the columns."""
    reserved: int
    """Characters for what follows the columns because the row was chosen for it."""
    layout: Layout
    dropped: tuple[str, ...]


def write_row(row: Row, number: int, width: Width, reasons: dict[str, Reason]) -> str:
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


def write_short_row(
    row: Row, number: int, width: Width, reasons: dict[str, Reason]
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
        cell = clip(row.get(path, ""), NARROWEST)
        room -= len(path) + len(cell) + 2
        if room > 0 and cell and path != identity and path not in paths:
            told.append(f"{layout.name(path)}={cell}")
    return ",".join([*lead, "…", *told])


def write_shortest_row(
    row: Row, number: int, width: Width, reasons: dict[str, Reason]
) -> str:
    """Write only the position of a row and what went wrong."""
    path = min(filter(None, reasons), key=lambda path: (reasons[path], rank(path)))
    keep = max(0, alarm_at(row[path]))
    return (
        f"{number},…,{width.layout.name(path)}={clip(row[path], _MESSAGE_WIDTH, keep)}"
    )


def _least(path: str) -> int:
    """Return how many characters of a cell are shown at the least."""
    return _MESSAGE_WIDTH if is_message(path) else NARROWEST


def _cut(cell: str, path: str, width: Width, reasons: dict[str, Reason]) -> str:
    if path not in reasons:
        return clip(cell, max(width.limit, _least(path)))
    keep = 0
    if len(cell) > REASON_WIDTH and reasons[path] in {Reason.ALARM, Reason.ALARM_WORD}:
        keep = max(0, alarm_at(cell))
    return clip(cell, max(REASON_WIDTH, width.limit), keep)
