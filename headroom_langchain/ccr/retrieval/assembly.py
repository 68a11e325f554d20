"""Puts together what an answer shows: which lines, with what around them.

Best matches go first, each with its neighbours and with lines of its record that
have the words still missing, as long as the budget lasts. What is shown stands in
the order of the text, every line behind its number, every run of lines under the
place it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.retrieval.phrases import fold
from headroom_langchain.structure.sections import NOWHERE
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from headroom_langchain.ccr.retrieval.search import Hit, Ranking
    from headroom_langchain.structure.passages import Document

_MOST_HITS: Final = 400
_MOST_REFUSED: Final = 25
_TIE_PLACE: Final = 8
_TIE: Final = 0.8
_COVERED: Final = 3
_REACH: Final = 40
_LARGEST_RECORD: Final = 600
_LONG_SHARE: Final = 0.5
_NEIGHBOUR_SHARE: Final = 0.15
_CHARACTERS_PER_TOKEN: Final = 2.5
_BREAK: Final = 1.5
_BEFORE: Final = 0.3
_NARROWEST: Final = 8
_MOST_IDENTITIES: Final = 2


class Excerpt:
    """Lines of a document that are shown, within a budget of estimated tokens."""

    def __init__(self, document: Document, budget: int) -> None:
        """Start with nothing shown.

        Args:
            document: The text, as it was read.
            budget: Estimated tokens, line numbers and places included.
        """
        self.document = document
        self.budget = budget
        self.left = float(budget)
        self._shown: dict[int, str] = {}

    def __len__(self) -> int:
        """Return how many lines are shown."""
        return len(self._shown)

    def __contains__(self, line: object) -> bool:
        """Tell whether a line is shown."""
        return line in self._shown

    def add(self, line: int, *, share: float = 1.0) -> bool:
        """Show a line.

        Args:
            line: The index of the line.
            share: The share of the whole budget that it may take at most.

        Returns:
            Whether it is shown now; it is not when the budget does not allow it.
        """
        if line in self._shown:
            return True
        text = self.document.line(line)
        cost = estimate_tokens(self._numbered(line, text)) + _BREAK
        if not {line - 1, line + 1} & self._shown.keys():
            cost += estimate_tokens(self._place(line, ()))
        if cost > min(self.left, share * self.budget):
            return False
        self._shown[line] = text
        self.left -= cost
        return True

    def add_clipped(self, line: int, words: Iterable[str]) -> None:
        """Show the part of a long line around the first of some words.

        Args:
            line: The index of the line.
            words: What to look for, in lower case; else its beginning is shown.
        """
        text = self.document.line(line)
        room = min(self.left, int(_LONG_SHARE * self.budget))
        room -= estimate_tokens(self._place(line, ()))
        width = int(_CHARACTERS_PER_TOKEN * max(room, 1))
        while width > _NARROWEST:
            clipped = clip(text, words, width)
            cost = estimate_tokens(self._numbered(line, clipped)) + _BREAK
            if cost <= room:
                self._shown[line] = clipped
                self.left -= cost
                return
            width //= 2

    def lines(self) -> list[int]:
        """Return the lines that are shown, in order."""
        return sorted(self._shown)

    def render(self) -> str:
        """Return what is shown, in the order of the text.

        What was added last is left out again if the whole exceeds the budget.
        """
        text = self._render()
        while len(self._shown) > 1 and estimate_tokens(text) > self.budget:
            self._shown.popitem()
            text = self._render()
        return text

    def _render(self) -> str:
        rows: list[str] = []
        place = ""
        for run in _runs(self.lines()):
            label = self._place(run[0], run)
            if label and label != place:
                rows.append(label)
            place = label
            rows += [self._numbered(line, self._shown[line]) for line in run]
        return "\n".join(rows)

    def _numbered(self, line: int, text: str) -> str:
        mark = "+" if self.document.lines[line].continued else ":"
        return f"{line + 1}{mark} {text}"

    def _place(self, line: int, run: Sequence[int]) -> str:
        document = self.document
        owner = document.owners[line]
        if owner == NOWHERE:
            return ""
        section = document.outline.sections[owner]
        if section.first == line and (section.size > 1 or document.form != "json"):
            owner = section.parent
        label = document.label(owner)
        if not label:
            return ""
        shown = "\n".join(self._shown[at] for at in run)
        identity = ", ".join(dict.fromkeys(self._identity(owner, shown)))
        return f"@ {label} ({identity})" if identity else f"@ {label}"

    def _identity(self, owner: int, shown: str) -> Iterator[str]:
        found = 0
        for section in self.document.chain(owner):
            if section.identity and section.size > 1:
                yield from (value for value in section.identity if value not in shown)
                found += 1
                if found == _MOST_IDENTITIES:
                    return


def clip(text: str, words: Iterable[str], width: int) -> str:
    """Cut a text to a width around the first of some words that occurs in it."""
    if len(text) <= width:
        return text
    if width <= 0:
        return ""
    folded = fold(text)
    places = [at for word in words if (at := folded.find(word)) >= 0]
    start = max(0, min(places, default=0) - int(_BEFORE * width))
    start = min(start, len(text) - width)
    cut = text[start : start + width]
    return ("…" if start else "") + cut + ("…" if start + width < len(text) else "")


def show_hits(excerpt: Excerpt, ranking: Ranking) -> None:
    """Show the best matches and what belongs to them, until the budget is used up.

    Args:
        excerpt: Where to show them.
        ranking: What the search found.
    """
    document = excerpt.document
    if document.header is not None:
        excerpt.add(document.header, share=_LONG_SHARE)
    radius = _radius(document.form, ranking.hits)
    shown: set[tuple[str, int]] = set()
    refused = 0
    for place, hit in enumerate(ranking.hits[:_MOST_HITS]):
        text = document.line(hit.line).strip()
        same = (text, document.owners[hit.line])
        if same in shown:
            continue
        if not excerpt.add(hit.line, share=_LONG_SHARE if place else 1.0):
            refused += 1
            if place < _COVERED or not len(excerpt):
                excerpt.add_clipped(hit.line, ranking.terms)
            if refused > _MOST_REFUSED:
                return
            continue
        shown.add(same)
        _show_around(excerpt, hit.line, radius + (2 if not place and radius else 0))
        if place < _COVERED:
            _show_missing(excerpt, hit.line, ranking)


def _radius(form: str, hits: Sequence[Hit]) -> int:
    """Return how many lines around a match to show: none when many match as well."""
    if len(hits) > _TIE_PLACE and hits[_TIE_PLACE].score >= _TIE * hits[0].score:
        return 0
    return 2 if form == "code" else 1


def _show_around(excerpt: Excerpt, line: int, radius: int) -> None:
    document = excerpt.document
    for distance in range(1, radius + 1):
        for near in (line + distance, line - distance):
            if 0 <= near < len(document.lines) and document.line(near).strip():
                excerpt.add(near, share=_NEIGHBOUR_SHARE)


def _show_missing(excerpt: Excerpt, line: int, ranking: Ranking) -> None:
    """Show lines of the same record that have words of the query still missing."""
    missing = (1 << len(ranking.terms)) - 1
    for first, last in _records(excerpt.document, line):
        for at in range(first, last + 1):
            if at in excerpt:
                missing &= ~ranking.masks[at]
        for at in sorted(range(first, last + 1), key=lambda at: abs(at - line)):
            if not missing:
                return
            if ranking.masks[at] & missing and excerpt.add(at, share=_NEIGHBOUR_SHARE):
                missing &= ~ranking.masks[at]


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


def _runs(lines: Sequence[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for line in lines:
        if run and line != run[-1] + 1:
            yield run
            run = []
        run.append(line)
    if run:
        yield run
