"""Words and numbers that are like no others in a text.

A name that stands once in ten thousand lines, or one number a thousand times as
large as all others, may be what somebody is looking for. How strange a word is
tells from its letters: by how many of its letter triples no other word has.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from heapq import nlargest
from itertools import islice, pairwise
from typing import Final

_LETTERS: Final = r"A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff"
_WORD: Final = re.compile(rf"[{_LETTERS}]{{4,40}}")
# A search for what begins with one of a set is fast; what is before comes second.
_CODED: Final = re.compile(r"[A-Z](?<!\w.)[A-Z\d]{3,15}(?!\w)")
_DIGITS: Final = re.compile(r"[0-9](?<![\w.].)[0-9.]{3,}\w?")
_NUMBER: Final = re.compile(r"(?<![\w.])((?:\d{1,9}\.)*)(\d{4,15})(?!\w)")
_CHUNK: Final = 1 << 14
_HEX: Final = "abcdef"
"""What is of these letters alone is part of a checksum."""
_LONGEST: Final = 24
_MOST_CODED: Final = 8
_MOST_WORDS: Final = 4000
_MOST_KNOWN: Final = 12_000
_STEP: Final = 20
_STEPS: Final = 3


def strange_words(text: str) -> list[str]:
    """Return the words that stand once in a text, the strangest first.

    Args:
        text: The text. Words of four letters or more count, of alphabets that
            write words apart, and codes of capitals and digits where few are.
    """
    counts: dict[str, int] = {}
    written: dict[str, str] = {}
    for chunk in _chunks(text):
        for word, uses in Counter(_WORD.findall(chunk)).items():
            lowered = word.lower()
            if lowered in counts:
                counts[lowered] += uses
            elif len(counts) < _MOST_KNOWN:
                counts[lowered] = uses
                if word != lowered:
                    written[lowered] = word
    joined = " ".join(islice(counts, _MOST_WORDS))
    triples = Counter(joined[at : at + 3] for at in range(len(joined) - 2))
    once = [word for word, uses in counts.items() if uses == 1]
    ranked = sorted(
        (-_strangeness(word, triples), at)
        for at, word in enumerate(islice(once, _MOST_WORDS))
        if len(word) <= _LONGEST and word.strip(_HEX)
    )
    found = (once[at] for _, at in ranked)
    return _codes(text) + [written.get(word, word) for word in found]


def _strangeness(word: str, triples: Counter[str]) -> int:
    """Return how many of its triples no other word has."""
    own = [triples[word[at : at + 3]] for at in range(len(word) - 2)]
    return own.count(1)


def _codes(text: str) -> list[str]:
    """Return codes such as `XK7QZ` that stand once, where there are few of them."""
    counts: Counter[str] = Counter()
    for chunk in _chunks(text):
        counts.update([word for word in _CODED.findall(chunk) if not word.isalpha()])
        if len(counts) > _MOST_KNOWN:
            return []
    once = [word for word, uses in counts.items() if uses == 1]
    return once if len(once) <= _MOST_CODED else []


def extreme_numbers(text: str) -> list[str]:
    """Return the numbers that are at least 20 times as large as the next, as written.

    Up to three of them may stand above all others together.

    Args:
        text: The text; whole numbers of 4 to 15 digits count.
    """
    largest: list[tuple[int, str]] = []
    for chunk in _chunks(text):
        values = {
            (int(number), number)
            for before, number in _NUMBER.findall(" ".join(set(_DIGITS.findall(chunk))))
            # After one point stand decimals; after more, the end of an address.
            if before.count(".") != 1
        }
        largest = nlargest(_STEPS + 1, values.union(largest))
    if not largest:
        return []
    found: list[str] = []
    candidates: list[str] = []
    for (value, written), (lower, _) in islice(pairwise([*largest, (999, "")]), _STEPS):
        candidates.append(written)
        if value >= _STEP * lower:
            found = list(candidates)
    return found


def _chunks(text: str) -> Iterator[str]:
    """Cut a text between words, so that few of its words are in memory at a time."""
    start = 0
    while start < len(text):
        stop = start + _CHUNK
        if stop < len(text):
            ends = (text.rfind(blank, start, stop) + 1 for blank in "\n ")
            stop = next(filter(None, ends), stop)
        yield text[start:stop]
        start = stop
