"""What is known of a request when it is over: figures and names, no contents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from headroom_langchain.reports.report import BlockReport, RetrievalReport
from headroom_langchain.serve.wire.body import Json

Outcome: TypeAlias = Literal["ok", "failed", "refused", "left"]
"""`failed`: the upstream or this server failed, or the upstream answered with an
error; `refused`: it was not sent on; `left`: the client did not wait for the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """One request that is over."""

    id: str
    at: float
    """When it came, in seconds since 1970."""
    method: str
    path: str
    """Without its query, which may have secrets."""
    dialect: str
    """`messages`, `chat` or `responses`; empty for what is passed on unread."""
    namespace: str = ""
    """The tenant; empty for what is passed on unread."""
    model: str = ""
    """The model it named; empty where it was not read."""
    stream: bool = False
    """Whether the client wanted a stream."""
    status: int = 0
    """The status that the client got; 0 when it left before."""
    outcome: Outcome = "ok"
    problem: str = ""
    """What went wrong, for people."""
    seconds: float = 0.0
    """From its head to the last byte of the answer."""
    first_byte: float | None = None
    """Seconds to the first byte of the answer's body."""
    bytes_in: int = 0
    """Of its body."""
    bytes_out: int = 0
    """Of the answer's body."""
    rounds: int = 1
    """Requests that were made of it."""
    blocks: tuple[BlockReport, ...] = ()
    """What became of its texts; empty where it was not read."""
    retrievals: tuple[RetrievalReport, ...] = ()
    """What was asked for and answered on the way."""
    usage: Json | None = None
    """What the provider counted in the end, over all rounds."""
    notes: tuple[str, ...] = ()
    """What went wrong without harm."""

    @property
    def tokens_before(self) -> int:
        """Tokens of all texts as they came, which one request would have sent."""
        return sum([block.tokens_before for block in self.blocks])

    @property
    def tokens_sent(self) -> int:
        """Tokens of texts sent on: in every round, with what was retrieved."""
        after = sum([block.tokens_after for block in self.blocks])
        retrieved = sum([retrieval.tokens for retrieval in self.retrievals])
        return self.rounds * after + retrieved


class Observer(Protocol):
    """Who is told of requests; it must not raise, nor wait for anything."""

    def began(self) -> None:
        """Note that a request has come."""
        ...

    def ended(self, handled: Handled) -> None:
        """Note that it is over."""
        ...
