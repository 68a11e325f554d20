"""A view in a terminal: needs `rich`, and is only loaded by it.

Color adds nothing that cannot be read without it. The table fits any width of at least
40 columns; where it is narrow, the bars go first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from headroom_langchain.display.bars import bar
from headroom_langchain.display.legible import short
from headroom_langchain.display.view import (
    MOST_ROWS,
    Left,
    Row,
    View,
    counted,
    grouped,
    saved,
)

try:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table
    from rich.text import Text
except ImportError as error:
    msg = "Printing a result needs rich: pip install 'headroom-langchain[cli]'"
    raise ImportError(msg) from error

_WIDEST: Final = 120
_BARS: Final = (6, 32)
"""Columns of the longest bar, at least and at most."""
_BESIDE: Final = 68
"""Columns that all else has before a bar gets more than the least."""
_NARROW: Final = 60
"""Columns below which there are no bars."""


class Screen:
    """A view that `rich` can print."""

    def __init__(self, view: View) -> None:
        """Take a view."""
        self._view = view

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        """Yield the parts, for the width there is."""
        view, width = self._view, min(options.max_width, _WIDEST)
        before, after = view.tokens_before, view.tokens_after
        arrow = "->" if options.ascii_only else "→"
        yield Text.assemble(
            (f"{saved(before, after)} saved", "bold"),
            f"  {before:,} {arrow} {after:,} tokens",
        )
        yield Text(view.told, style="dim")
        for fact in view.facts:
            yield Text(f"{short(fact.name)}: {short(fact.value)}", style="dim")
        for note in view.notes[:MOST_ROWS]:
            yield Text(f"note: {short(note)}", style="yellow")
        if view.rows:
            yield ""
            yield self._table(options, width)
            yield from self._keys()
        for line in view.asked[:MOST_ROWS]:
            yield Text(f"retrieved in {short(line)}", overflow="fold")

    def _table(self, options: ConsoleOptions, width: int) -> Table:
        view = self._view
        room = max(_BARS[0], min(_BARS[1], width - _BESIDE))
        room = room if width >= _NARROW else 0
        table = Table(
            box=None,
            padding=(0, 2, 0, 0),
            pad_edge=False,
            header_style="dim",
            width=width,
        )
        table.add_column("", justify="right", no_wrap=True)
        table.add_column("text", ratio=1, overflow="fold")
        for name in ("tokens", "sent", "saved"):
            table.add_column(name, justify="right", no_wrap=True)
        if room:
            table.add_column("", width=room, no_wrap=True)
        groups = list(grouped(view.rows))
        for group in groups[:MOST_ROWS]:
            cells = _left(group) if isinstance(group, Left) else _row(group)
            if room:
                cells.append(_drawn(_largest(group), view.largest, room, options))
            table.add_row(*cells)
        rest = [row for group in groups[MOST_ROWS:] for row in _rows(group)]
        if rest:
            table.add_row(*_rest(rest))
        return table

    def _keys(self) -> Iterator[Text | Table]:
        """Say by which key each original comes back."""
        rows = [row for row in self._view.rows if row.key]
        if not rows:
            return
        yield Text("\nkeys of the originals", style="dim")
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(justify="right", style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        table.add_column(style="dim", no_wrap=True)
        for row in rows[:MOST_ROWS]:
            table.add_row(_number(row), Text(short(row.who)), Text(row.key or ""))
        yield table
        if len(rows) > MOST_ROWS:
            yield Text(f"{counted(len(rows) - MOST_ROWS, 'key')} more", style="dim")


def _row(row: Row) -> list[Text]:
    number, told = _number(row), short(row.told)
    before, after = row.tokens_before, row.tokens_after
    if row.skipped is not None:
        name = Text(f"{short(row.who)}  {told}", style="dim")
        return [number, name, Text(f"{before:,}", style="dim"), Text(), Text()]
    kind = f"{short(row.kind)}, " if row.kind else ""
    name = Text.assemble((short(row.who), "bold"), (f"  {kind}{told}", "dim"))
    figures = (f"{before:,}", f"{after:,}", saved(before, after))
    return [number, name, *map(Text, figures)]


def _number(row: Row) -> Text:
    return Text("" if row.message is None else f"{row.message}", style="dim")


def _left(group: Left) -> list[Text]:
    told = f"{counted(len(group.rows), 'text')} left alone"
    cells = ("", told, f"{group.tokens:,}", "", "")
    return [Text(cell, style="dim") for cell in cells]


def _rest(rows: Sequence[Row]) -> list[Text]:
    before = sum(row.tokens_before for row in rows)
    after = sum(row.tokens_after for row in rows)
    told = f"{counted(len(rows), 'text')} more"
    cells = ("", told, f"{before:,}", f"{after:,}", saved(before, after))
    return [Text(cell, style="dim") for cell in cells]


def _drawn(row: Row, largest: int, width: int, options: ConsoleOptions) -> Text:
    each = bar(row.tokens_before, row.tokens_after, largest)
    sent, gone = each.drawn(width, ascii_only=options.ascii_only)
    return Text.assemble((sent, "blue"), (gone, "dim"))


def _largest(group: Row | Left) -> Row:
    return max(_rows(group), key=lambda row: row.tokens_before)


def _rows(group: Row | Left) -> tuple[Row, ...]:
    return group.rows if isinstance(group, Left) else (group,)
