"""The header row of a table: delimited values, or columns set with spaces."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DELIMITERS = (",", "\t", ";", "|")
_SAMPLE = 40
_TOP = 8
_COLUMNS = 3
_ROWS = 4
_MOSTLY = 0.8
_WIDE = 0.6
_TITLE = re.compile(r"[A-Z%#][\w%#/+.()-]*$")


def header_row(texts: Sequence[str]) -> int | None:
    """Return the line with the names of the columns, or `None` without a table.

    Args:
        texts: The lines of the text.
    """
    found = _delimited(texts)
    return _aligned(texts) if found is None else found


def _delimited(texts: Sequence[str]) -> int | None:
    sample = [at for at, text in enumerate(texts[: 2 * _SAMPLE]) if text.strip()]
    sample = sample[:_SAMPLE]
    if len(sample) < _ROWS:
        return None
    first = texts[sample[0]]
    for delimiter in _DELIMITERS:
        width = first.count(delimiter)
        same = sum(1 for at in sample if texts[at].count(delimiter) == width)
        is_table = width >= _COLUMNS - 1 and same >= _MOSTLY * len(sample)
        if is_table and not any(
            cell.strip().isdigit() for cell in first.split(delimiter)
        ):
            return sample[0]
    return None


def _aligned(texts: Sequence[str]) -> int | None:
    for at, text in enumerate(texts[:_TOP]):
        words = text.split()
        if len(words) < _COLUMNS or any(word.isdigit() for word in words):
            continue
        titles = sum(1 for word in words if _TITLE.match(word))
        below = [row for row in texts[at + 1 : at + _SAMPLE] if row.strip()]
        wide = sum(1 for row in below if len(row.split()) >= _WIDE * len(words))
        is_header = titles >= _MOSTLY * len(words)
        if is_header and len(below) >= _ROWS and wide >= _MOSTLY * len(below):
            return at
    return None
