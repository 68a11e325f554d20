"""Very many short lines that say the same over and over.

Reading hundreds of thousands of lines takes time and memory for each of them. Where
a few short lines repeat without end, one round of them and a count say it all.
"""

from __future__ import annotations

import re
from typing import Final

_MANY: Final = 16_000
_SHORT: Final = 16
_RUN: Final = re.compile(r"^((?:.{0,80}\n){1,4}?)(?:\1){19,}+", re.MULTILINE)


def fold_repeats(text: str) -> str:
    """Fold blocks of one to four lines that follow each other 20 times or more.

    Texts of fewer than 16,000 lines, and those whose lines have 16 characters or
    more on average, are returned as they are.
    """
    lines = text.count("\n")
    if lines < _MANY or len(text) >= _SHORT * lines:
        return text
    return _RUN.sub(_folded, text)


def _folded(found: re.Match[str]) -> str:
    block = found[1]
    times = len(found[0]) // len(block) - 1
    lines = block.count("\n")
    what = "line" if lines == 1 else f"{lines} lines"
    return f"{block}[... the same {what} {times:,} more times]\n"
