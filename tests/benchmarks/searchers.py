"""Ways to find a part of a text by words: this package and two plain ones.

The plain ones cut the text into windows of twelve lines and return the best of them,
as many as the budget allows: what somebody would write in an afternoon.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from rank_bm25 import BM25Okapi

from headroom_langchain.ccr.retrieval.answers import answer, parse_request
from headroom_langchain.ccr.retrieval.index import Index
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.structure.passages import read_document
from headroom_langchain.tokens import estimate_tokens

Search: TypeAlias = Callable[[str], str]
"""Returns what is found for a query."""

_LINES: Final = 12
_LONGEST: Final = 1000
_WORD: Final = re.compile(r"\w+")


def budget(text: str) -> int:
    """Return how many estimated tokens an answer about a text may have."""
    return min(1000, max(150, estimate_tokens(text) * 15 // 100))


def ours(text: str) -> Search:
    """Search as `headroom_retrieve` does."""
    original = Original.of(text)
    index = Index(read_document(text))

    def search(query: str) -> str:
        request = parse_request({"hash": original.key, "query": query})
        return answer(request, {original.key: original}, read=lambda _: index).text

    return search


def bm25_windows(text: str) -> Search:
    """Rank windows of lines by rank-bm25."""
    windows = list(_windows(text))
    ranked = BM25Okapi([_WORD.findall(window.lower()) for window in windows])
    limit = budget(text)

    def search(query: str) -> str:
        scores = ranked.get_scores(_WORD.findall(query.lower()))
        order = sorted(range(len(windows)), key=lambda at: -scores[at])
        return _filled((windows[at] for at in order), limit)

    return search


def fts5_windows(text: str) -> Search:
    """Rank windows of lines by the full-text search of SQLite."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE windows USING fts5(content)")
    rows = ((window,) for window in _windows(text))
    connection.executemany("INSERT INTO windows VALUES (?)", rows)
    limit = budget(text)

    def search(query: str) -> str:
        words = " OR ".join(f'"{word}"' for word in _WORD.findall(query))
        found = connection.execute(
            "SELECT content FROM windows WHERE windows MATCH ? ORDER BY rank LIMIT 40",
            (words,),
        )
        return _filled((window for (window,) in found), limit)

    return search


SEARCHERS: Final[dict[str, Callable[[str], Search]]] = {
    "headroom-langchain": ours,
    "rank-bm25, windows": bm25_windows,
    "FTS5, windows": fts5_windows,
}
"""Each makes a search from a text; making it is what indexing costs."""


def _windows(text: str) -> Iterator[str]:
    lines = [
        line[start : start + _LONGEST]
        for line in text.split("\n")
        for start in range(0, max(1, len(line)), _LONGEST)
    ]
    for start in range(0, len(lines), _LINES):
        yield "\n".join(lines[start : start + _LINES])


def _filled(windows: Iterator[str], limit: int) -> str:
    shown: list[str] = []
    left = limit
    for window in windows:
        cost = estimate_tokens(window)
        if cost > left:
            # The beginning of a window is better than nothing.
            shown.append(window[: int(len(window) * left / max(1, cost))])
            break
        shown.append(window)
        left -= cost
    return "\n---\n".join(shown)
