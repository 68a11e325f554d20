"""What the model is told when it asks for originals.

Authority comes from records: only keys that this call wrote, or that stand in
the metadata of one of its messages, are answered, and only within the caller's
namespace. The call holds what it wrote itself, so that nothing a store forgets
can make a retrieval miss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.rounds.calls import HiddenCall
from headroom_langchain.ccr.rounds.record import Answer
from headroom_langchain.ccr.store.base import CCRStore, Original
from headroom_langchain.report import RetrievalReport
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from headroom_langchain.ccr.retrieval.reading import Read
    from headroom_langchain.ccr.retrieval.request import Refusal, RetrievalRequest

NO_MORE: Final = (
    "No more originals can be read in this answer. "
    "Answer now with what you have seen, and say what is missing."
)
"""What the model is told when it asks beyond the last round."""

MALFORMED: Final = (
    "The arguments could not be read as JSON. Call headroom_retrieve again with "
    '{"hash": "<24 hex digits from the marker>", "query": "<words to look for>"}.'
)
"""What the model is told about arguments that are broken or cut off."""


@dataclass(slots=True, kw_only=True)
class Answering:
    """Answers the hidden calls of one call of a wrapped model."""

    originals: Mapping[str, Original]
    """What this call left out of its messages, by key."""
    known: tuple[str, ...]
    """The keys that the metadata of this call's messages names."""
    store: CCRStore
    namespace: str
    max_tokens: int
    """Estimated tokens of one answer."""
    max_round_tokens: int
    """Estimated tokens of all answers of one round."""
    read: Read
    """Reads an original that is to be searched."""
    reports: list[RetrievalReport] = field(default_factory=list)
    """One entry for each call that was answered."""
    notes: list[str] = field(default_factory=list)
    """What went wrong on the way."""
    _failure: str = field(default="", init=False)
    """What the model is told of an original that could not be read."""

    def fetch(self, calls: Sequence[HiddenCall]) -> Mapping[str, Original]:
        """Read from the store what the calls may see and this call does not hold."""
        if not (keys := self._elsewhere(calls)):
            return {}
        try:
            return self.store.get_many(keys, namespace=self.namespace)
        except Exception as error:  # noqa: BLE001 - any store: the model is told that it is missing
            return self._unread(error)

    async def afetch(self, calls: Sequence[HiddenCall]) -> Mapping[str, Original]:
        """Read as `fetch` does."""
        if not (keys := self._elsewhere(calls)):
            return {}
        try:
            return await self.store.aget_many(keys, namespace=self.namespace)
        except Exception as error:  # noqa: BLE001 - any store: the model is told that it is missing
            return self._unread(error)

    def answers(
        self,
        calls: Sequence[HiddenCall],
        fetched: Mapping[str, Original],
        *,
        round_: int,
        exhausted: bool,
    ) -> list[Answer]:
        """Answer the calls of one round.

        Args:
            calls: The calls.
            fetched: What `fetch` returned for them.
            round_: The number of the round, counted from 1.
            exhausted: Whether the calls come too late to be served.
        """
        left = self.max_round_tokens
        given = []
        for number, call in enumerate(calls):
            share = min(self.max_tokens, left // (len(calls) - number))
            text, error = (
                (NO_MORE, True) if exhausted else self._answer(call, fetched, share)
            )
            tokens = estimate_tokens(text)
            left = max(0, left - tokens)
            given.append(Answer(call_id=call.id, text=text, error=error))
            self.reports.append(
                RetrievalReport(
                    round=round_, arguments=call.raw, tokens=tokens, error=error
                )
            )
        return given

    def _answer(
        self, call: HiddenCall, fetched: Mapping[str, Original], tokens: int
    ) -> tuple[str, bool]:
        """Return what to say to one call, and whether it is an error."""
        if call.arguments is None:
            return MALFORMED, True
        # Search is loaded once something is searched.
        from headroom_langchain.ccr.retrieval.answers import (
            Refusal,
            answer,
            parse_request,
        )

        request = parse_request(call.arguments)
        found = {**fetched, **self.originals}
        if self._failure and self._lacks(request, found):
            return f"{self._failure} Run the tool that wrote it again.", True
        try:
            told = answer(
                request,
                found,
                known=self._known(),
                max_tokens=tokens,
                read=self.read,
            )
        except Exception as error:  # noqa: BLE001 - fail open: the model is told, the call goes on
            self.notes.append(f"retrieval failed: {type(error).__name__}: {error}")
            return f"The original could not be read: {type(error).__name__}.", True
        return told.text, isinstance(request, Refusal) or bool(told.missing)

    def _known(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.originals, *self.known]))

    def _elsewhere(self, calls: Sequence[HiddenCall]) -> list[str]:
        """Return the keys that the calls name, may see, and are not held here."""
        from headroom_langchain.ccr.retrieval.request import Refusal, parse_request

        asked: dict[str, None] = {}
        for call in calls:
            request = parse_request(call.arguments or {})
            if not isinstance(request, Refusal):
                asked.update(dict.fromkeys(request.keys))
        return [key for key in asked if key in self.known and key not in self.originals]

    def _lacks(
        self, request: RetrievalRequest | Refusal, found: Mapping[str, Original]
    ) -> bool:
        """Tell whether a request names what it may see and what was not read."""
        keys = getattr(request, "keys", ())
        return any(key in self.known and key not in found for key in keys)

    def _unread(self, error: Exception) -> Mapping[str, Original]:
        self.notes.append(f"a store was not read: {type(error).__name__}: {error}")
        self._failure = f"The original could not be read: {type(error).__name__}."
        return {}
