"""Lines whose form no other line of a text has.

Where nearly all lines are of a few forms, one of another form is news. The form of
a line is what is left of it without letters, digits and blanks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

_CHARACTERS: Final = 160
_USUAL: Final = 5
_MOSTLY: Final = 0.7
_LEAST: Final = 20
_WORDS = str.maketrans(
    dict.fromkeys("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \t\r")
)


def single_forms(lines: Sequence[str]) -> list[int]:
    """Find the lines of forms that only one line has.

    Args:
        lines: The lines of a text.

    Returns:
        The lines in their order; none for a text that has no usual forms.
    """
    known: dict[str, str] = {}
    forms: list[str] = []
    for line in lines:
        form = line[:_CHARACTERS].translate(_WORDS)
        forms.append(known.setdefault(form, form))
    counts = Counter(form for form, line in zip(forms, lines, strict=True) if line)
    total = counts.total()
    usual = sum(count for count in counts.values() if count >= _USUAL)
    if total < _LEAST or usual < _MOSTLY * total:
        return []
    return [at for at, form in enumerate(forms) if counts[form] == 1]
