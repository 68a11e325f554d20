"""One call of a wrapped model: four thin drivers around the same rounds.

`generate` and `agenerate` take whole results, `stream` and `astream` chunks; each
calls the inner model, asks the rounds what comes next, and answers the hidden
calls. Everything that decides something is in `Rounds` and `Answering`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from langchain_core.callbacks import CallbackManager
from langchain_core.language_models import BaseChatModel
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from headroom_langchain.accounts.account import Account
from headroom_langchain.calls.open_streams import Owned
from headroom_langchain.calls.tracing import chain_run, tool_run
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.ccr.rounds.answering import Answering
from headroom_langchain.ccr.rounds.calls import HiddenCall, has_other_calls
from headroom_langchain.ccr.rounds.loop import continued
from headroom_langchain.ccr.rounds.machine import Rounds
from headroom_langchain.ccr.rounds.record import Answer
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.errors import RetrievalTimeoutError
from headroom_langchain.lifecycle.running import Lifecycle
from headroom_langchain.lifecycle.sending import Request, request
from headroom_langchain.lifecycle.steps import Steps, acarried_out, carried_out
from headroom_langchain.model.ending import Ending
from headroom_langchain.plan.messages import recorded_keys

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One call of the inner model, with all its rounds."""

    inner: BaseChatModel
    account: Account
    """Told what is sent and what comes of it."""
    rounds: Rounds
    answering: Answering
    stop: list[str] | None
    arguments: Mapping[str, Any]
    """Keyword arguments of the inner model's call."""
    closing: Mapping[str, Any]
    """Those of the round in which the model must answer."""
    observers: CallbackManager | None
    """Who sees what happens inside the call."""
    timeout: float
    """Seconds that the model may take for each round but the first."""
    lifecycle: Lifecycle
    """Who is told of each round."""
    _hidden: Sequence[HiddenCall] = field(default=(), init=False)

    @property
    def ending(self) -> Ending:
        """What is done when the call has ended: a `with` block around a driver."""
        return Ending(self.account.statement, self.answering, self.lifecycle)

    @property
    def asks(self) -> bool:
        """Whether the last round ended in hidden calls."""
        return bool(self._hidden)

    def generate(self) -> ChatResult:
        """Call the model until its answer is complete."""
        again = True
        while again:
            with self._round() as told:
                messages, arguments = carried_out(self._request())
                start = time.monotonic()
                result = self.inner._generate(messages, **arguments)
                self._check(time.monotonic() - start)
                carried_out(self._begun())
                self.rounds.take(result)
                self._close(told)
                carried_out(self._closed())
            again = self.asks and self._retrieve()
        return self.rounds.result()

    async def agenerate(self) -> ChatResult:
        """Call the model until its answer is complete."""
        again = True
        while again:
            with self._round() as told:
                messages, arguments = await acarried_out(self._request())
                call = self.inner._agenerate(messages, **arguments)
                result = await self._in_time(call, self.timeout)
                await acarried_out(self._begun())
                self.rounds.take(result)
                self._close(told)
                await acarried_out(self._closed())
            again = self.asks and await self.retrieve()
        return self.rounds.result()

    def stream(self) -> Iterator[ChatGenerationChunk]:
        """Stream what the caller may see until the answer is complete."""
        again = True
        while again:
            messages, arguments = carried_out(self._request())
            call = self.inner._stream(messages, **arguments)
            chunks = cast("Generator[ChatGenerationChunk]", call)
            unheard = self.lifecycle.watched
            with self._round() as told, contextlib.closing(chunks):
                for chunk in self._checked(chunks) if self.rounds.number else chunks:
                    if unheard:
                        unheard = carried_out(self._begun())
                    if (shown := self.rounds.feed(chunk)) is not None:
                        yield shown
                rest = self._close(told)
                carried_out(self._closed())
            if rest is not None:
                yield rest
            again = self.asks and self._retrieve()
        if (last := self.rounds.finish()) is not None:
            yield last

    async def astream(self) -> AsyncGenerator[ChatGenerationChunk]:
        """Stream what the caller may see until the answer is complete."""
        async with Owned(self.speak()) as first:
            async for chunk in first:
                yield chunk
        if self.asks:
            async with Owned(continued(self)) as others:
                async for chunk in others:
                    yield chunk
        if (last := self.rounds.finish()) is not None:
            yield last

    async def speak(self) -> AsyncGenerator[ChatGenerationChunk]:
        """Stream what the caller may see of one round."""
        messages, arguments = await acarried_out(self._request())
        chunks = Owned(self.inner._astream(messages, **arguments))
        unheard = self.lifecycle.watched
        with self._round() as told:
            timed = Owned(self._timed(chunks)) if self.rounds.number else chunks
            async with chunks, timed:
                async for chunk in timed:
                    if unheard:
                        unheard = await acarried_out(self._begun())
                    if (shown := self.rounds.feed(chunk)) is not None:
                        yield shown
            rest = self._close(told)
            await acarried_out(self._closed())
        if rest is not None:
            yield rest

    async def retrieve(self) -> bool:
        """Answer the hidden calls; tells whether the model must speak again."""
        with self._retrieval() as told:
            fetched = await self.answering.afetch(self._hidden)
            # Reading a large original takes a while, so not on the event loop.
            answers = await asyncio.to_thread(self._answers, fetched)
            told(answers)
        again = self._answered(answers)
        if again and self.inner.rate_limiter:
            with self._noted("round"):
                await self.inner.rate_limiter.aacquire(blocking=True)
        return again

    def _retrieve(self) -> bool:
        with self._retrieval() as told:
            answers = self._answers(self.answering.fetch(self._hidden))
            told(answers)
        again = self._answered(answers)
        if again and self.inner.rate_limiter:
            with self._noted("round"):
                self.inner.rate_limiter.acquire(blocking=True)
        return again

    def _answered(self, answers: Sequence[Answer]) -> bool:
        self.account.retrieved()
        last = self.answering.asked_twice
        return self.rounds.answer(self._hidden, answers, last=last)

    def _request(self) -> Steps[Request]:
        """Return the messages and the arguments of the next round."""
        chosen = self.closing if self.rounds.must_answer else self.arguments
        given = {"stop": self.stop, **chosen}
        messages = self.rounds.messages
        sent = yield from request(self.lifecycle, self._number, messages, given)
        if sent[0] is not messages:
            self.answering.know(recorded_keys(sent[0]))
        self.account.sends(*sent)
        return sent

    def _begun(self) -> Steps[bool]:
        """Tell that the model has begun; returns that it need not be told again."""
        yield from self.lifecycle.post_send(self._number)
        return False

    def _closed(self) -> Steps[None]:
        """Tell what the model said in the round that was closed."""
        if self.lifecycle.watched and (said := self.rounds.said) is not None:
            yield from self.lifecycle.response_received(
                self._number,
                said,
                self._hidden,
                final=not self._hidden or has_other_calls(said),
            )

    @property
    def _number(self) -> int:
        """The number of the round, counted from 1."""
        return self.rounds.number + 1

    @contextlib.contextmanager
    def _round(self) -> Iterator[dict[str, Any]]:
        """Show a round to the observers."""
        name = f"headroom_round_{self._number}"
        inputs = {"messages": len(self.rounds.messages)}
        with self._noted("round"), chain_run(self.observers, name, inputs) as told:
            try:
                yield told
            except Exception:
                if not self.rounds.heard:
                    self.account.failed()
                raise

    @contextlib.contextmanager
    def _noted(self, step: str) -> Iterator[None]:
        """Let the report say when a step is not finished, and why."""
        number = self._number
        try:
            yield
        except BaseException as error:  # also for who left or cancelled
            why = f"{type(error).__name__}: {error}".removesuffix(": ")
            self.answering.notes.append(f"{step} {number} was not finished: {why}")
            raise

    def _close(self, told: dict[str, Any]) -> ChatGenerationChunk | None:
        rest, self._hidden = self.rounds.close()
        told["retrievals"] = [call.raw for call in self._hidden]
        told.update(self.account.counted(self.rounds.spent))
        return rest

    @contextlib.contextmanager
    def _retrieval(self) -> Iterator[Callable[[Sequence[Answer]], None]]:
        """Show each hidden call to the observers, with its answer."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._noted("retrieval after round"))
            runs = [
                stack.enter_context(
                    tool_run(self.observers, RETRIEVE_TOOL_NAME, call.raw)
                )
                for call in self._hidden
            ]

            def told(answers: Sequence[Answer]) -> None:
                for run, answer in zip(runs, answers, strict=True):
                    run.append(answer.text)

            yield told

    def _answers(self, fetched: Mapping[str, Original]) -> list[Answer]:
        return self.answering.answers(
            self._hidden,
            fetched,
            round_=self._number,
            exhausted=self.rounds.exhausted,
        )

    def _checked(
        self, chunks: Iterator[ChatGenerationChunk]
    ) -> Iterator[ChatGenerationChunk]:
        """Pass chunks on while the model keeps within its time.

        Only waiting for the model counts, not what the caller does meanwhile.
        """
        spent, start = 0.0, time.monotonic()
        for chunk in chunks:
            spent += time.monotonic() - start
            self._check(spent)
            yield chunk
            start = time.monotonic()

    async def _timed(
        self, chunks: Owned[ChatGenerationChunk]
    ) -> AsyncGenerator[ChatGenerationChunk]:
        """Pass chunks on while the model keeps within its time, as `_checked`."""
        left, start = self.timeout, time.monotonic()
        while (chunk := await self._in_time(anext(chunks, None), left)) is not None:
            left -= time.monotonic() - start
            yield chunk
            start = time.monotonic()

    async def _in_time(self, call: Awaitable[T], seconds: float) -> T:
        if not self.rounds.number:
            return await call
        try:
            async with asyncio.timeout(seconds) as limit:
                return await call
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise self._too_late() from error

    def _check(self, spent: float) -> None:
        if self.rounds.number and spent > self.timeout:
            raise self._too_late()

    def _too_late(self) -> RetrievalTimeoutError:
        return RetrievalTimeoutError(
            f"The model did not finish round {self._number} within "
            f"{self.timeout:g} s after a retrieval. Raise `round_timeout` of the "
            "policy, or set a timeout on the model itself."
        )
