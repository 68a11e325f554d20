"""What is shown of one call of a wrapped model: its texts, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from headroom_langchain.display.view import Block, Fact, View, counted, view_of


class Retrieval(Protocol):
    """One hidden call of the retrieve tool; a `RetrievalReport` is one."""

    @property
    def round(self) -> int:
        """The round of the model that asked."""

    @property
    def arguments(self) -> str:
        """The arguments as JSON."""

    @property
    def tokens(self) -> int:
        """Tokens of the answer."""

    @property
    def error(self) -> bool:
        """Whether it could not be served."""


class Sums(Protocol):
    """Sums over the calls of a conversation; `Totals` has them."""

    @property
    def calls(self) -> int:
        """How many calls."""

    @property
    def tokens_net_saved(self) -> int:
        """Tokens less than without compression."""


class Call(Protocol):
    """What one call did; a `CallReport` is one."""

    @property
    def blocks(self) -> Sequence[Block]:
        """Its texts."""

    @property
    def retrievals(self) -> Sequence[Retrieval]:
        """What the model asked for."""

    @property
    def rounds(self) -> int:
        """Calls of the inner model."""

    @property
    def notes(self) -> Sequence[str]:
        """What went wrong."""

    @property
    def tokens_net_saved(self) -> int:
        """Tokens less than without compression, retrievals subtracted."""

    @property
    def total(self) -> Sums:
        """The running total of its conversation."""


def view_of_call(call: Call) -> View:
    """Return what is shown of a call."""
    return view_of(
        call.blocks,
        facts=tuple(_facts(call)),
        asked=tuple(map(_asked, call.retrievals)),
        notes=call.notes,
    )


def _facts(call: Call) -> Iterator[Fact]:
    yield Fact(name="net saved", value=counted(call.tokens_net_saved, "token"))
    if call.retrievals:
        tokens = sum(retrieval.tokens for retrieval in call.retrievals)
        yield Fact(name="retrieved", value=counted(tokens, "token"))
    if call.rounds > 1:
        yield Fact(name="requests", value=f"{call.rounds:,}")
    if call.total.calls > 1:
        net = counted(call.total.tokens_net_saved, "token")
        calls = counted(call.total.calls, "call")
        yield Fact(name="net saved in the conversation", value=f"{net} in {calls}")


def _asked(retrieval: Retrieval) -> str:
    what = "not served" if retrieval.error else counted(retrieval.tokens, "token")
    return f"request {retrieval.round}: {retrieval.arguments}, {what}"
