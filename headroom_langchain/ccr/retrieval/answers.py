"""The answer to a call of `headroom_retrieve`.

Every answer says what it is: of which original, which lines of how many, and how
to get more. It fits a budget and is never empty. What goes wrong is answered with
what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from headroom_langchain.ccr.retrieval.assembly import Excerpt, show_hits
from headroom_langchain.ccr.retrieval.json_query import JsonPath
from headroom_langchain.ccr.retrieval.overview import show_overview
from headroom_langchain.ccr.retrieval.pages import page, page_of_values
from headroom_langchain.ccr.retrieval.patterns import SafePattern
from headroom_langchain.ccr.retrieval.reading import Read, read_index
from headroom_langchain.ccr.retrieval.request import (
    LineRange,
    Refusal,
    RetrievalRequest,
    echo,
    parse_request,
)
from headroom_langchain.ccr.retrieval.search import Hit, Index, Ranking, rank
from headroom_langchain.ccr.store.base import KEY_LENGTH, Original
from headroom_langchain.structure.passages import Document
from headroom_langchain.tokens import estimate_tokens

__all__ = [
    "LineRange",
    "Refusal",
    "RetrievalAnswer",
    "RetrievalRequest",
    "answer",
    "parse_request",
]

_SHARE: Final = 0.15
_LEAST: Final = 150
_FEWEST: Final = 60
_HEADING: Final = 50
_SHORT_HASH: Final = 8
_MOST_KNOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalAnswer:
    """What the model is told."""

    text: str
    """The answer, never empty."""
    returned: tuple[str, ...] = ()
    """The keys of the originals that the answer is from."""
    missing: tuple[str, ...] = ()
    """The hashes that nothing was found for."""


def answer(
    request: RetrievalRequest | Refusal,
    originals: Mapping[str, Original],
    *,
    known: Sequence[str] = (),
    max_tokens: int = 1000,
    read: Read = read_index,
) -> RetrievalAnswer:
    """Answer a request. Pure: the same arguments give the same answer.

    The one exception is a regular expression that takes too long, which is said.

    Args:
        request: What the model asked for, from `parse_request`.
        originals: What was found for the hashes of the request.
        known: Hashes that the model may use, to name some when it errs.
        max_tokens: Estimated tokens of the whole answer. Without `lines` it is also
            at most 15 % of the original, or 150 tokens where that is more.
        read: Reads an original, such as a `RememberedIndexes`.

    Returns:
        The answer, which names what was found and what was not.
    """
    if isinstance(request, Refusal):
        return RetrievalAnswer(text=request.reason)
    budget = max(_FEWEST, max_tokens // len(request.keys))
    texts: list[str] = []
    returned: list[str] = []
    for key in request.keys:
        original = originals.get(key)
        if original is None:
            texts.append(_unknown(key, known))
        else:
            texts.append(_from_original(request, original, budget, read))
            returned.append(key)
    return RetrievalAnswer(
        text="\n\n".join(texts),
        returned=tuple(returned),
        missing=tuple(key for key in request.keys if key not in originals),
    )


def _unknown(key: str, known: Sequence[str]) -> str:
    """Say that a hash leads nowhere, and which would."""
    full = [candidate for candidate in known if candidate.startswith(key)]
    if len(key) >= _SHORT_HASH and len(full) == 1 and len(key) < KEY_LENGTH:
        return f'`{key}` is cut short. The full hash is hash="{full[0]}".'
    wrong = (
        f"`{key}` has {len(key)} digits, a hash has {KEY_LENGTH}"
        if len(key) != KEY_LENGTH
        else f"nothing is stored under `{key}`"
    )
    if known:
        names = ", ".join(known[:_MOST_KNOWN])
        more = (
            f" and {len(known) - _MOST_KNOWN} more" if len(known) > _MOST_KNOWN else ""
        )
        return f"Not found: {wrong}. Known hashes: {names}{more}."
    return (
        f"Not found: {wrong}. Copy the hash from the marker; if it is right, the "
        "original is no longer kept: run the tool that produced it again."
    )


def _from_original(
    request: RetrievalRequest, original: Original, max_tokens: int, read: Read
) -> str:
    if not original.content:
        return f"The original {original.key} is empty."
    size = estimate_tokens(original.content)
    budget = min(max_tokens, max(_LEAST, int(_SHARE * size)))
    whole = budget if request.query is not None else max_tokens
    if request.lines is None and size + _HEADING <= whole:
        count = len(original.content.splitlines())
        return (
            f"The whole original {original.key} ({count:,} lines):\n{original.content}"
        )
    index = read(original)
    document = index.document
    if isinstance(request.query, JsonPath):
        return page_of_values(document, original.key, request.query, budget)
    if request.query is None:
        limit = max_tokens if request.lines is not None else budget
        return page(document, original.key, request.lines or LineRange(first=1), limit)
    return _passages(index, original.key, request, budget)


def _passages(index: Index, key: str, request: RetrievalRequest, budget: int) -> str:
    document = index.document
    query = request.query
    asked = echo(query.source if isinstance(query, SafePattern) else query)
    ranking, limits = _search(index, request)
    if not ranking.hits:
        reason = f"Nothing in {key} matches {asked}{limits}."
        return show_overview(document, reason, budget)
    matching = {hit.line for hit in ranking.hits}
    rest = f"of {len(matching):,} matching lines, of {len(document.lines):,}{limits}."
    head = f"Passages of {key} for {asked}:"
    excerpt = Excerpt(document, budget - estimate_tokens(f"{head} 100 {rest}\n"))
    show_hits(excerpt, ranking)
    body = excerpt.render()
    shown = sum(1 for line in excerpt.lines() if line in matching)
    return f"{head} {shown} {rest}\n{body}"


def _search(index: Index, request: RetrievalRequest) -> tuple[Ranking, str]:
    """Return the matches, and in words where the search stopped short."""
    limits = ""
    document = index.document
    if isinstance(request.query, SafePattern):
        ranking, limits = _matches(document, request.query)
    else:
        ranking = rank(index, str(request.query))
    if request.lines is None:
        return ranking, limits
    first, last = request.lines.first, request.lines.last or len(document.lines)
    hits = [hit for hit in ranking.hits if first <= hit.line + 1 <= last]
    inside = Ranking(hits=hits, masks=ranking.masks, terms=ranking.terms)
    return inside, f"{limits} (in lines {first}-{last})"


def _matches(document: Document, pattern: SafePattern) -> tuple[Ranking, str]:
    matches = pattern.search(document.line(at) for at in range(len(document.lines)))
    hits = [Hit(line, 1.0) for line in matches.lines]
    ranking = Ranking(hits=hits, masks=[0] * len(document.lines), terms=())
    if matches.complete:
        return ranking, ""
    return ranking, f" (too slow: only the first {matches.searched:,} were searched)"
