"""The terms that a text is found by.

A word such as `getUserName`, `max_size` or `src/app.py:12` is found as a whole and
by its parts; plurals count as singulars; runs of Chinese, Japanese or Korean are
found by pairs of characters, since they have no spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

_WORD = re.compile(r"\w++(?:[./:@#$+\-]++\w++)*+")
words_in = _WORD.findall
"""Returns the words of a text, or of a part of it from an offset to another."""

_PART = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_POSITION = re.compile(r"(?<=\w)\[\d{0,9}\]")
_LONGEST: Final = 120
_PLURAL: Final = 4
_PARTS_WEIGH: Final = 0.5
_SHARED_WEIGH: Final = 0.25

_VAGUE_WEIGHS: Final = 0.4
_VAGUE: Final = frozenset(
    (
        "answer column data document field file given json line log output page report "
        "result row say says section table text trace value"
    ).split()
)
"""What texts and answers are called in questions."""
_FILLERS: Final = frozenset(
    (
        "a an and are as at be by did do does for from give had has have how i in is "
        "it its me my of on or our show tell than that the their them there these "
        "they this to was were what when where which who why will with you your "
        "all almost any been being can could each every exactly if into many much "
        "other others than then those whose would"
    ).split()
)


class Tokenizer:
    """Turns text into terms, and remembers the words that it has seen."""

    def __init__(self) -> None:
        """Start without any words."""
        self._words = _Words()

    def terms(self, text: str) -> list[str]:
        """Return the terms of a text in its order, compounds before their parts."""
        return list(chain.from_iterable(map(self._words.__getitem__, words_in(text))))

    def terms_of(self, word: str) -> tuple[str, ...]:
        """Return the terms of one word, of which there is at least one."""
        return self._words[word]


class _Words(dict[str, tuple[str, ...]]):
    """The terms of each word, found when it is first asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._parts = _Parts()

    def __missing__(self, word: str) -> tuple[str, ...]:
        cut = word[:_LONGEST]
        parts = map(self._parts.__getitem__, _PART.findall(cut))
        found = tuple(chain.from_iterable(parts))
        terms = self[word] = found if len(found) == 1 else (cut.lower(), *found)
        return terms


class _Parts(dict[str, tuple[str, ...]]):
    """The terms of each part of a word."""

    def __missing__(self, part: str) -> tuple[str, ...]:
        terms = self[part] = tuple(_terms_of_part(part))
        return terms


def defining(name: str) -> str:
    """Return the term for a line that defines a name."""
    return f"={name}"


def query_terms(query: str) -> dict[str, float]:
    """Return the terms of a query and what each weighs.

    The parts of a compound weigh half, and less the more of them there are; a line
    that defines a word counts half as much again.
    Fillers such as `the` count only when the query has nothing else.
    """
    weights: dict[str, float] = {}
    fillers: dict[str, float] = {}
    tokenizer = Tokenizer()
    for word in words_in(_POSITION.sub(" ", query)):
        whole, *parts = tokenizer.terms_of(word)
        place = fillers if word.lower() in _FILLERS else weights
        place[whole] = _VAGUE_WEIGHS if word.lower() in _VAGUE else 1.0
        place[defining(whole)] = _PARTS_WEIGH
        for part in parts:
            share = _PARTS_WEIGH if len(parts) <= _PLURAL else _SHARED_WEIGH
            place[part] = max(place.get(part, 0.0), share)
    return weights or fillers


def _terms_of_part(part: str) -> Iterator[str]:
    if part.isascii():
        lowered = part.lower()
        humps = [] if part in {lowered, part.upper()} else _HUMP.findall(part)
        yield _singular(lowered)
        if len(humps) > 1:
            for hump in humps:
                yield _singular(hump.lower())
    elif _WIDE.search(part):
        yield from (part[at : at + 2] for at in range(max(1, len(part) - 1)))
    else:
        yield _singular(part.lower())


def _singular(word: str) -> str:
    if len(word) >= _PLURAL and word[-1] == "s" and word[-2] not in "su":
        return word[:-1]
    return word
