"""What a fake server answers, in words that fit every provider.

A `Reply` is what the model says; the dialects put it on the wire. What goes
wrong on the way is part of it: a stream that breaks, or that waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from headroom_langchain.testing.servers.query import Query

if TYPE_CHECKING:
    import threading

StopReason: TypeAlias = Literal["end", "length", "refusal"]
"""Why a model stopped, other than to call tools or at a stop sequence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """One tool call of a reply.

    Attributes:
        name: The tool.
        args: The arguments; a string goes out as it is, so that a script can
            send JSON which is broken or cut. Messages and Converse can do that
            only in a stream, Gemini and Ollama not at all: their arguments are an
            object.
        id: The provider's id of the call; None makes one.
    """

    name: str
    args: Mapping[str, Any] | str = field(default_factory=dict)
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens the reply says it cost.

    Attributes:
        input: Tokens of the request, cached ones included.
        output: Tokens of the answer.
        cached: Tokens of the request read from the provider's cache.
    """

    input: int = 10
    output: int = 5
    cached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A stream that does not reach its end.

    Attributes:
        after: How many events are sent before.
        how: `cut` drops the connection, `error` sends the provider's error
            event, `end` closes the response as if it were complete.
    """

    after: int
    how: Literal["cut", "error", "end"] = "cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A stream that waits for the test.

    Attributes:
        after: How many events are sent before.
        until: Set by the test to let the rest go.
    """

    after: int
    until: threading.Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of the model.

    Attributes:
        text: What it says.
        thinking: Its reasoning, where the protocol has a place for it.
        signature: The signature of the reasoning.
        tool_calls: The tools it calls, after the text.
        stop: Why it stopped; tool calls and `stop_sequence` decide otherwise.
        stop_sequence: The sequence it stopped at.
        usage: The tokens it says it cost.
        piece: Characters per delta of a stream.
        breaks: Where the stream goes wrong.
        hold: Where the stream waits.
    """

    text: str = ""
    thinking: str = ""
    signature: str = "c2lnbmF0dXJl"
    tool_calls: tuple[ToolUse, ...] = ()
    stop: StopReason = "end"
    stop_sequence: str | None = None
    usage: Usage = field(default_factory=Usage)
    piece: int = 8
    breaks: Break | None = None
    hold: Hold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An answer that is an HTTP error, in the provider's format.

    Attributes:
        status: The HTTP status.
        message: What the provider says about it.
        type: The provider's name of the error; None takes its usual one.
        headers: Headers to add, such as `retry-after`.
    """

    status: int
    message: str = "scripted failure"
    type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Router: TypeAlias = Callable[[Query], Reply | Failure]
"""Answers a request from the request itself."""

Script: TypeAlias = Sequence[Reply | Failure | str] | Router
"""What a server plays: answers in their order, or a router."""
