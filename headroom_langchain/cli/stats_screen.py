"""Tables in the terminal, by rich."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from headroom_langchain.cli.stats_tables import Table

_WIDEST: Final = 100


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Let the command end as any other does whose output nobody reads."""
        raise BrokenPipeError


def show(tables: Sequence[Table], footnote: str, *, color: bool) -> None:
    """Print tables to stdout, and a note below them.

    Args:
        tables: What to print.
        footnote: What they mean.
        color: Use colors where stdout is a terminal that has them.
    """
    console = _Console(highlight=False, emoji=False, markup=False, no_color=not color)
    console.width = min(console.width, _WIDEST)
    for table in tables:
        console.print(_shown(table))
        console.print()
    console.print(Text(footnote, style="dim"))


def _shown(table: Table) -> RichTable:
    shown = RichTable(box=None, padding=(0, 2, 0, 0), header_style="bold", expand=True)
    first, *others = table.head
    shown.add_column(Text(first), overflow="fold", ratio=1)
    for name in others:
        shown.add_column(name, justify="right", no_wrap=True)
    for number, row in enumerate(table.rows):
        style = "bold green" if number == table.strong else ""
        shown.add_row(*map(Text, row), style=style)
    return shown
