"""What is asked of a protocol: to read a request, and to write one answer of rounds.

A dialect does no I/O and decides nothing. It finds the texts of tools in a request and
offers the retrieve tool; it tells the hidden calls of a round from what the client may
see; it writes the next request of a turn, and the end of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from langchain_core.messages import BaseMessage

from headroom_langchain.ccr.rounds.calls import HiddenCall
from headroom_langchain.ccr.rounds.record import Answer
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.wire.body import Body, Json
from headroom_langchain.serve.wire.frames import Frame
from headroom_langchain.serve.wire.problems import Problem, Provider

Notes: TypeAlias = Mapping[str, Json]
"""What was noted under a name in an earlier request, perhaps by another process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One round of the model, when the upstream has ended it."""

    complete: bool
    """Whether the event that ends a round has come, or an error has."""
    failed: bool = False
    """Whether it ended with an error, which the client has been told."""
    calls: tuple[HiddenCall, ...] = ()
    """What the model asked for."""
    others: bool = False
    """Whether it also called tools of the client."""
    content: tuple[Json, ...] = ()
    """Everything the model said in this round, hidden calls included, as the next
    request repeats it."""
    id: str | None = None
    """The provider's id of the round."""
    usage: Json | None = None
    """What the provider counted for it."""
    text: bool = False
    """Whether the client has seen any text or call of this answer yet, in this round
    or one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A round, and what the model was told for its hidden calls."""

    spoken: Spoken
    answers: tuple[Answer, ...] = ()


class Streamed(Protocol):
    """An answer as a stream, from its first round to its last."""

    def take(self, frame: Frame) -> bytes:
        """Take in an event of the upstream; returns what the client is sent for it.

        A frame that the client may see as it is comes back as its very bytes.
        """
        ...

    def round(self) -> Spoken:
        """Return the round that has ended."""
        ...

    def proceed(self) -> None:
        """Begin another round: its frames belong to the same answer."""
        ...

    def finish(self, closing: str = "") -> bytes:
        """Return the events that end the answer, with its usage summed up.

        Args:
            closing: Text that is said first; empty for none.
        """
        ...

    def error(self, problem: Problem) -> bytes:
        """Return the events that end the answer with an error."""
        ...


class Whole(Protocol):
    """An answer in one piece, of several rounds."""

    def take(self, answer: Json) -> None:
        """Take in the upstream's answer of a round."""
        ...

    def round(self) -> Spoken:
        """Return that round."""
        ...

    def finish(self, closing: str = "") -> Json:
        """Return the answer for the client.

        Args:
            closing: Text that is said last; empty for none.
        """
        ...


class Request(Protocol):
    """One request of a client, and the requests that are made of it."""

    @property
    def stream(self) -> bool:
        """Whether the client wants a stream."""
        ...

    @property
    def model(self) -> str:
        """The model it names; empty when it names none."""
        ...

    @property
    def able(self) -> bool:
        """Whether the model could call the retrieve tool in it, and be answered."""
        ...

    @property
    def wanted(self) -> Sequence[str]:
        """Names of the notes that must be known before its texts are read."""
        ...

    def messages(self, notes: Notes) -> Sequence[BaseMessage]:
        """Return its conversation as a plan reads it.

        Args:
            notes: Those of the `wanted` that were found.
        """
        ...

    @property
    def known(self) -> Sequence[str]:
        """The keys of originals that notes name, for what only the provider keeps."""
        ...

    def shorten(self, messages: Sequence[BaseMessage]) -> None:
        """Put in the texts of compressed messages, which are as many as before."""
        ...

    @property
    def past(self) -> Sequence[str]:
        """Names of the notes on hidden exchanges in its history."""
        ...

    def restore(self, notes: Notes, replay: Literal["always", "same_turn"]) -> None:
        """Put hidden exchanges back where they were.

        Args:
            notes: Those of the `past` that were found.
            replay: Whether all are put back, or those behind the last words of a human.
        """
        ...

    def offer(self) -> None:
        """Offer the retrieve tool."""
        ...

    def written(self) -> bytes:
        """Return the body for the upstream."""
        ...

    def proceed(self, exchange: Exchange) -> bytes:
        """Return the body of the next round, which goes on behind the exchange."""
        ...

    def streamed(self) -> Streamed:
        """Return the answer to it, as a stream."""
        ...

    def whole(self) -> Whole:
        """Return the answer to it, in one piece."""
        ...

    def notes(self, last: Exchange, keys: Sequence[str]) -> Notes:
        """Return what later requests must know of the answer.

        It is asked for once, before the client is sent the end of the answer.

        Args:
            last: The last round. The rounds before it are those of `proceed`.
            keys: The originals that the model may ask for in this answer.
        """
        ...


class Dialect(Protocol):
    """A protocol."""

    @property
    def name(self) -> str:
        """What it is called: `messages`, `chat` or `responses`."""
        ...

    @property
    def provider(self) -> Provider:
        """Whose it is."""
        ...

    @property
    def heartbeat(self) -> bytes:
        """What keeps a stream alive and says nothing."""
        ...

    @property
    def notes_unread(self) -> bool:
        """Whether `watched` has to see answers that are passed on unread."""
        ...

    def read(self, body: Body, policy: CompressionPolicy) -> Request | None:
        """Read a request; `None` for one that it does not understand."""
        ...

    def ended(self, tail: bytes) -> bool:
        """Tell whether a stream that is passed on unread has come to its end.

        Args:
            tail: The bytes of a chunk, and some before it.
        """
        ...

    def watched(self, frame: Frame) -> Notes:
        """Return what later requests must know of an event that is passed on unread."""
        ...
