"""Retrieval that stands in the conversation, for all to see.

Where a loop shows its tool calls, `headroom_retrieve` is a tool like others, and
who may read what is settled by the conversation itself: keys that the metadata of
its messages names, and, where it keeps the originals, what compressing it leaves
out. A hash in any text grants nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from headroom_langchain.accounts.counting import text_tokens
from headroom_langchain.calls.tool_choice import ToolChoice
from headroom_langchain.ccr.embedded import reranked_by
from headroom_langchain.ccr.retrieval.reading import INDEXES
from headroom_langchain.ccr.rounds.answering import Answering
from headroom_langchain.ccr.rounds.calls import (
    HiddenCall,
    has_other_calls,
    hidden_calls,
    without_call_stop,
    without_hidden,
)
from headroom_langchain.ccr.rounds.machine import NOTHING_SAID
from headroom_langchain.ccr.rounds.record import Answer
from headroom_langchain.ccr.store.base import CCRStore, Original, check_store
from headroom_langchain.model.offering import Offering, ToolFormat
from headroom_langchain.plan.deciding import Memory
from headroom_langchain.plan.messages import recorded_keys
from headroom_langchain.plan.pipeline import Plan
from headroom_langchain.reports.report import RetrievalReport
from headroom_langchain.rules.terms import Terms

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.tools import BaseTool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the model is told for some calls."""

    messages: list[ToolMessage]
    """One answer for each call."""
    retrievals: tuple[RetrievalReport, ...]
    notes: tuple[str, ...]
    """What went wrong on the way."""
    resent: int
    """Tokens that the next request sends again since the model did nothing but ask."""


class VisibleRetrieval:
    """Answers the calls of `headroom_retrieve` in a conversation."""

    def __init__(
        self,
        store: CCRStore,
        *,
        memory: Memory | None = None,
        embeddings: Embeddings | None = None,
    ) -> None:
        """Prepare for calls.

        Args:
            store: What originals are read from.
            memory: Of who compresses the conversations for each call of a model, so
                that they keep their originals; without one they are kept by the
                store alone.
            embeddings: What compares passages with a query, beside their words.
        """
        check_store(store)
        self._store = store
        self._rerank = reranked_by(embeddings)
        self._memory = memory

    def answers(
        self, terms: Terms, messages: Sequence[BaseMessage], calls: Sequence[HiddenCall]
    ) -> Told:
        """Answer calls of the last message of the model.

        Args:
            terms: The tenant, and how long answers may be.
            messages: The conversation, as far as the message that calls.
            calls: All or some of the calls in it.
        """
        answering = self._answering(terms, messages, calls)
        fetched = answering.fetch(calls)
        return self._told(terms, messages, answering, calls, fetched)

    async def aanswers(
        self, terms: Terms, messages: Sequence[BaseMessage], calls: Sequence[HiddenCall]
    ) -> Told:
        """Answer calls as `answers` does; what takes a while is done in a thread."""
        answering = await asyncio.to_thread(self._answering, terms, messages, calls)
        fetched = await answering.afetch(calls)
        return await asyncio.to_thread(
            self._told, terms, messages, answering, calls, fetched
        )

    def _answering(
        self, terms: Terms, messages: Sequence[BaseMessage], calls: Sequence[HiddenCall]
    ) -> Answering:
        asked = max(len(asked_of(messages)), len(calls), 1)
        return Answering(
            originals=self._left_out(terms, messages),
            known=recorded_keys(messages),
            store=self._store,
            namespace=terms.namespace,
            max_tokens=terms.policy.max_retrieval_tokens,
            # Calls of one message share its budget, also when answered one by one.
            max_round_tokens=terms.policy.max_round_tokens * len(calls) // asked,
            read=INDEXES,
            rerank=self._rerank,
        )

    def _left_out(
        self, terms: Terms, messages: Sequence[BaseMessage]
    ) -> Mapping[str, Original]:
        if self._memory is None:
            return {}
        originals = self._plan(terms, messages).run().originals
        return {original.key: original for original in originals}

    def _plan(self, terms: Terms, messages: Sequence[BaseMessage]) -> Plan:
        return Plan(
            messages,
            policy=terms.policy,
            redeemable=terms.offered,
            memory=self._memory,
        )

    def _told(
        self,
        terms: Terms,
        messages: Sequence[BaseMessage],
        answering: Answering,
        calls: Sequence[HiddenCall],
        fetched: Mapping[str, Original],
    ) -> Told:
        rounds = asked_rounds(messages)
        given: list[Answer] = answering.answers(
            calls,
            fetched,
            round_=max(rounds, 1),
            exhausted=rounds > terms.policy.max_rounds,
        )
        # All calls of one message cost one more request.
        first = asked_of(messages)[:1]
        again = rounds > 0 and bool(first) and first[0].id in {c.id for c in calls}
        return Told(
            messages=[answer.message() for answer in given],
            retrievals=tuple(answering.reports),
            notes=tuple(answering.notes),
            resent=self._sent(terms, messages) if again else 0,
        )

    def _sent(self, terms: Terms, messages: Sequence[BaseMessage]) -> int:
        """Estimate the tokens of a conversation as it is sent to the model."""
        if self._memory is None:
            return text_tokens(messages)
        blocks = self._plan(terms, messages).run().blocks
        return sum(block.tokens_after for block in blocks)


def asked_rounds(messages: Sequence[BaseMessage]) -> int:
    """Count the messages of the model, last ones first, that did nothing but ask."""
    count = 0
    for message in reversed(messages):
        if isinstance(message, ToolMessage):
            continue
        if not isinstance(message, AIMessage) or not asks_only(message):
            break
        count += 1
    return count


def asks_only(message: AIMessage) -> bool:
    """Tell whether a message calls `headroom_retrieve` and no other tool."""
    return bool(hidden_calls(message)) and not has_other_calls(message)


def as_answer(message: AIMessage) -> AIMessage:
    """Return a message that asks beyond the last round as the answer that it must be.

    That is its text so far, or a fixed sentence when it has none.
    """
    if not hidden_calls(message):
        return message
    shown = without_hidden(message)
    if has_other_calls(message):
        return shown
    content = shown.content
    if not shown.text:
        said = {"type": "text", "text": NOTHING_SAID}
        content = NOTHING_SAID if isinstance(content, str) else [*content, said]
    metadata = without_call_stop(shown.response_metadata)
    return shown.model_copy(update={"content": content, "response_metadata": metadata})


def closing(
    model: BaseChatModel, tool: BaseTool, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments of the call in which the model must answer.

    Args:
        model: The model.
        tool: The retrieve tool.
        arguments: What the call would have been given, such as `tools`.
    """
    offering = Offering(
        format=ToolFormat.of(model, tool, strict=False),
        choice=ToolChoice.of(arguments),
        arguments=arguments,
        first=False,
    )
    return offering.closing(arguments)


def asked_of(messages: Sequence[BaseMessage]) -> tuple[HiddenCall, ...]:
    """Return the calls of `headroom_retrieve` in the last message of the model."""
    spoken = (m for m in reversed(messages) if isinstance(m, AIMessage))
    last = next(spoken, None)
    return hidden_calls(last) if last is not None else ()
