"""The rounds of one answer: a state machine that does no I/O.

The model speaks (`feed` chunk by chunk, or `take` a whole result), `close` says
which hidden calls must be answered, `answer` gives the answers and says whether
the model must be called again with `messages`. At the end `finish` returns what
was held back of a stream, and `result` the whole answer. What the caller sees of
all rounds is one message with one id, the stop reason of the last round, the
usage of all rounds, and a record of what was hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, cast

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    message_chunk_to_message,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from headroom_langchain.ccr.rounds.calls import (
    HiddenCall,
    has_other_calls,
    hidden_calls,
    mended,
    without_call_stop,
    without_hidden,
)
from headroom_langchain.ccr.rounds.counting import (
    summed_usage,
    with_all_counts,
    with_all_logprobs,
)
from headroom_langchain.ccr.rounds.hiding import RoundFilter, Seen
from headroom_langchain.ccr.rounds.joining import joined_content, joined_extra
from headroom_langchain.ccr.rounds.record import Answer, Record, Round, visible_digest
from headroom_langchain.plan.messages import METADATA_KEY

NOTHING_SAID: Final = "The model read originals and ended without an answer."
"""What the caller reads when no round of the model left anything to show."""


class Rounds:
    """One answer of a model that may look things up on the way."""

    def __init__(
        self,
        messages: Sequence[BaseMessage],
        *,
        max_rounds: int,
        max_record_tokens: int,
        usage: Literal["sum", "last"] = "sum",
    ) -> None:
        """Begin an answer.

        Args:
            messages: The request, as it goes to the model.
            max_rounds: How often the model may ask for originals.
            max_record_tokens: Estimated tokens of hidden answers to record.
            usage: Which rounds the usage of the answer counts.
        """
        self.messages = list(messages)
        self.number = 0
        """Of the round now under way; the first is 0."""
        self.spent: UsageMetadata | None = None
        """What the provider counted for the round that was closed last."""
        self.notes: list[str] = []
        """What whoever reads a report should know of the rounds."""
        self._max_rounds = max_rounds
        self._max_record_tokens = max_record_tokens
        self._done: list[Round] = []
        self._shown: list[AIMessage] = []
        self._seen = Seen()
        self._sums = usage == "sum"
        self._filter = RoundFilter(self._seen, number=0, holds_usage=not self._sums)
        self._usage: UsageMetadata | None = None
        self._result: ChatResult | None = None
        self._outputs: list[dict[str, Any]] = []
        self._message: AIMessage | None = None
        self._abandoned = False

    @property
    def exhausted(self) -> bool:
        """Whether a request for an original comes too late in this round."""
        return self.number >= self._max_rounds

    @property
    def must_answer(self) -> bool:
        """Whether the model was told that it may not ask any more."""
        return self.number > self._max_rounds

    @property
    def heard(self) -> bool:
        """Whether anything of this round came back yet."""
        return self._result is not None or self._filter.heard

    @property
    def said(self) -> AIMessage | None:
        """What the model said in this round so far, hidden calls included."""
        if self._result is not None:
            message = self._result.generations[0].message
            return message if isinstance(message, AIMessage) else None
        return _whole(self._filter.message()) if self._filter.heard else None

    def feed(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk | None:
        """Take in a chunk and return what the caller may see of it."""
        return self._filter.feed(chunk)

    def take(self, result: ChatResult) -> None:
        """Take in the whole result of a round that is not streamed."""
        self._result = result

    def close(self) -> tuple[ChatGenerationChunk | None, tuple[HiddenCall, ...]]:
        """End the round.

        Returns:
            A chunk that the caller may see after all, and the hidden calls that
            must be answered; without calls the answer is complete.

        Raises:
            ValueError: A round after the first was streamed without any chunk.
        """
        if self._result is None and self.number and not self._filter.heard:
            # As langchain-core says of a first round without any chunk.
            msg = "No generation chunks were returned"
            raise ValueError(msg)
        rest = self._filter.end()
        message = self._heard()
        usage = self._heard_usage()
        self.spent = self._filter.usage if self._result is None else usage
        self._usage = summed_usage(self._usage, usage) if self._sums else usage
        if message is None:
            return rest, ()
        calls = hidden_calls(message, self._said_of_result())
        if not calls and self.number == 0:
            return rest, ()
        self._message = _whole(message)
        self._shown.append(without_hidden(self._message))
        self._outputs.append(self._said_of_result())
        if calls and self.must_answer:
            self._abandoned, calls = True, ()
        return rest, calls

    def answer(
        self,
        calls: Sequence[HiddenCall],
        answers: Sequence[Answer],
        *,
        last: bool = False,
    ) -> bool:
        """Give the answers to the hidden calls of the round that was closed.

        Args:
            calls: The calls.
            answers: The answers, in the same order.
            last: Whether the model was told that it may not ask any more.

        Returns:
            Whether the model must be called again. It need not when the caller's
            own tools were called beside the hidden one: the answers then wait in
            the record for the caller's next request.
        """
        if self._message is None:
            msg = "There is no closed round to answer: call `close` first."
            raise RuntimeError(msg)
        spent = self._message.usage_metadata
        done = Round.of(mended(self._message, calls), answers, spent)
        self._done.append(done)
        mixed, self._message = has_other_calls(self._message), None
        if mixed:
            return False
        self.messages.extend(done.messages())
        if last:
            self._max_rounds = min(self._max_rounds, self.number)
        self.number += 1
        self._filter = RoundFilter(self._seen, number=self.number)
        self._result = None
        return True

    def finish(self) -> ChatGenerationChunk | None:
        """Return what was held back of a streamed answer, as its last chunk."""
        held, seen = self._filter.held, self._seen
        silent = self._silent()
        info = _unseen(held.info, seen.info)
        metadata = _unseen({**held.origin, **held.metadata}, seen.metadata)
        extra = _unseen(held.extra, seen.extra)
        if self._shown:
            extra[METADATA_KEY] = self._record().to_json()
        if not (silent or info or metadata or extra or self._usage):
            return None
        if self._stopped_silently():
            info, metadata = without_call_stop(info), without_call_stop(metadata)
        content: str | list[Any] = NOTHING_SAID if silent else ""
        if seen.listed:
            block = {"type": "text", "text": content, "index": seen.next_index}
            content = [block] if silent else []
        message = AIMessageChunk(
            content=content,
            additional_kwargs=extra,
            response_metadata=metadata,
            usage_metadata=self._usage,
            id=seen.id,
            chunk_position="last",
        )
        return ChatGenerationChunk(message=message, generation_info=info or None)

    def result(self) -> ChatResult:
        """Return the whole answer of rounds that were not streamed."""
        if self._result is None:
            msg = "There is no result yet: call `take` first."
            raise RuntimeError(msg)
        last = self._result.generations[0]
        if not self._shown:
            return self._result
        shown = self._visible()
        extra = joined_extra([message.additional_kwargs for message in self._shown])
        said = [message.response_metadata for message in self._shown]
        message = shown.model_copy(
            update={
                "id": self._shown[0].id,
                "additional_kwargs": {**extra, METADATA_KEY: self._record().to_json()},
                "response_metadata": self._told(shown.response_metadata, said),
                "usage_metadata": self._usage,
            }
        )
        info = self._told(last.generation_info or {}, self._outputs)
        generation = ChatGeneration(message=message, generation_info=info or None)
        changes: dict[str, Any] = {"generations": [generation]}
        if self._result.llm_output is not None:
            output = self._told(self._result.llm_output, self._outputs)
            changes["llm_output"] = output
        return self._result.model_copy(update=changes)

    def _told(
        self, last: dict[str, Any], rounds: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        """Return what was said of the last round, as it holds for the answer."""
        told = with_all_logprobs(last, rounds)
        if self._sums:
            told = with_all_counts(told, rounds)
        return without_call_stop(told) if self._stopped_silently() else told

    def _heard(self) -> AIMessage | None:
        """Return what the model said in this round, if it may matter."""
        if self._result is None:
            hides = self.number or self._filter.hides
            return self._filter.message() if hides else None
        if len(self._result.generations) > 1:
            return None
        message = self._result.generations[0].message
        return message if isinstance(message, AIMessage) else None

    def _said_of_result(self) -> dict[str, Any]:
        """Return what a result says of itself beside its message."""
        if self._result is None:
            return {}
        info = self._result.generations[0].generation_info or {}
        return {**(self._result.llm_output or {}), **info}

    def _heard_usage(self) -> UsageMetadata | None:
        if self._result is not None:
            message = self._result.generations[0].message
            return message.usage_metadata if isinstance(message, AIMessage) else None
        return self._filter.held.usage

    def _visible(self) -> AIMessage:
        """Return the answer as the caller sees it, but for its metadata."""
        content = joined_content([message.content for message in self._shown])
        if self._silent():
            said = {"type": "text", "text": NOTHING_SAID}
            content = NOTHING_SAID if isinstance(content, str) else [*content, said]
        return self._shown[-1].model_copy(update={"content": content})

    def _silent(self) -> bool:
        """Tell whether the rounds left nothing for the caller to see."""
        return bool(self._shown) and not any(
            message.text or message.tool_calls or message.invalid_tool_calls
            for message in self._shown
        )

    def _stopped_silently(self) -> bool:
        return self._abandoned and not has_other_calls(self._shown[-1])

    def _record(self) -> Record:
        rounds = list(self._done)
        if self._message is not None:
            # The last round asked nothing, or asked too late: nothing to answer.
            last = self._shown[-1]
            if last.text or last.tool_calls:
                rounds.append(Round.of(last, usage=last.usage_metadata))
            else:
                silent = AIMessage(content=NOTHING_SAID)
                rounds.append(Round.of(silent, usage=last.usage_metadata))
        record = Record(rounds=tuple(rounds), digest=visible_digest(self._visible()))
        bounded = record.bounded(self._max_record_tokens)
        if bounded.dropped:
            note = (
                f"{bounded.dropped} answers were dropped from the record of the "
                f"message, which is bounded to {self._max_record_tokens} tokens: the "
                "cached prefix breaks there in the next request"
            )
            self.notes[:] = [note]
        return bounded


def _whole(message: AIMessage) -> AIMessage:
    return cast("AIMessage", message_chunk_to_message(message))


def _unseen(held: dict[str, Any], seen: set[str]) -> dict[str, Any]:
    return {key: value for key, value in held.items() if key not in seen}
