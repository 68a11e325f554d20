"""Lines with a value that hardly ever follows what it follows.

`docker ps` says `Up` a hundred times and `Exited` once; a list of nodes has one
version that no other has. Neither is an alarming word nor an extreme number. A
value counts as odd when its place is nearly always taken by few other values.

Which places there are is told from a sample of the lines; what stands there, from
all of them. So only few lines are in pieces at a time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeAlias

_SEPARATORS: Final = ',;|"'
_DIGITS = re.compile(r"\d+(?:[.:,]\d+)*|(?<![A-Za-z])[0-9a-fA-F]*\d[0-9a-fA-F]*")
_CHARACTERS: Final = 600
_WORDS: Final = 40
_MOST_VALUES: Final = 8
_LEAST_USES: Final = 20
_RARE: Final = 0.02
_SAMPLE: Final = 600
_SAMPLED: Final = 0.5
"""Which part of the needed share a place must have in the sample."""


class _Place:
    """What follows a word at a position."""

    __slots__ = ("counts", "first")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.first: dict[str, int] = {}
        """The first line of each value."""

    def add(self, value: str, at: int) -> None:
        """Count a value, unless there are too many already."""
        if value in self.counts:
            self.counts[value] += 1
        elif self.may_be_odd():
            self.counts[value] = 1
            self.first[value] = at

    def may_be_odd(self) -> bool:
        """Tell whether it has few values so far."""
        return len(self.counts) <= _MOST_VALUES

    def odd(self, least: float) -> Iterator[tuple[int, int]]:
        """Give how often each odd value is there, and where it is first.

        Args:
            least: How often the place must be there to count.
        """
        total = sum(self.counts.values())
        usual = total >= least and 2 * max(self.counts.values()) >= total
        if usual and self.may_be_odd():
            for value, count in self.counts.items():
                if count <= max(1, _RARE * total):
                    yield count, self.first[value]


_Places: TypeAlias = dict[int, dict[str, _Place]]
"""Places by the position of the word before, and by the word without its digits."""


def odd_lines(lines: Sequence[str], *, share: float) -> list[int]:
    """Find lines with odd values, those of the rarest values first.

    Args:
        lines: The lines of a text; of each the first 600 characters count.
        share: Which part of the lines must have a place for it to count.
    """
    filled = sum(1 for line in lines if line and not line.isspace())
    least = max(_LEAST_USES, share * filled)
    step = 1 + filled // _SAMPLE
    sample = islice(enumerate(lines), 0, None, step)
    places = _usual_places(sample, _SAMPLED * least / step)
    if step > 1:
        places = _emptied(places)
        numbered = enumerate(lines)
        while places and (some := list(islice(numbered, _SAMPLE))):
            _fill(places, some)
            places = _still_few(places)
    ranked = [
        odd
        for of_position in places.values()
        for place in of_position.values()
        for odd in place.odd(least)
    ]
    return list(dict.fromkeys(first for _, first in sorted(ranked)))


def _split(line: str, most: int) -> list[str]:
    line = line[:_CHARACTERS]
    for separator in _SEPARATORS:
        line = line.replace(separator, " ")
    return line.split(None, most)[:most]


def _mask(word: str) -> str:
    return word if word.isalpha() else _DIGITS.sub("#", word)


def _usual_places(numbered: Iterable[tuple[int, str]], least: float) -> _Places:
    """Find what many lines have at a position, and few values follow."""
    rows = [(at, _split(line, _WORDS)) for at, line in numbered]
    places: _Places = {}
    masks: dict[str, str] = {}
    for position in range(_WORDS - 1):
        rows = [(at, words) for at, words in rows if len(words) > position + 1]
        if len(rows) < least:
            break
        uses: Counter[str] = Counter()
        for word, count in Counter([words[position] for _, words in rows]).items():
            if count < least and word.isalpha():
                continue
            mask = masks.get(word)
            if mask is None:
                mask = masks[word] = _mask(word)
            uses[mask] += count
        usual = {mask: _Place() for mask, count in uses.items() if count >= least}
        if usual:
            places[position] = usual
            for at, words in rows:
                place = usual.get(masks.get(words[position], ""))
                if place is not None:
                    place.add(words[position + 1], at)
    return _still_few(places)


def _emptied(places: _Places) -> _Places:
    return {
        position: {mask: _Place() for mask in usual}
        for position, usual in places.items()
    }


def _still_few(places: _Places) -> _Places:
    kept = {
        position: {mask: place for mask, place in usual.items() if place.may_be_odd()}
        for position, usual in places.items()
    }
    return {position: usual for position, usual in kept.items() if usual}


def _fill(places: _Places, numbered: Iterable[tuple[int, str]]) -> None:
    """Count what lines have at the places."""
    masks: dict[str, str] = {}
    most = max(places) + 2
    for at, line in numbered:
        words = _split(line, most)
        for position, usual in places.items():
            if len(words) < position + 2:
                break
            word = words[position]
            place = usual.get(word)
            if place is None and not word.isalpha():
                mask = masks.get(word)
                if mask is None:
                    mask = masks[word] = _mask(word)
                place = usual.get(mask)
            if place is not None:
                place.add(words[position + 1], at)
