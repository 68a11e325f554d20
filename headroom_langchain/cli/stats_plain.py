"""Tables as plain text, for where rich is not installed."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headroom_langchain.cli.stats_tables import Table


def show_plain(tables: Sequence[Table], footnote: str) -> None:
    """Print tables to stdout, and a note below them."""
    for table in tables:
        for line in _lines(table):
            print(line)
        print()
    print(textwrap.fill(footnote, shutil.get_terminal_size().columns))


def _lines(table: Table) -> list[str]:
    rows = [table.head, *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_padded(row, widths)).rstrip() for row in rows]


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
