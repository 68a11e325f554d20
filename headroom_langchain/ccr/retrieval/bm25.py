"""BM25 as rank-bm25 computes it, for the lines that have a term only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np
from rank_bm25 import BM25Plus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headroom_langchain.ccr.retrieval.counts import Counts
    from headroom_langchain.ccr.retrieval.similar import Vocabulary

_K1: Final = 1.5
_B: Final = 0.0
"""The length of a line says nothing: a long one is as good an answer as a short one."""


class LineBM25(BM25Plus):  # type: ignore[misc] # the library has no types
    """Scores the lines of a text.

    The library goes over all lines for each term. Here a term that is asked for is
    counted, and what it weighs and adds is computed as the library does.
    """

    def __init__(self, counts: Counts) -> None:
        """Prepare to score.

        Args:
            counts: The terms of the lines.
        """
        super().__init__(counts, k1=_K1, b=_B, delta=0)

    def _initialize(self, corpus: Counts) -> dict[str, int]:
        self._counts = corpus
        self.corpus_size = corpus.lines
        return {}

    @property
    def vocabulary(self) -> Vocabulary:
        """The terms of the lines and of what they are part of."""
        return self._counts.vocabulary

    def get_scores(self, query: Iterable[str]) -> NDArray[np.float64]:
        """Return the score of each line for some terms, 0 where it has none."""
        scores = np.zeros(self.corpus_size)
        for term in query:
            counts = self._counts.of(term)
            lines = np.flatnonzero(counts)
            if not len(lines):
                continue
            self._calc_idf({term: len(lines)})
            times = counts[lines]
            scores[lines] += self.idf[term] * (
                (times * (self.k1 + 1)) / (self.k1 + times)
            )
        return scores
