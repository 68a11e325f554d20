"""The rounds after the first: the model is told what it asked for, and goes on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from headroom_langchain.ccr.rounds.answering import Answering
from headroom_langchain.serve.dialects.dialect import Dialect, Exchange, Request, Spoken
from headroom_langchain.serve.turn.reading import content
from headroom_langchain.serve.turn.rounds import Asked
from headroom_langchain.serve.upstream import (
    Incoming,
    Outgoing,
    Upstream,
    UpstreamError,
)
from headroom_langchain.serve.wire.headers import Headers
from headroom_langchain.serve.wire.problems import Problem, problem_of

_OK: Final = 200
_BUSY: Final = frozenset({429, 503, 529})
"""Statuses of an upstream that may answer a moment later."""
_TRIES: Final = 3
"""How often a later round is sent; a first one is sent once, since clients repeat."""
_LONGEST_WAIT: Final = 5.0
"""Seconds to wait for an upstream that is busy, at most."""


class RoundFailed(Exception):  # noqa: N818 - the upstream's words, passed on
    """A later round was not answered."""

    def __init__(
        self, problem: Problem, headers: Headers = (), body: bytes | None = None
    ) -> None:
        """Take over what the upstream said.

        Args:
            problem: What went wrong.
            headers: Of its answer.
            body: Of its answer; `None` when there was none.
        """
        super().__init__(problem.message)
        self.problem, self.headers, self.body = problem, headers, body


class Asking:
    """Asks an upstream round after round."""

    def __init__(
        self,
        *,
        request: Request,
        dialect: Dialect,
        answering: Answering,
        upstream: Upstream,
        first: Outgoing,
        incoming: Incoming,
        timeout: float,
    ) -> None:
        """Begin with the answer to the first request.

        Args:
            request: What the client asked.
            dialect: The protocol.
            answering: Answers the model.
            upstream: Who is asked.
            first: What was sent.
            incoming: What came back; `close` lets go of it.
            timeout: Seconds that an upstream may take to begin a later round.
        """
        self.incoming = incoming
        self._request = request
        self._dialect = dialect
        self._answering = answering
        self._upstream = upstream
        self._first = first
        self._timeout = timeout

    @property
    def repeated(self) -> bool:
        """Whether the model asks again for what is not there."""
        return self._answering.asked_twice

    @property
    def keys(self) -> tuple[str, ...]:
        """The originals that the model may ask for."""
        return (*self._answering.known, *self._answering.originals)

    async def answer(self, spoken: Spoken, asked: Asked) -> Exchange:
        """Answer the hidden calls of a round."""
        answering, calls = self._answering, spoken.calls
        fetched = await answering.afetch(calls)
        answers = await asyncio.to_thread(
            answering.answers,
            calls,
            fetched,
            round_=asked.number,
            exhausted=asked.exhausted,
        )
        return Exchange(spoken=spoken, answers=tuple(answers))

    async def again(self, exchange: Exchange) -> None:
        """Ask once more; what comes back is in `incoming`.

        Raises:
            RoundFailed: There is no answer, or not the one that is needed.
        """
        sent = replace(self._first, body=self._request.proceed(exchange))
        await self.close()
        try:
            async with asyncio.timeout(self._timeout):
                await self._open(sent)
        except TimeoutError as error:
            said = "The upstream did not begin its answer in time."
            raise RoundFailed(Problem(status=504, message=said)) from error
        except UpstreamError as error:
            problem = Problem(status=error.status, message=str(error))
            raise RoundFailed(problem) from error

    async def close(self) -> None:
        """Let go of the upstream's answer."""
        await self.incoming.close()

    async def _open(self, sent: Outgoing) -> None:
        for attempt in range(1, _TRIES + 1):
            self.incoming = incoming = await self._upstream.open(sent)
            if incoming.status == _OK:
                return
            raw = await content(incoming)
            await incoming.close()
            wait = _pause(incoming.headers, attempt)
            busy = incoming.status in _BUSY and wait <= _LONGEST_WAIT
            if not busy or attempt == _TRIES:
                problem = problem_of(self._dialect.provider, incoming.status, raw)
                raise RoundFailed(problem, incoming.headers, raw)
            await asyncio.sleep(wait)


def _pause(headers: Headers, attempt: int) -> float:
    """Return how long to wait: what the upstream says, else a little and then more."""
    said = next((value for name, value in headers if name == b"retry-after"), b"")
    return float(said) if said.isdigit() else 0.25 * 2**attempt
