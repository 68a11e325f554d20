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
_ONLY_DIGITS = bytes(120 if code in _DIGITS else 32 for code in range(256))
"""Translates digits to `x` and everything else to spaces."""
_BLANKS = b"\t\n\v\f\r\x1c\x1d\x1e\x1f "
_ONLY_WORDS = bytes(32 if code in _BLANKS else 120 for code in range(256))
"""Translates what separates words to spaces and everything else to `x`."""
_SHORT = 2000
_CHUNK = 1 << 16
_A_WORD = 27
_A_NUMBER = 123
_WIDE_BLANKS = (
    "\u3000\xa0\u202f\u2009\u2003\u2002\u200a\u2028\u2029\x85\u1680\u2000\u2001\u2004"
    "\u2005\u2006\u2007\u2008\u205f"
)
"""What else separates words, beyond ASCII."""


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text from what kinds of characters it has.

    The weights are a least-squares fit of `o200k_base` on slices of some seventy
    tool outputs (JSON, logs, code, tables, prose); half of the slices come out
    within 9 %, nine in ten within 19 %.

    Args:
        text: Any text, lone surrogates included.

    Returns:
        The estimate, at least 1 for a text that is not empty.
    """
    if not text:
        return 0
    hundredths = _weigh(text[:_CHUNK])
    for start in range(_CHUNK, len(text), _CHUNK):
        hundredths += _weigh(text[start : start + _CHUNK])
        # What goes on across the border was counted in both parts.
        border = text[start - 1 : start + 1]
        hundredths -= _A_WORD * (not any(map(str.isspace, border)))
        hundredths -= _A_NUMBER * (border.isascii() and border.isdigit())
    return max(1, round(hundredths / 100))


def _weigh(text: str) -> int:
    """Return the hundredths of tokens of a text: sums of them are exact."""
    raw = text.encode("utf-8", "surrogatepass")
    size = len(raw)

    def count(characters: bytes) -> int:
        return size - len(raw.translate(None, characters))

    lower, upper, digits = count(_LOWER), count(_UPPER), count(_DIGITS)
    breaks, spaces = count(_BREAKS), raw.count(b" ")
    ascii_size = size - count(_HIGH)
    marks = ascii_size - lower - upper - digits - breaks - spaces
    if size < _SHORT or (ascii_size < size and _has_wide_blanks(text)):
        words = len(text.split())
    else:
        words = _runs(raw.translate(_ONLY_WORDS))
    numbers = _runs(raw.translate(_ONLY_DIGITS)) if digits else 0
    return (
        20 * lower
        + 42 * upper
        + 48 * digits
        + _A_NUMBER * numbers
        + _A_WORD * words
        + 120 * breaks
        + 4 * spaces
        + 23 * marks
        + 80 * (len(text) - ascii_size)
    )


def _has_wide_blanks(text: str) -> bool:
    return any(blank in text for blank in _WIDE_BLANKS)


def _runs(marks: bytes) -> int:
    """Count the runs of `x`, without a copy of each."""
    return marks.count(b" x") + marks.startswith(b"x")
