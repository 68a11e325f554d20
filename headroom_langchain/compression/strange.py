"""Words and numbers that are like no others in a text.

A name that stands once in ten thousand lines, or one number a thousand times as
large as all others, may be what somebody is looking for. How strange a word is
tells from its letters: by how many of its letter triples no other word has.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice, pairwise
from typing import Final

_LETTERS: Final = r"A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff"
_WORD: Final = re.compile(rf"[{_LETTERS}]{{4,40}}")
_CODED: Final = re.compile(r"\b[A-Z][A-Z\d]{3,15}\b")
_NUMBER: Final = re.compile(r"(?<![\w.])((?:\d{1,9}\.)*)(\d{4,15})(?!\w)")
_LONGEST: Final = 24
_MOST_CODED: Final = 8
_MOST_WORDS: Final = 4000
_STEP: Final = 20
_STEPS: Final = 3


def strange_words(text: str) -> list[str]:
    """Return the words that stand once in a text, the strangest first.

    Args:
        text: The text. Words of four letters or more count, of alphabets that
            write words apart, and codes of capitals and digits where few are.
    """
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for word, uses in Counter(_WORD.findall(text)).items():
        lowered = word.lower()
        counts[lowered] += uses
        written[lowered] = word
    triples: Counter[str] = Counter()
    for word in islice(counts, _MOST_WORDS):
        triples.update([word[at : at + 3] for at in range(len(word) - 2)])
    once = [word for word, uses in counts.items() if uses == 1]
    ranked = sorted(
        (-_strangeness(word, triples), at)
        for at, word in enumerate(islice(once, _MOST_WORDS))
        if len(word) <= _LONGEST
    )
    return _codes(text) + [written[once[at]] for _, at in ranked]


def _strangeness(word: str, triples: Counter[str]) -> float:
    own = sum(triples[word[at : at + 3]] < 2 for at in range(len(word) - 2))  # noqa: PLR2004 - no other word
    return own / len(word)


def _codes(text: str) -> list[str]:
    """Return codes such as `XK7QZ` that stand once, where there are few of them."""
    counts = Counter(_CODED.findall(text))
    once = [
        word
        for word, uses in counts.items()
        if uses == 1 and not word.isdigit() and not word.isalpha()
    ]
    return once if len(once) <= _MOST_CODED else []


def extreme_numbers(text: str) -> list[str]:
    """Return the numbers that are at least 20 times as large as the next, as written.

    Args:
        text: The text; whole numbers of 4 to 15 digits count.
    """
    values = sorted(
        {
            (int(number), number)
            for before, number in _NUMBER.findall(text)
            # After one point stand decimals; after more, the end of an address.
            if before.count(".") != 1
        }
    )
    values.reverse()
    if not values:
        return []
    found: list[str] = []
    candidates: list[str] = []
    for (value, written), (lower, _) in islice(pairwise([*values, (999, "")]), _STEPS):
        candidates.append(written)
        if value >= _STEP * lower:
            found = list(candidates)
    return found
