"""A text that was read, with its terms counted once they are needed."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.retrieval.measure import measure
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from headroom_langchain.ccr.retrieval.bm25 import LineBM25
    from headroom_langchain.ccr.retrieval.surroundings import Surroundings
    from headroom_langchain.structure.passages import Document

_MEASURED: Final = 1 << 16
"""Characters up to which a text is measured, which takes longer than to estimate."""


class Index:
    """A text that can be searched, by several threads at once.

    Reading it line by line needs no terms, so they are counted by the first search.
    """

    def __init__(self, document: Document) -> None:
        """Prepare to search a text.

        Args:
            document: The text, as it was read.
        """
        self.document = document
        self._counting = threading.Lock()
        self._bm25: LineBM25 | None = None
        self._surroundings: Surroundings | None = None

    @cached_property
    def tokens(self) -> float:
        """The tokens of the text, closely for one of which a share may be shown."""
        text = self.document.text
        if len(text) > _MEASURED:
            return estimate_tokens(text)
        return measure(text)

    @property
    def bm25(self) -> LineBM25:
        """The terms of its lines, counted."""
        with self._counting:
            if self._bm25 is None:
                from headroom_langchain.ccr.retrieval.bm25 import LineBM25
                from headroom_langchain.ccr.retrieval.counts import Counts

                self._bm25 = LineBM25(Counts(self.document))
            return self._bm25

    @property
    def surroundings(self) -> Surroundings:
        """What its lines are part of, in the form in which it is searched."""
        with self._counting:
            if self._surroundings is None:
                from headroom_langchain.ccr.retrieval.surroundings import Surroundings

                self._surroundings = Surroundings(self.document)
            return self._surroundings
