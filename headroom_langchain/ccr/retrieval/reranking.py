"""What a search found, ordered by meaning too.

Who judges meaning is given: a function of the query and some passages. It sees the
best matches, each with what stands around it; when no word of the query occurs, an
even sample of the whole text. When it fails, the order of the search stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Final, TypeAlias

from headroom_langchain.ccr.retrieval.excerpt import clip
from headroom_langchain.ccr.retrieval.search import Hit, Ranking, plain_ranking

if TYPE_CHECKING:
    from headroom_langchain.structure.passages import Document

Rerank: TypeAlias = Callable[[str, Sequence[str]], Sequence[float]]
"""Returns how near each passage is to a query in meaning: 1 for the same, 0 or less
for nothing in common. It may raise."""

_MOST_HITS: Final = 30
_MOST_SAMPLED: Final = 64
_MOST_NEAREST: Final = 5
_MEANING: Final = 0.5
_NEAR: Final = 1
_WINDOW: Final = 8
_LINE: Final = 240
_PASSAGE: Final = 1000


class Meaning:
    """Orders what is found for one request."""

    def __init__(self, rerank: Rerank | None) -> None:
        """Prepare for a request.

        Args:
            rerank: Who judges meaning; `None` leaves everything as it is.
        """
        self._rerank = rerank
        self.notes: list[str] = []
        """What went wrong; after the first failure nobody is asked any more."""

    def reordered(self, document: Document, ranking: Ranking, query: str) -> Ranking:
        """Return a ranking with its best 30 hits in the order of words and meaning.

        A line that is the only one with some word of the query loses no place to those
        behind it, since the word means that line whatever it means.

        Args:
            document: The text, as it was read.
            ranking: What the search found.
            query: Words.
        """
        if self._rerank is None:
            return ranking
        best = ranking.hits[:_MOST_HITS]
        passages = [_around(document, hit.line, ranking.terms) for hit in best]
        near = self._nearness(query, passages)
        if not near:
            return ranking
        top = best[0].score
        only = _only_ones(ranking)
        near = [
            1.0 if hit.line in only else likeness
            for hit, likeness in zip(best, near, strict=True)
        ]
        mixed = [
            Hit(hit.line, _mixed(hit.score, likeness * top))
            for hit, likeness in zip(best, near, strict=True)
        ]
        mixed.sort(key=lambda hit: -hit.score)
        least = mixed[-1].score
        rest = (
            Hit(hit.line, min(hit.score, least)) for hit in ranking.hits[_MOST_HITS:]
        )
        return replace(ranking, hits=[*mixed, *rest])

    def nearest(self, document: Document, lines: range, query: str) -> Ranking:
        """Return lines that are near to a query in meaning though they lack its words.

        Args:
            document: The text, as it was read.
            lines: The indexes of the lines that count.
            query: Words.
        """
        windows = _sample(lines) if self._rerank is not None else []
        passages: dict[str, range] = {}
        for window in windows:
            passages.setdefault(_passage(document, window, ()), window)
        passages.pop("", None)
        near = self._nearness(query, list(passages)) or [0.0] * len(passages)
        order = sorted(zip(near, passages.values(), strict=True), key=lambda n: -n[0])
        hits = [
            Hit(line, likeness)
            for likeness, window in order[:_MOST_NEAREST]
            for line in window
            if likeness > 0 and document.line(line).strip()
        ]
        return plain_ranking(document, hits)

    def _nearness(self, query: str, passages: Sequence[str]) -> list[float]:
        """Return a number from 0 to 1 for each passage; none when nobody can tell."""
        if self._rerank is None or not passages or self.notes:
            return []
        try:
            near = [float(number) for number in self._rerank(query, passages)]
        except Exception as error:  # noqa: BLE001 - whatever it raises, words alone decide
            self._note(f"{type(error).__name__}: {error}")
            return []
        if len(near) != len(passages) or not all(map(isfinite, near)):
            self._note(f"{len(passages)} passages got {len(near)} numbers or some NaN")
            return []
        return [min(1.0, max(0.0, number)) for number in near]

    def _note(self, reason: str) -> None:
        self.notes.append(f"passages were not compared by meaning: {reason}")


def _mixed(score: float, likeness: float) -> float:
    return round((1 - _MEANING) * score + _MEANING * likeness, 6)


def _only_ones(ranking: Ranking) -> set[int]:
    """Return the lines that have a word of the query which no other line has."""
    once = twice = 0
    for line in ranking.matching:
        twice |= once & ranking.masks[line]
        once |= ranking.masks[line]
    alone = once & ~twice
    return {line for line in ranking.matching if ranking.masks[line] & alone}


def _around(document: Document, line: int, words: Iterable[str]) -> str:
    first, last = max(0, line - _NEAR), min(len(document.lines) - 1, line + _NEAR)
    return _passage(document, range(first, last + 1), words)


def _passage(document: Document, lines: range, words: Iterable[str]) -> str:
    """Return lines behind the words that say where they are; empty for blank ones."""
    shown = [clip(document.line(at).strip(), words, _LINE) for at in lines]
    text = "\n".join(line for line in shown if line)
    label = document.label(document.owners[lines[0]])
    return f"{label}\n{text}"[:_PASSAGE].strip() if text else ""


def _sample(lines: range) -> list[range]:
    """Return windows of lines: all of them one after the other, or evenly chosen."""
    windows = [lines[at : at + _WINDOW] for at in range(0, len(lines), _WINDOW)]
    if len(windows) <= _MOST_SAMPLED:
        return windows
    last = len(windows) - 1
    return [windows[at * last // (_MOST_SAMPLED - 1)] for at in range(_MOST_SAMPLED)]
