"""What the model is told when it asks for originals.

Authority comes from records: only keys that this call wrote, or that stand in
the metadata of one of its messages, are answered, and only within the caller's
namespace. The call holds what it wrote itself, so that nothing a store forgets
can make a retrieval miss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.retrieval.measure import measure
from headroom_langchain.ccr.rounds.calls import HiddenCall
from headroom_langchain.ccr.rounds.record import Answer
from headroom_langchain.ccr.store.base import CCRStore, Original
from headroom_langchain.reports.report import RetrievalReport
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from headroom_langchain.ccr.retrieval.reading import Read
    from headroom_langchain.ccr.retrieval.reranking import Rerank
    from headroom_langchain.ccr.rounds.telling import Telling, Told

NO_MORE: Final = (
    "No more originals can be read in this answer. "
    "Answer now with what you have seen, and say what is missing."
)
"""What the model is told when it asks beyond the last round."""

_MOST_NAMED: Final = 20
"""How many originals are read only to name them to a model that errs."""


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
    rerank: Rerank | None = None
    """Judges how near passages are to a query in meaning."""
    reports: list[RetrievalReport] = field(default_factory=list)
    """One entry for each call that was answered."""
    notes: list[str] = field(default_factory=list)
    """What went wrong on the way."""
    _failure: str = field(default="", init=False)
    """What the model is told of an original that could not be read."""
    _telling: Telling | None = field(default=None, init=False)

    @property
    def asked_twice(self) -> bool:
        """Whether the model repeated a request that had found nothing."""
        return any(report.repeated for report in self.reports)

    def know(self, keys: Sequence[str]) -> None:
        """Let originals be read that the metadata of further messages names."""
        self.known = tuple(dict.fromkeys([*self.known, *keys]))

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
        from headroom_langchain.ccr.rounds.telling import Told

        left = self.max_round_tokens
        given = []
        for number, call in enumerate(calls):
            share = min(self.max_tokens, left // (len(calls) - number))
            told = (
                Told(text=NO_MORE, error=True)
                if exhausted
                else self._answer(call, fetched, share)
            )
            left = max(0, left - ceil(measure(told.text)))
            given.append(Answer(call_id=call.id, text=told.text, error=told.error))
            self.reports.append(
                RetrievalReport(
                    round=round_,
                    arguments=call.raw,
                    tokens=estimate_tokens(told.text),
                    error=told.error,
                    repeated=told.repeated,
                )
            )
        if self._telling is not None:
            self._telling.end_round()
        return given

    def _answer(
        self, call: HiddenCall, fetched: Mapping[str, Original], tokens: int
    ) -> Told:
        from headroom_langchain.ccr.rounds.telling import Told

        asked = _named(call)
        found = {**fetched, **self.originals}
        if self._failure and any(k in self.known and k not in found for k in asked):
            failed = f"{self._failure} Run the tool that wrote it again."
            return Told(text=failed, error=True)
        known = [key for key in self._readable() if key in found or key in asked]
        try:
            told = self._tell().tell(call, found, known, tokens)
        except Exception as error:  # noqa: BLE001 - fail open: the model is told, the call goes on
            self.notes.append(f"retrieval failed: {type(error).__name__}: {error}")
            failed = f"The original could not be read: {type(error).__name__}."
            return Told(text=failed, error=True)
        self.notes += told.notes
        return told

    def _tell(self) -> Telling:
        # Search is loaded once something is searched.
        from headroom_langchain.ccr.rounds.telling import Telling

        if self._telling is None:
            self._telling = Telling(self.read, self.rerank)
        return self._telling

    def _readable(self) -> list[str]:
        """Return the keys that may be read, the newest first."""
        return list(dict.fromkeys([*self.known, *self.originals]))[::-1]

    def _elsewhere(self, calls: Sequence[HiddenCall]) -> list[str]:
        """Return the keys to read from the store.

        They are those that the calls name, may see, and that are not held here.
        When a call names none or others, also the newest ones, to name them.
        """
        readable = self._readable()
        named = [_named(call) for call in calls]
        wanted = [key for keys in named for key in keys if key in readable]
        if any(not keys or not set(keys) <= set(readable) for keys in named):
            wanted += readable[:_MOST_NAMED]
        return [key for key in dict.fromkeys(wanted) if key not in self.originals]

    def _unread(self, error: Exception) -> Mapping[str, Original]:
        self.notes.append(f"a store was not read: {type(error).__name__}: {error}")
        self._failure = f"The original could not be read: {type(error).__name__}."
        return {}


def _named(call: HiddenCall) -> tuple[str, ...]:
    """Return the keys that a call names; none when it cannot be understood."""
    from headroom_langchain.ccr.retrieval.request import Refusal
    from headroom_langchain.ccr.rounds.telling import request_of

    request = request_of(call)
    return () if isinstance(request, Refusal) else request.keys
