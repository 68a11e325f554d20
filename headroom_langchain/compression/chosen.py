"""A text of which pieces are shown as they are, and the rest counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.compression.gaps import omitted_lines, show_spans
from headroom_langchain.compression.spans import Pieces, cut_spans

Chooser: TypeAlias = Callable[[Sequence[str], int, Interest], bytearray]
"""Takes the pieces of a text and a budget; returns 1 for each that is shown."""


@dataclass(frozen=True, slots=True)
class ChosenPieces:
    """The reading of a text in which every character may matter."""

    text: str
    choose: Chooser

    def lossless(self) -> str | None:
        """Return `None`: blanks, line breaks and their order may matter."""
        return None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show the pieces that the chooser chooses.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        spans = cut_spans(self.text)
        shown = self.choose(Pieces(self.text, spans), budget, interest)
        text = show_spans(self.text, spans, shown)
        return Excerpt(text=text, omitted=omitted_lines(spans, shown))
