"""Write lines that begin with the same path with the path said once.

Lines with the same path that follow each other stand under a line such as
`[… is src/a.py]` and begin with `…` for it. So nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from headroom_langchain.compression.search.clipping import ELLIPSIS

_HEAD: Final = f"[{ELLIPSIS} is "
_LEAST: Final = 4


def starts_as_folded(lines: Iterable[str]) -> bool:
    """Tell whether a line could be taken for one whose path is folded."""
    return any(line.startswith((ELLIPSIS, _HEAD)) for line in lines)


def heading(prefix: str) -> str:
    """Return the line that says what `…` stands for."""
    return f"{_HEAD}{prefix}]"


def fold_paths(lines: Sequence[str], prefixes: Iterable[str]) -> str | None:
    """Say each path once for the lines that follow each other with it.

    Args:
        lines: The lines.
        prefixes: For each line the path it begins with, or an empty text.

    Returns:
        The lines with folded paths, or `None` when that is no shorter, or when a
        line could be taken for a folded one.
    """
    if starts_as_folded(lines):
        return None
    out: list[str] = []
    at = 0
    for prefix, run in groupby(prefixes):
        stop = at + sum(1 for _ in run)
        if (stop - at - 1) * len(prefix) > len(_HEAD) + _LEAST * (stop - at):
            out.append(heading(prefix))
            out.append(_joined(one[len(prefix) :] for one in lines[at:stop]))
        else:
            out.append("\n".join(lines[at:stop]))
        at = stop
    folded = "\n".join(out)
    return folded if len(folded) < sum(map(len, lines)) + len(lines) - 1 else None


def _joined(rests: Iterable[str]) -> str:
    return ELLIPSIS + f"\n{ELLIPSIS}".join(rests)
