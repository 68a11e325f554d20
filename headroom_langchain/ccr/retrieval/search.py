"""Finds the lines of a text that a query is about.

BM25 scores every line together with the words that say where it is: the path and
identity of a JSON value, the file and hunk of a change, the class around a method,
the section of a paragraph. To that come what stands elsewhere in the same record,
what stands in the lines around, and phrases of the query that occur as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log2
from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.retrieval.phrases import phrase_bonuses
from headroom_langchain.ccr.retrieval.qualified import qualified_bonuses
from headroom_langchain.ccr.retrieval.superlatives import extremes
from headroom_langchain.ccr.retrieval.terms import Tokenizer, defining, query_terms
from headroom_langchain.structure.sections import NOWHERE
from headroom_langchain.structure.sections_code import definition_in

if TYPE_CHECKING:
    from rank_bm25 import BM25Plus

    from headroom_langchain.structure.passages import Document

_K1: Final = 1.5
_B: Final = 0.3
_BODY: Final = 2
_CHAIN: Final = 6
_LARGEST_RECORD: Final = 600
_NEIGHBOUR: Final = 0.35
_NEAR: Final = 2
_EXTREME: Final = 4.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that matches, and how well."""

    line: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What a search found."""

    hits: Sequence[Hit]
    """The matching lines, best first, equal ones in the order of the text."""
    masks: Sequence[int]
    """For each line of the text, which terms it has, one bit for each term."""
    terms: Sequence[str]
    """The terms that occur in the text; the first belongs to the lowest bit."""


class Index:
    """A text that was read, with its terms counted once they are needed."""

    def __init__(self, document: Document) -> None:
        """Prepare to search a text.

        Args:
            document: The text, as it was read.
        """
        self.document = document

    @cached_property
    def terms(self) -> list[list[str]]:
        """The terms of each line: its own twice, those of its context once."""
        return _line_terms(self.document)

    @cached_property
    def bm25(self) -> BM25Plus:
        """The terms, counted; reads no text that has none."""
        from rank_bm25 import BM25Plus

        return BM25Plus(self.terms, k1=_K1, b=_B, delta=0)


def rank(index: Index, query: str) -> Ranking:
    """Search a text for words.

    Args:
        index: The text.
        query: Words; phrases, names and paths count more where they occur as is.
    """
    document = index.document
    wanted = query_terms(query)
    scores, weights = _bm25(index, wanted)
    found = list(weights)
    masks = [_mask(line, found) for line in index.terms]
    values = list(weights.values())
    context = _context(document, masks, values)
    mean = sum(values) / len(values) if values else 1.0
    totals = [score + bonus for score, bonus in zip(scores, context, strict=True)]
    for bonuses in (phrase_bonuses, qualified_bonuses):
        for line, bonus in bonuses(document, query).items():
            totals[line] += bonus * mean
    for line, share in extremes(document, query, totals, mean).items():
        totals[line] += share * _EXTREME * mean
    hits = [
        Hit(line, round(score, 6)) for line, score in enumerate(totals) if score > 0
    ]
    hits.sort(key=lambda hit: (-hit.score, hit.line))
    return Ranking(hits=hits, masks=masks, terms=found)


def _line_terms(document: Document) -> list[list[str]]:
    tokenizer = Tokenizer()
    contexts: dict[int, list[str]] = {}
    found: list[list[str]] = []
    for at in range(len(document.lines)):
        own = tokenizer.terms(document.line(at))
        owner = document.owners[at]
        context = contexts.get(owner)
        if context is None:
            context = contexts[owner] = _context_terms(document, owner, tokenizer)
        terms = own * _BODY
        if at in document.outline.definitions:
            terms += _definition(document, at)
        if document.form == "diff":
            terms += _change(document.text[document.lines[at].start])
        found.append(terms + context if own else terms)
    return found


def _definition(document: Document, at: int) -> list[str]:
    """Return the terms for what a line defines, as in `def send` of `class Client`."""
    terms = ["definition", "signature"]
    name = definition_in(document.line(at).lstrip("+-"))
    if name is not None:
        terms.append(defining(name.split()[-1].lower()))
    owner = document.owners[at]
    symbols = [part.name.split()[-1].lower() for part in document.chain(owner)]
    if len(symbols) > 1 and document.form == "code":
        terms.append(f"{symbols[1]}.{symbols[0]}")
    return terms


def _change(mark: str) -> list[str]:
    return {"+": ["added"], "-": ["removed"]}.get(mark, [])


def _context_terms(document: Document, owner: int, tokenizer: Tokenizer) -> list[str]:
    words: list[str] = []
    for section in document.chain(owner):
        words += tokenizer.terms(section.name)
        for value in section.identity:
            words += tokenizer.terms(value)
    return words


def _bm25(
    index: Index, wanted: Mapping[str, float]
) -> tuple[list[float], dict[str, float]]:
    """Return the score of each line, and the terms that occur with their weight."""
    scores = [0.0] * len(index.terms)
    if not any(index.terms) or not wanted:
        return scores, {}
    counted = index.bm25
    weights: dict[str, float] = {}
    for share in sorted(set(wanted.values())):
        terms = [
            term for term in wanted if wanted[term] == share and term in counted.idf
        ]
        for term in terms:
            weights[term] = share * float(counted.idf[term])
        if terms:
            part = counted.get_scores(terms).tolist()
            scores = [old + share * new for old, new in zip(scores, part, strict=True)]
    return scores, weights


def _mask(line: Sequence[str], terms: Sequence[str]) -> int:
    if not line:
        return 0
    present = set(line)
    return sum(1 << at for at, term in enumerate(terms) if term in present)


def _context(
    document: Document, masks: Sequence[int], values: Sequence[float]
) -> list[float]:
    """Return what the terms around each line are worth that it does not have."""
    held = _held_by_records(document, masks)
    around: dict[int, list[tuple[int, float]]] = {}
    found: list[float] = []
    for at, own in enumerate(masks):
        owner = document.owners[at]
        if owner not in around:
            around[owner] = _records_around(document, owner, held)
        near = 0
        for neighbour in masks[max(0, at - _NEAR) : at + _NEAR + 1]:
            near |= neighbour
        have, bonus = own, 0.0
        for mask, weight in [*around[owner], (near, _NEIGHBOUR)]:
            new = mask & ~have
            if new and (have or document.form != "json"):
                bonus += weight * _worth(new, values)
            have |= mask
        found.append(bonus if own else 0.3 * bonus)
    return found


def _worth(mask: int, values: Sequence[float]) -> float:
    return sum(value for at, value in enumerate(values) if mask >> at & 1)


def _held_by_records(document: Document, masks: Sequence[int]) -> dict[int, int]:
    """Return which terms occur in each section, what it holds included."""
    sections = document.outline.sections
    held: dict[int, int] = {}
    for at, mask in enumerate(masks):
        owner = document.owners[at]
        for _ in range(_CHAIN):
            if not mask or owner == NOWHERE:
                break
            held[owner] = held.get(owner, 0) | mask
            owner = sections[owner].parent
    return held


def _records_around(
    document: Document, owner: int, held: Mapping[int, int]
) -> list[tuple[int, float]]:
    sections = document.outline.sections
    found: list[tuple[int, float]] = []
    for _ in range(_CHAIN):
        if owner == NOWHERE:
            break
        section = sections[owner]
        if section.size <= _LARGEST_RECORD and owner in held:
            found.append((held[owner], 0.6 / (1 + 0.15 * log2(section.size))))
        owner = section.parent
    return found
