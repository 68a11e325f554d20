"""One answer, whole or as a stream that is under way."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from headroom_langchain.accounts.ledger import Ledger
from headroom_langchain.reports.report import CallReport
from headroom_langchain.serve.model_backed.asked import Protocol
from headroom_langchain.serve.model_backed.failures import problem_body
from headroom_langchain.serve.model_backed.pump import Pump
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.headers import Headers
from headroom_langchain.serve.wire.problems import Problem

JSON: Final = (b"content-type", b"application/json")
EVENTS: Final = (b"content-type", b"text/event-stream; charset=utf-8")
UNCACHED: Final = (b"cache-control", b"no-cache")


@dataclass(slots=True, kw_only=True)
class Answer:
    """An answer; `close` it whether or not it was read."""

    status: int
    headers: Headers
    body: bytes | AsyncGenerator[bytes]
    """All of it, or its events as the model writes them."""
    model: str = ""
    stream: bool = False
    refused: bool = False
    """Whether the model was not even asked."""
    problem: Problem | None = None
    """What went wrong, as far as it is known."""
    usage: Json | None = None
    """What was counted, in the words of the protocol, once the answer is over."""
    ledger: Ledger = field(default_factory=Ledger)
    """Has the call's report, if the model is one that compresses."""
    pump: Pump | None = None

    @property
    def report(self) -> CallReport | None:
        """What compression did, or `None` for a model that does not compress."""
        return self.ledger.report

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the body, each event as soon as its chunk is there."""
        if isinstance(self.body, bytes):
            yield self.body
            return
        async for data in self.body:
            yield data

    async def close(self) -> None:
        """Close the model's stream; twice does no harm."""
        if not isinstance(self.body, bytes):
            await self.body.aclose()
        if self.pump is not None:
            await self.pump.close()


def failed(
    protocol: Protocol, problem: Problem, headers: Headers = (), *, model: str = ""
) -> Answer:
    """Return the answer that tells of a problem."""
    body = problem_body(protocol, problem)
    return Answer(
        status=problem.status,
        headers=[JSON, *headers],
        body=body,
        model=model,
        problem=problem,
    )
