"""What an answer shows of a text, within a budget.

What is shown stands in the order of the text, every line behind its number, every
run of lines under the place that it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.retrieval.measure import measure
from headroom_langchain.ccr.retrieval.phrases import fold
from headroom_langchain.structure.sections import NOWHERE

if TYPE_CHECKING:
    from headroom_langchain.structure.passages import Document

_LONG_SHARE: Final = 0.5
_CHARACTERS_PER_TOKEN: Final = 2.5
_BREAK: Final = 1.0
_BEFORE: Final = 0.3
_NARROWEST: Final = 8
_MOST_IDENTITIES: Final = 2
_SHORTEST_SHARED: Final = 8
_STEP = re.compile(r" > |[\[.]")


class Excerpt:
    """Lines of a document that are shown, within a budget of tokens."""

    def __init__(self, document: Document, budget: float) -> None:
        """Start with nothing shown.

        Args:
            document: The text, as it was read.
            budget: Tokens by `measure`, line numbers and places included.
        """
        self.document = document
        self.budget = budget
        self.left = budget
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
        cost = measure(self._numbered(line, text)) + _BREAK
        if not {line - 1, line + 1} & self._shown.keys():
            cost += measure(self._place(line, ()))
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
        room -= measure(self._place(line, ()))
        width = int(_CHARACTERS_PER_TOKEN * max(room, 1))
        while width > _NARROWEST:
            clipped = clip(text, words, width)
            cost = measure(self._numbered(line, clipped)) + _BREAK
            if cost <= room:
                self._shown[line] = clipped
                self.left -= cost
                return
            width //= 2

    def settle(self) -> None:
        """Count again what is left.

        A line is counted with the whole place it comes from, and what it shares
        with the place before is not shown again.
        """
        self.left = self.budget - measure(self._render())

    def lines(self) -> list[int]:
        """Return the lines that are shown, in order."""
        return sorted(self._shown)

    def render(self) -> str:
        """Return what is shown, in the order of the text.

        What was added last is left out again if the whole exceeds the budget.
        """
        text = self._render()
        while len(self._shown) > 1 and measure(text) > self.budget:
            self._shown.popitem()
            text = self._render()
        return text

    def _render(self) -> str:
        rows: list[str] = []
        place = ""
        for run in _runs(self.lines()):
            label = self._place(run[0], run)
            if label and label != place:
                rows.append(shortened(label, place))
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


def shortened(place: str, before: str) -> str:
    """Leave out the steps that a place has in common with the one shown before it.

    Args:
        place: Such as `@ $.items[17].tags`.
        before: Such as `@ $.items[16]`, with which the first becomes `@ …17].tags`.
    """
    path = place.partition(" (")[0]
    ends = (step.end() for step in _STEP.finditer(path))
    cut = max((end for end in ends if before.startswith(place[:end])), default=0)
    return f"@ …{place[cut:]}" if cut > _SHORTEST_SHARED else place


def _runs(lines: Sequence[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for line in lines:
        if run and line != run[-1] + 1:
            yield run
            run = []
        run.append(line)
    if run:
        yield run
