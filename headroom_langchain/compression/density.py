"""Texts of very many very short lines, which are no output of any tool."""

from __future__ import annotations

from typing import Final

_MANY: Final = 12_000
_SHORTEST: Final = 16


def too_dense(text: str) -> bool:
    """Tell whether reading a text line by line costs more than it could bring.

    Args:
        text: Any text; lines of fewer than 16 characters on average are dense
            from 12,000 lines on.
    """
    lines = text.count("\n")
    return lines > _MANY and len(text) < _SHORTEST * lines
