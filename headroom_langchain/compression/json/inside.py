"""Texts inside a document: the output of a command in a string, a line before it.

What they are is for the compressors of texts to find out. The JSON compressors
are given a function that asks them, since they must not know them.
"""

from __future__ import annotations

from typing import Protocol

from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.compression.prose.text import read_plain


class ExcerptText(Protocol):
    """Shortens a text of any kind."""

    def __call__(self, text: str, *, budget: int, interest: Interest) -> Excerpt:
        """Choose what to show of a text.

        Args:
            text: The text, not empty.
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        ...


def excerpt_plainly(text: str, *, budget: int, interest: Interest) -> Excerpt:
    """Show the outline of a text, whatever kind it is."""
    return read_plain(text).excerpt(budget=budget, interest=interest)
