"""What a test scripts: what the model says, and how it comes over the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from upstreams.gate import Gate

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """Text that the user reads."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """Thinking, signed by the provider; Chat Completions has none."""

    text: str


@dataclass(frozen=True, slots=True)
class Redacted:
    """Thinking of Messages that nobody can read."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool."""

    name: str
    args: Mapping[str, Any] | str = field(default_factory=dict)
    """The arguments, or the text that stands where their JSON should."""
    id: str | None = None
    letters: int = 0
    """Letters of the name per piece, in Chat Completions; 0 for all at once."""


@dataclass(frozen=True, slots=True)
class Retrieve:
    """A call of the retrieve tool for what a marker in the request names."""

    query: str | None = None
    which: int = -1
    """Which of the markers, in their order."""
    letters: int = 0


Block: TypeAlias = Text | Thinking | Redacted | Call | Retrieve


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens the upstream says it counted."""

    input: int = 100
    output: int = 10
    cached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error, as an answer of its own or as an event of a stream."""

    status: int = 529
    type: str = ""
    """The provider's name for it; empty for the one of the status."""
    message: str = "scripted refusal"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """An answer of any bytes."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    body: bytes = b"{}"
    pieces: int = 0
    """Bytes per chunk; 0 sends a content-length instead of chunks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How an answer comes over the wire. Events are numbered from 0."""

    newline: bytes = b"\n"
    """What ends a line of a stream."""
    cut: int = 0
    """Bytes per write; 0 writes whole events."""
    head: Gate | None = None
    """Where it waits before the status line."""
    holds: Mapping[int, Gate] = field(default_factory=dict)
    """Where it waits before an event."""
    pings: tuple[int, ...] = ()
    """Before which events a ping comes, beside those that always come."""
    error: tuple[int, Refusal] | None = None
    """The event that is an error instead, and the last."""
    stop: int | None = None
    """The event at which the stream ends as if it were complete."""
    breaks: tuple[int, int] | None = None
    """The event in which the connection breaks, and behind how many of its bytes."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers beside the usual ones."""
    gzip: bool = False
    """Whether the body is packed, as if the client had asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One answer of the model."""

    blocks: tuple[Block, ...] = ()
    stop: Literal["end", "length"] = "end"
    """Why it stopped, if it was no call of a tool."""
    usage: Usage = field(default_factory=Usage)
    piece: int = 8
    """Characters per delta."""
    way: Way = field(default_factory=Way)


Answer: TypeAlias = Turn | Refusal | Plain


def said(*blocks: Block | str, **more: Any) -> Turn:
    """Write a turn; strings are text."""
    made = (Text(block) if isinstance(block, str) else block for block in blocks)
    return Turn(blocks=tuple(made), **more)


Script: TypeAlias = Answer | Callable[[Any], Answer]
