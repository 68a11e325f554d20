"""Finds the lines of a text that a query is about.

BM25 scores every line together with the words that say where it is: the path and
identity of a JSON value, the file and hunk of a change, the class around a method,
the section of a paragraph. To that come what stands elsewhere in the same record,
what stands in the lines around, and phrases of the query that occur as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple, overload

from headroom_langchain.ccr.retrieval.index import Index
from headroom_langchain.ccr.retrieval.phrases import phrase_bonuses
from headroom_langchain.ccr.retrieval.qualified import qualified_bonuses
from headroom_langchain.ccr.retrieval.similar import Vocabulary, similar_terms
from headroom_langchain.ccr.retrieval.superlatives import extremes
from headroom_langchain.ccr.retrieval.terms import query_terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headroom_langchain.ccr.retrieval.surroundings import Rows
    from headroom_langchain.structure.passages import Document

__all__ = ["Hit", "Index", "Ranking", "rank"]

_EXTREME: Final = 4.0
_MOST_MISSING: Final = 10


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that matches, and how well."""

    line: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What a search found."""

    hits: Sequence[Hit]
    """The matching lines, best first, equal ones in the order of the text."""
    masks: Sequence[int]
    """For each line of the text, which terms it has, one bit for each term."""
    terms: Sequence[str]
    """The terms that occur in the text; the first belongs to the lowest bit."""
    matching: frozenset[int]
    """The lines that match themselves, not only by what stands around them."""
    is_arranged: bool = False
    """Whether the order of matches that are equally good is to stay."""

    @property
    def scores(self) -> Mapping[int, float]:
        """How well each matching line matches."""
        if isinstance(self.hits, Hits):
            return dict(zip(self.hits.lines, self.hits.scores, strict=True))
        return {hit.line: hit.score for hit in self.hits}


class Hits(Sequence[Hit]):
    """Matching lines, best first; an object for each only when it is looked at."""

    def __init__(self, lines: Sequence[int], scores: Sequence[float]) -> None:
        """Hold matches.

        Args:
            lines: The indexes of the lines, best first.
            scores: How well each of them matches.
        """
        self.lines = lines
        self.scores = scores

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.lines)

    def __iter__(self) -> Iterator[Hit]:
        """Give one after the other."""
        return map(Hit, self.lines, self.scores)

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> list[Hit]: ...
    def __getitem__(self, at: int | slice) -> Hit | list[Hit]:
        """Return one of them, or some."""
        if isinstance(at, slice):
            return list(map(Hit, self.lines[at], self.scores[at]))
        return Hit(self.lines[at], self.scores[at])


def plain_ranking(document: Document, hits: Sequence[Hit]) -> Ranking:
    """Return a ranking of lines that were found otherwise than by their terms.

    Args:
        document: The text, as it was read.
        hits: The lines, best first.
    """
    return Ranking(
        hits=hits,
        masks=[0] * len(document.lines),
        terms=(),
        matching=frozenset(hit.line for hit in hits),
        is_arranged=True,
    )


def rank(index: Index, query: str) -> Ranking:
    """Search a text for words.

    Args:
        index: The text.
        query: Words; phrases, names and paths count more where they occur as is.
    """
    import numpy as np

    from headroom_langchain.ccr.retrieval.surroundings import Masks

    document = index.document
    totals, rows, weights = _words(index, query_terms(query))
    values = list(weights.values())
    mean = sum(values) / len(values) if values else 1.0
    if values:
        totals += index.surroundings.worth(rows, values)
    for bonuses in (phrase_bonuses, qualified_bonuses):
        for line, bonus in bonuses(document, query).items():
            totals[line] += bonus * mean
    for line, share in extremes(document, query, totals.tolist(), mean).items():
        totals[line] += share * _EXTREME * mean
    found = np.flatnonzero(totals > 0)
    scores = np.round(totals[found], 6)
    order = np.argsort(-scores, kind="stable")
    hits = Hits(found[order].tolist(), scores[order].tolist())
    own = np.flatnonzero(rows.any(axis=0))
    matching = frozenset(np.intersect1d(own, found).tolist() or hits.lines)
    return Ranking(hits=hits, masks=Masks(rows), terms=list(weights), matching=matching)


class _Words(NamedTuple):
    """How well lines match words, before anything else is looked at."""

    scores: NDArray[np.float64]
    """The score of each line."""
    rows: Rows
    """Which of the terms that occur each line has."""
    weights: dict[str, float]
    """The terms that occur, and what each of them weighs."""


def _words(index: Index, wanted: Mapping[str, float]) -> _Words:
    import numpy as np

    from headroom_langchain.ccr.retrieval.surroundings import as_rows

    bm25 = index.bm25
    wanted = _occurring(wanted, bm25.vocabulary)
    count = len(index.document.lines)
    scores = np.zeros(count)
    having: list[NDArray[np.bool_]] = []
    weights: dict[str, float] = {}
    for share in sorted(set(wanted.values())):
        part = np.zeros(count)
        for term in (term for term in wanted if wanted[term] == share):
            alone = bm25.get_scores([term])
            lines = alone > 0
            if 2 * lines.sum() > count and _is_part(term, wanted):
                continue
            if lines.any():
                weights[term] = share * bm25.idf[term]
                having.append(lines)
                part += alone
        scores += share * part
    return _Words(scores, as_rows(having, count), weights)


def _is_part(term: str, wanted: Mapping[str, float]) -> bool:
    """Tell whether a term stands for no more than a part of a word that occurs."""
    return wanted[term] < 1 and any(
        term != whole and term in whole for whole in wanted if wanted[whole] >= 1
    )


def _occurring(wanted: Mapping[str, float], vocabulary: Vocabulary) -> dict[str, float]:
    """Put similar terms in the place of the first ten that do not occur."""
    found = {term: weight for term, weight in wanted.items() if term in vocabulary}
    missing = (term for term in wanted if term not in vocabulary)
    for term in islice(missing, _MOST_MISSING):
        for other, share in similar_terms(term, vocabulary).items():
            found[other] = max(wanted[term] * share, found.get(other, 0.0))
    return found
