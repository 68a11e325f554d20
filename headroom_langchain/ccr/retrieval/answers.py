"""The answer to a call of `headroom_retrieve`.

Every answer says what it is: of which original, which lines of how many, and how
to get more. It fits a budget and is never empty. What goes wrong is answered with
what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from headroom_langchain.ccr.retrieval.assembly import show_hits
from headroom_langchain.ccr.retrieval.excerpt import Excerpt
from headroom_langchain.ccr.retrieval.json_query import JsonPath, follow
from headroom_langchain.ccr.retrieval.measure import measure
from headroom_langchain.ccr.retrieval.misses import unknown_keys, with_known
from headroom_langchain.ccr.retrieval.overview import show_overview
from headroom_langchain.ccr.retrieval.pages import page, page_of_values
from headroom_langchain.ccr.retrieval.reading import Read, read_index
from headroom_langchain.ccr.retrieval.request import (
    LineRange,
    Refusal,
    RetrievalRequest,
    echo,
    parse_request,
)
from headroom_langchain.ccr.retrieval.reranking import Meaning, Rerank
from headroom_langchain.ccr.retrieval.search import (
    Hit,
    Index,
    Ranking,
    plain_ranking,
    rank,
)
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.structure.passages import Document
from headroom_langchain.structure.patterns import SafePattern

__all__ = [
    "LineRange",
    "Refusal",
    "RetrievalAnswer",
    "RetrievalRequest",
    "answer",
    "parse_request",
]

_SHARE: Final = 0.13
"""A little less than 15 %, since tokens are measured, not counted."""
_LEAST: Final = 150
_FEWEST: Final = 60
_SMALL: Final = 2000
"""Characters up to which an original may be so small that all of it is shown."""
_BREAK: Final = 4
_MORE: Final = '; more with lines="{}-{}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalAnswer:
    """What the model is told."""

    text: str
    """The answer, never empty."""
    returned: tuple[str, ...] = ()
    """The keys of the originals that the answer is from."""
    missing: tuple[str, ...] = ()
    """The hashes that nothing was found for."""
    found: bool = True
    """Whether the answer has anything of what was asked for."""
    notes: tuple[str, ...] = ()
    """What went wrong on the way, for whoever reads a report."""


def answer(
    request: RetrievalRequest | Refusal,
    originals: Mapping[str, Original],
    *,
    known: Sequence[str] = (),
    max_tokens: int = 1000,
    read: Read = read_index,
    rerank: Rerank | None = None,
) -> RetrievalAnswer:
    """Answer a request. Pure: the same arguments give the same answer.

    The one exception is a regular expression that takes too long, which is said.

    Args:
        request: What the model asked for, from `parse_request`.
        originals: What was found for the hashes of the request.
        known: Hashes that the model may use, to name some when it errs.
        max_tokens: Tokens of the whole answer, by `measure`. Without `lines` it is also
            at most 15 % of the original, or 150 tokens where that is more.
        read: Reads an original, such as a `RememberedIndexes`.
        rerank: Judges how near passages are to words in meaning; by default words
            alone decide.

    Returns:
        The answer, which names what was found and what was not.
    """
    if isinstance(request, Refusal):
        named = known if request.needs_hash else ()
        text = with_known(request.reason, named, originals, max_tokens)
        return RetrievalAnswer(text=text, found=False)
    keys = request.keys[: max(1, max_tokens // _FEWEST)]
    returned = [key for key in keys if key in originals]
    last = _unanswered(request, keys, originals, known, max_tokens)
    left = max_tokens - sum(measure(text) + _BREAK for text in last)
    meaning = Meaning(rerank)
    texts: list[str] = []
    found = False
    for behind, key in zip(range(len(returned))[::-1], returned, strict=True):
        share = max(_FEWEST, int((left - behind * _BREAK) / (behind + 1)))
        text, matched = _from_original(
            request, originals[key], share, read=read, meaning=meaning
        )
        found = found or matched
        left -= measure(text) + _BREAK
        texts.append(text)
    return RetrievalAnswer(
        text="\n\n".join([*texts, *last]),
        returned=tuple(returned),
        missing=tuple(key for key in keys if key not in originals),
        found=found,
        notes=tuple(meaning.notes),
    )


def _unanswered(
    request: RetrievalRequest,
    keys: Sequence[str],
    originals: Mapping[str, Original],
    known: Sequence[str],
    max_tokens: int,
) -> list[str]:
    """Say what of a request is not answered, and what to do about it."""
    told: list[str] = []
    if missing := [key for key in keys if key not in originals]:
        others = [key for key in known if key not in request.keys]
        room = max_tokens * len(missing) // len(keys)
        told.append(with_known(unknown_keys(missing, known), others, originals, room))
    if rest := request.left_over + len(request.keys) - len(keys):
        what = "hash" if rest == 1 else f"{rest:,} hashes"
        told.append(f"The last {what} of the call must be asked for in another one.")
    return told


def _from_original(
    request: RetrievalRequest,
    original: Original,
    max_tokens: int,
    *,
    read: Read,
    meaning: Meaning,
) -> tuple[str, bool]:
    """Return what there is to say of an original, and whether it was asked for."""
    if not original.content:
        return f"The original {original.key} is empty.", True
    if request.lines is None and len(original.content) <= _SMALL:
        count = len(original.content.splitlines())
        head = f"The whole original {original.key} ({count:,} lines):"
        whole = f"{head}\n{original.content}"
        if measure(whole) <= min(max_tokens, _LEAST):
            return whole, True
    index = read(original)
    document = index.document
    budget = min(max_tokens, max(_LEAST, int(_SHARE * index.tokens)))
    if isinstance(request.query, JsonPath):
        text = page_of_values(document, original.key, request.query, budget)
        return text, bool(follow(document.spans, request.query).found)
    if request.query is None:
        lines = request.lines or LineRange(first=1)
        limit = max_tokens if request.lines is not None else budget
        text = page(document, original.key, lines, limit)
        return text, lines.first <= len(document.lines)
    return _passages(index, original.key, request, budget, meaning)


def _passages(
    index: Index, key: str, request: RetrievalRequest, budget: int, meaning: Meaning
) -> tuple[str, bool]:
    document = index.document
    query = request.query
    ranking, limits = _search(index, request)
    if isinstance(query, str):
        ranking = meaning.reordered(document, ranking, query)
    if not ranking.hits:
        asked = echo(query.source if isinstance(query, SafePattern) else query)
        reason = f"Nothing in {key} matches {asked}{limits}."
        if near := _near(document, request, meaning):
            head = f"{reason} Nearest in meaning, as far as a sample tells:"
            return _shown(document, near, head, budget), True
        return show_overview(document, reason, budget), False
    matching = ranking.matching
    total = len(document.lines)
    rest = f"of {len(matching):,} matching lines, of {total:,}{limits}"
    head = f"Passages of {key}:"
    going_on = _MORE.format(total, total) if budget >= _LEAST else ""
    room = budget - measure(f"{head} {total} {rest}{going_on}.\n")
    excerpt = Excerpt(document, room)
    show_hits(excerpt, ranking, more=request.lines is None)
    body = excerpt.render()
    lines = excerpt.lines()
    if going_on and lines and max(matching, default=0) > lines[-1]:
        last = request.lines.last if request.lines is not None else None
        rest += _MORE.format(lines[-1] + 2, last or "")
    return f"{head} {len(matching.intersection(lines))} {rest}.\n{body}", True


def _near(
    document: Document, request: RetrievalRequest, meaning: Meaning
) -> Ranking | None:
    """Return what is near in meaning to words that do not occur, if anything is."""
    if not isinstance(request.query, str):
        return None
    wanted = request.lines or LineRange(first=1)
    lines = range(len(document.lines))[wanted.first - 1 : wanted.last]
    near = meaning.nearest(document, lines, request.query)
    return near if near.hits else None


def _shown(document: Document, ranking: Ranking, head: str, budget: int) -> str:
    excerpt = Excerpt(document, budget - measure(f"{head}\n"))
    show_hits(excerpt, ranking)
    return f"{head}\n{excerpt.render()}"


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
    matching = ranking.matching.intersection(range(first - 1, last))
    inside = replace(ranking, hits=hits, matching=matching)
    return inside, f"{limits} (in lines {first}-{last})"


def _matches(document: Document, pattern: SafePattern) -> tuple[Ranking, str]:
    matches = pattern.search(document.line(at) for at in range(len(document.lines)))
    ranking = plain_ranking(document, [Hit(line, 1.0) for line in matches.lines])
    if matches.complete:
        return ranking, ""
    return ranking, f" (too slow: only the first {matches.searched:,} were searched)"
