"""How often each line of a text has each term.

The words of a line count twice, and once those that say where it is. The latter are
kept for the section, not for each of its lines, and everything as numbers in a few
long arrays.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from headroom_langchain.ccr.retrieval.similar import Vocabulary
from headroom_langchain.ccr.retrieval.terms import Tokenizer, defining, words_in
from headroom_langchain.structure.sections_code import definition_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headroom_langchain.structure.passages import Document

_BODY: Final = 2
_CHANGES: Final = {"+": ["added"], "-": ["removed"]}


class Counts:
    """The terms of a text, counted for each of its lines."""

    def __init__(self, document: Document) -> None:
        """Count the terms of a text.

        Args:
            document: The text, as it was read.
        """
        self._numbers = _Numbers()
        tokenizer = Tokenizer()
        self.lines = lines = len(document.lines)
        """How many lines there are."""
        # One more than there are, for the lines that belong to none.
        sections = len(document.outline.sections) + 1
        self._owners = np.array(document.owners, np.int64)
        self._body = _in_lines(document, tokenizer, self._numbers)
        self._marks = _pairs(_marks(document), lines, self._numbers)
        self._context = _pairs(_contexts(document, tokenizer), sections, self._numbers)
        self._filled = self._body.totals() > 0
        self.vocabulary = Vocabulary(self._numbers.keys())
        """The terms that occur, or that say where something is."""

    def of(self, term: str) -> NDArray[np.int64]:
        """Return how often each line has a term."""
        number = self._numbers.get(term, -1)
        return (
            _BODY * self._body.of(number)
            + self._marks.of(number)
            + self._filled * self._context.of(number)[self._owners]
        )


class _Numbers(dict[str, int]):
    """Numbers words in the order in which they are first asked for."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


class _Places:
    """At which places each term occurs."""

    def __init__(
        self, terms: NDArray[np.int32], places: NDArray[np.int32], count: int
    ) -> None:
        """Sort occurrences by term.

        Args:
            terms: The number of each term that occurs.
            places: The number of the place where it does.
            count: How many places there are.
        """
        self._places = places[np.argsort(terms, kind="stable")]
        self._ends = np.cumsum(np.bincount(terms))
        self._count = count

    def of(self, term: int) -> NDArray[np.int64]:
        """Return how often each place has a term, which may be one that none has."""
        if not 0 <= term < len(self._ends):
            return np.zeros(self._count, np.int64)
        start = self._ends[term - 1] if term else 0
        found = self._places[start : self._ends[term]]
        return np.bincount(found, minlength=self._count)

    def totals(self) -> NDArray[np.int64]:
        """Return how many terms each place has."""
        return np.bincount(self._places, minlength=self._count)


def _in_lines(document: Document, tokenizer: Tokenizer, numbers: _Numbers) -> _Places:
    """Count the words of each line, each different word taken apart once."""
    words = _Numbers()
    occurring, per_line = array("i"), array("i")
    lines = document.lines
    for start, end in zip(lines.starts, lines.ends, strict=True):
        found = words_in(document.text, start, end)
        occurring.extend(map(words.__getitem__, found))
        per_line.append(len(found))
    terms, per_word = array("i"), array("i")
    for word in words:
        of_word = tokenizer.terms_of(word)
        terms.extend(map(numbers.__getitem__, of_word))
        per_word.append(len(of_word))
    at = np.repeat(np.arange(len(lines), dtype=np.int32), _column(per_line))
    which = _column(occurring)
    lengths = _column(per_word)
    return _Places(
        _column(terms)[_slices(lengths, which)],
        np.repeat(at, lengths[which]),
        len(lines),
    )


def _slices(lengths: NDArray[np.int32], which: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the places of all numbers of some lists that stand one behind the other.

    Args:
        lengths: The length of each list.
        which: The lists, in the order in which they are wanted.
    """
    wanted = lengths[which]
    ends = np.cumsum(wanted)
    shifts = (np.cumsum(lengths) - lengths)[which] - (ends - wanted)
    return np.repeat(shifts, wanted) + np.arange(wanted.sum(), dtype=np.int64)


def _pairs(
    found: Iterable[tuple[list[str], int]], count: int, numbers: _Numbers
) -> _Places:
    terms, places, lengths = array("i"), array("i"), array("i")
    for words, place in found:
        terms.extend(map(numbers.__getitem__, words))
        places.append(place)
        lengths.append(len(words))
    at = np.repeat(_column(places), _column(lengths))
    return _Places(_column(terms), at, count)


def _column(numbers: array[int]) -> NDArray[np.int32]:
    return np.array(numbers, np.int32)


def _marks(document: Document) -> Iterator[tuple[list[str], int]]:
    """Yield the terms for what lines do, such as to define or to change something."""
    for line in document.outline.definitions:
        yield _definition(document, line), line
    if document.form == "diff":
        for line, start in enumerate(document.lines.starts):
            yield _CHANGES.get(document.text[start], []), line


def _definition(document: Document, at: int) -> list[str]:
    """Return the terms for what a line defines, as in `def send` of `class Client`."""
    terms = ["definition", "signature"]
    name = definition_in(document.line(at).lstrip("+-"))
    if name is not None:
        terms.append(defining(name.split()[-1].lower()))
    owner = document.owners[at]
    symbols = [part.name.split()[-1].lower() for part in document.chain(owner)]
    if len(symbols) > 1 and document.form == "code":
        terms.append(f"{symbols[1]}.{symbols[0]}")
    return terms


def _contexts(
    document: Document, tokenizer: Tokenizer
) -> Iterator[tuple[list[str], int]]:
    """Yield the terms that say where each section is that has lines of its own."""
    own: dict[int, list[str]] = {}
    for owner in dict.fromkeys(document.owners):
        words: list[str] = []
        for place in document.places(owner):
            if place not in own:
                section = document.outline.sections[place]
                named = " ".join((section.name, *section.identity))
                own[place] = tokenizer.terms(named)
            words += own[place]
        yield words, owner
