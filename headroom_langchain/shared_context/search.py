"""Passages of shared results that a query finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from headroom_langchain.ccr.retrieval.answers import answer
from headroom_langchain.ccr.retrieval.json_query import JsonPath, follow
from headroom_langchain.ccr.retrieval.reading import INDEXES
from headroom_langchain.ccr.retrieval.request import (
    Refusal,
    RetrievalRequest,
    parse_request,
)
from headroom_langchain.ccr.retrieval.search import rank
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.shared_context.reference import SharedReference
from headroom_langchain.structure.patterns import SafePattern

_LEAST_TOKENS: Final = 100
"""Tokens that one answer needs."""
_MOST_RESULTS: Final = 5
_BEST_LINES: Final = 5
"""Lines by which results are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPassages:
    """What a search found in one shared result."""

    name: str
    key: str
    """The hash of the content."""
    text: str
    """The passages, with the numbers of their lines."""


def search(
    references: Sequence[SharedReference],
    originals: Mapping[str, Original],
    query: str,
    *,
    max_tokens: int,
) -> list[SharedPassages]:
    """Search shared results.

    Args:
        references: Where to look.
        originals: Their contents, by key.
        query: Words, `/regex/`, or a JSON path that starts with `$`.
        max_tokens: Estimated tokens of all passages together, at least 100.

    Returns:
        What was found, for each result that has it and at most five, the best ones
        first.

    Raises:
        ConfigurationError: The query is empty or cannot be understood, or
            `max_tokens` is too small for an answer.
    """
    if max_tokens < _LEAST_TOKENS:
        msg = f"max_tokens={max_tokens!r} is too small for an answer; give 100 or more"
        raise ConfigurationError(msg)
    names: dict[str, str] = {}
    for one in references:
        if one.key in originals:
            names.setdefault(one.key, one.name)
    requests = {key: _request(key, query) for key in names}
    fits = {key: _fit(originals[key], requests[key]) for key in names}
    # Equal ones stay in the order in which they were put.
    matching = (key for key in names if fits[key])
    best = sorted(matching, key=lambda key: fits[key], reverse=True)
    best = best[: min(_MOST_RESULTS, max_tokens // _LEAST_TOKENS)]
    return [
        SharedPassages(
            name=names[key],
            key=key,
            text=answer(
                requests[key],
                originals,
                max_tokens=max_tokens // len(best),
                read=INDEXES,
            ).text,
        )
        for key in best
    ]


def _request(key: str, query: str) -> RetrievalRequest:
    request = parse_request({"hash": key, "query": query})
    if isinstance(request, Refusal):
        raise ConfigurationError(request.reason)
    if request.query is None:
        msg = f"query={query!r} asks for nothing; give words, /regex/ or a JSON path"
        raise ConfigurationError(msg)
    return request


def _fit(original: Original, request: RetrievalRequest) -> tuple[float, ...]:
    """Return how well a result matches, to be compared; nothing if it does not."""
    index = INDEXES(original)
    document = index.document
    match request.query:
        case JsonPath() as path:
            return (1.0,) if follow(document.spans, path).found else ()
        case SafePattern() as pattern:
            lines = (document.line(at) for at in range(len(document.lines)))
            return (1.0,) if pattern.search(lines).lines else ()
        case words:
            ranking = rank(index, str(words))
            best = ranking.hits[:_BEST_LINES]
            # A score says how rare words are in its own text, so it counts last.
            terms = [ranking.masks[hit.line].bit_count() for hit in best]
            return (max(terms), best[0].score) if best else ()
