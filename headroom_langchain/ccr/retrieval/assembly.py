"""Puts together what an answer shows: which lines, with what around them.

The best matches go first. Then what belongs to them: lines of their records that
have the words still missing, and their neighbours. Then the other matches, each with
its neighbours, as long as the budget lasts; where few match, more of what is around.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.retrieval.arrangement import arranged

if TYPE_CHECKING:
    from headroom_langchain.ccr.retrieval.excerpt import Excerpt
    from headroom_langchain.ccr.retrieval.search import Hit, Ranking
    from headroom_langchain.structure.passages import Document

_MOST_HITS: Final = 400
_MOST_REFUSED: Final = 25
_SETTLED_AT: Final = frozenset({2, 4, 8, 16})
"""At which refusals to look whether places left room for more."""
_TIE_PLACE: Final = 8
_TIE: Final = 0.8
_BEST: Final = 3
_MORE_AROUND_FIRST: Final = 2
_REACH: Final = 40
_LARGEST_RECORD: Final = 600
_LONG_SHARE: Final = 0.5
_KEPT: Final = 0.3
"""The share of the budget that is not spent on what does not match."""
_NEIGHBOUR_SHARE: Final = 0.15


def show_hits(excerpt: Excerpt, ranking: Ranking, *, more: bool = True) -> None:
    """Show the best matches and what belongs to them, until the budget is used up.

    Args:
        excerpt: Where to show them.
        ranking: What the search found.
        more: Whether to show what is around in their records, if they are few.
    """
    header = excerpt.document.header
    if header is not None:
        excerpt.add(header, share=_LONG_SHARE)
    shown = _Assembly(excerpt, ranking)
    shown.show_matches()
    if more:
        shown.show_records()


class _Assembly:
    """What is shown so far of some matches."""

    def __init__(self, excerpt: Excerpt, ranking: Ranking) -> None:
        self._excerpt = excerpt
        self._document = excerpt.document
        self._ranking = ranking
        self._scores = ranking.scores
        self._radius = _radius(self._document.form, ranking.hits)
        self._said: set[tuple[str, int]] = set()
        self._refused = 0
        self._best: list[int] = []

    def show_matches(self) -> None:
        """Show the best matches with what belongs to them, then the others."""
        hits: Sequence[Hit] = self._ranking.hits[:_MOST_HITS]
        if not self._ranking.is_arranged:
            hits = arranged(self._document, self._ranking.hits)
        lines = [hit.line for hit in hits]
        self._best = [line for line in lines[:_BEST] if self._show_best(line)]
        for line in self._best:
            self._show_missing(line)
            is_first = line == lines[0] and self._radius > 0
            self._show_around(line, self._radius + is_first * _MORE_AROUND_FIRST)
        for line in lines[_BEST:_MOST_HITS]:
            if self._show_hit(line, _LONG_SHARE):
                self._show_around(line, self._radius)
            elif not len(self._excerpt):
                self._excerpt.add_clipped(line, self._ranking.terms)
            if self._refused > _MOST_REFUSED:
                return

    def show_records(self) -> None:
        """Show what stands around the best matches in their records."""
        self._excerpt.settle()
        for line in self._best:
            self._show_record(line)

    def _show_best(self, line: int) -> bool:
        """Show one of the best matches, as much of it as there is room for."""
        share = _LONG_SHARE if len(self._excerpt) else 1.0
        shown = self._show_hit(line, share)
        if not shown and line not in self._excerpt:
            self._excerpt.add_clipped(line, self._ranking.terms)
        return shown

    def _show_hit(self, line: int, share: float) -> bool:
        """Show a match, unless it is too long or one there says the same."""
        said = (self._document.line(line).strip(), self._document.owners[line])
        if said in self._said:
            return False
        shown = self._excerpt.add(line, share=share)
        if not shown:
            self._refused += 1
            if self._refused in _SETTLED_AT:
                self._excerpt.settle()
                shown = self._excerpt.add(line, share=share)
        if shown:
            self._said.add(said)
        return shown

    def _show_around(self, line: int, radius: int) -> None:
        for distance in range(1, radius + 1):
            for near in (line + distance, line - distance):
                inside = 0 <= near < len(self._document.lines)
                if inside and self._document.line(near).strip():
                    self._excerpt.add(near, share=_NEIGHBOUR_SHARE)

    def _show_record(self, line: int) -> None:
        first, last = next(_records(self._document, line))
        for distance in range(1, _REACH):
            for near in (line + distance, line - distance):
                if self._excerpt.left < _KEPT * self._excerpt.budget:
                    return
                if first <= near <= last and self._document.line(near).strip():
                    self._excerpt.add(near, share=_NEIGHBOUR_SHARE)

    def _show_missing(self, line: int) -> None:
        """Show lines of the same record that have words of the query still missing."""
        masks = self._ranking.masks
        missing = (1 << len(self._ranking.terms)) - 1
        for first, last in _records(self._document, line):
            having: list[int] = []
            for at in range(first, last + 1):
                if at in self._excerpt:
                    missing &= ~masks[at]
                elif at in self._scores:
                    having.append(at)
            having.sort(key=lambda at: (-round(self._scores[at], 2), abs(at - line)))
            for at in having:
                if not missing:
                    return
                has = masks[at] & missing
                if has and self._excerpt.add(at, share=_NEIGHBOUR_SHARE):
                    missing &= ~has


def _radius(form: str, hits: Sequence[Hit]) -> int:
    """Return how many lines around a match to show: none when many match as well."""
    if len(hits) > _TIE_PLACE and hits[_TIE_PLACE].score >= _TIE * hits[0].score:
        return 0
    return 2 if form == "code" else 1


def _records(document: Document, line: int) -> Iterator[tuple[int, int]]:
    """Yield the lines of the records around a line, or else those near to it."""
    found = False
    for section in document.chain(document.owners[line]):
        if section.record and 1 < section.size <= _LARGEST_RECORD:
            found = True
            yield section.first, section.last
    if not found:
        last = len(document.lines) - 1
        yield max(0, line - _REACH), min(last, line + _REACH)
