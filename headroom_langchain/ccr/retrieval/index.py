"""A text that was read, with its terms counted once they are needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headroom_langchain.ccr.retrieval.bm25 import LineBM25
    from headroom_langchain.ccr.retrieval.surroundings import Surroundings
    from headroom_langchain.structure.passages import Document


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
