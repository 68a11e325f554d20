"""What the model is told for a hidden call, in the light of those before it.

Asking again for what is not there finds nothing again. Requests are compared by
what they ask for, not by how they are spelled.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from headroom_langchain.ccr.retrieval import answers
from headroom_langchain.ccr.retrieval.json_query import JsonPath
from headroom_langchain.ccr.retrieval.reading import Read
from headroom_langchain.ccr.retrieval.request import (
    Refusal,
    RetrievalRequest,
    parse_request,
)
from headroom_langchain.ccr.retrieval.reranking import Rerank
from headroom_langchain.ccr.rounds.calls import HiddenCall
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.structure.patterns import SafePattern

MALFORMED: Final = (
    "The arguments could not be read as JSON. Call headroom_retrieve again with "
    '{"hash": "<24 hex digits from the marker>", "query": "<words to look for>"}.'
)
"""What the model is told about arguments that are broken or cut off."""

ASKED_TWICE: Final = (
    "This was asked before and nothing was found; asking again does not help. "
    "Answer now with what you have seen, and say what is missing."
)
"""What the model is told when it repeats a request that found nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the model is told for one call."""

    text: str
    error: bool = False
    """Whether it says that the call could not be served."""
    repeated: bool = False
    """Whether the same was asked before and nothing was found."""
    notes: tuple[str, ...] = ()
    """What went wrong on the way."""


class Telling:
    """Answers the calls of one answer of a model."""

    def __init__(self, read: Read, rerank: Rerank | None = None) -> None:
        """Start with nothing asked.

        Args:
            read: Reads an original that is to be searched.
            rerank: Judges how near passages are to a query in meaning.
        """
        self._read = read
        self._rerank = rerank
        self._missed: set[Hashable] = set()
        self._missed_now: set[Hashable] = set()

    def tell(
        self,
        call: HiddenCall,
        originals: Mapping[str, Original],
        known: Sequence[str],
        max_tokens: int,
    ) -> Told:
        """Answer a call; without a hash it is about the only original there is.

        Args:
            call: The call.
            originals: The originals that it may see.
            known: Hashes that it may use, those first that are to be named first.
            max_tokens: Estimated tokens of the answer.
        """
        request = request_of(call)
        given = call.arguments or {}
        asks = given.get("query") or given.get("lines")
        if asks and not given.get("hash") and len(known) == 1:
            # There is but one that can be meant, and the answer names it.
            request = parse_request({**given, "hash": known[0]})
        meaning = _meaning(call, request)
        if meaning in self._missed:
            return Told(text=ASKED_TWICE, error=True, repeated=True)
        told = answers.answer(
            request,
            originals,
            known=known,
            max_tokens=max_tokens,
            read=self._read,
            rerank=self._rerank,
        )
        if not told.found:
            self._missed_now.add(meaning)
        wrong = isinstance(request, Refusal) or bool(told.missing)
        return Told(text=told.text, error=wrong, notes=told.notes)

    def end_round(self) -> None:
        """Count what was not found as told: calls of one round cannot know it yet."""
        self._missed |= self._missed_now


def request_of(call: HiddenCall) -> RetrievalRequest | Refusal:
    """Read what a call asks for."""
    if call.arguments is None:
        return Refusal(reason=MALFORMED, needs_hash=True)
    return parse_request(call.arguments)


def _meaning(call: HiddenCall, request: RetrievalRequest | Refusal) -> Hashable:
    if isinstance(request, Refusal):
        return call.raw if call.arguments is None else request
    match request.query:
        case str() as words:
            query: Hashable = " ".join(words.split()).casefold()
        case JsonPath(steps=steps):
            query = steps
        case SafePattern(parts=parts):
            query = parts
        case None:
            query = None
    return frozenset(request.keys), query, request.lines
