"""How long a text is for a model, without asking the model.

Decisions about compression rest on `estimate_tokens`: a pure function of the
text, so that the compressed form of a message is the same on every machine,
whichever tokenizer is installed there. Figures shown to people come from a
`TokenCounter`, which may be exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

TokenCounter: TypeAlias = Callable[[str], int]
"""Counts the tokens of a text."""

_LOWER = b"abcdefghijklmnopqrstuvwxyz"
_UPPER = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = b"0123456789"
_BREAKS = b"\n\r\t"
_HIGH = bytes(range(128, 256))


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text from what kinds of characters it has.

    The weights are a least-squares fit of `o200k_base` on slices of some eighty
    tool outputs (JSON, logs, code, tables, prose); half of the slices come out
    within 7 %, nine in ten within 20 %.

    Args:
        text: Any text, lone surrogates included.

    Returns:
        The estimate, at least 1 for a text that is not empty.
    """
    if not text:
        return 0
    raw = text.encode("utf-8", "surrogatepass")
    size = len(raw)

    def count(characters: bytes) -> int:
        return size - len(raw.translate(None, characters))

    lower, upper = count(_LOWER), count(_UPPER)
    digits, breaks, spaces = count(_DIGITS), count(_BREAKS), raw.count(b" ")
    ascii_size = size - count(_HIGH)
    marks = ascii_size - lower - upper - digits - breaks - spaces
    tokens = (
        0.18 * lower
        + 0.44 * upper
        + 1.0 * digits
        + 0.43 * len(text.split())
        + 1.3 * breaks
        + 0.24 * marks
        + 0.8 * (len(text) - ascii_size)
    )
    return max(1, round(tokens))
