"""The events of a call, one for each stage, in the order in which they come.

Events are values. An extension that wants something else returns another one,
made with `dataclasses.replace`; messages in it are changed by `model_copy`, never
in place, since they are the caller's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage, UsageMetadata

    from headroom_langchain.ccr.rounds.calls import HiddenCall
    from headroom_langchain.plan.pipeline import Route
    from headroom_langchain.reports.report import BlockReport
    from headroom_langchain.rules.policy import CompressionPolicy

Surface = Literal["model", "compress", "tool_result", "node"]
"""Where a call comes in: a wrapped model, `compress` and its kin, the result of a
tool, or a node of a graph."""


class Stage(StrEnum):
    """The stages of a call, in their order."""

    SETUP = "setup"
    PRE_START = "pre_start"
    POST_START = "post_start"
    INPUT_RECEIVED = "input_received"
    INPUT_CACHED = "input_cached"
    INPUT_ROUTED = "input_routed"
    INPUT_COMPRESSED = "input_compressed"
    INPUT_REMEMBERED = "input_remembered"
    PRE_SEND = "pre_send"
    POST_SEND = "post_send"
    RESPONSE_RECEIVED = "response_received"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallInfo:
    """Which call an event belongs to."""

    id: str
    """The same in all events of a call, and in no other call."""
    namespace: str
    """The tenant in the store."""
    conversation: str | None
    """The `thread_id` or `session_id` of the call's configuration."""
    surface: Surface


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineEvent:
    """What all events have."""

    stage: ClassVar[Stage]
    changeable: ClassVar[frozenset[str]] = frozenset()
    """The fields that an extension may change."""

    call: CallInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp(PipelineEvent):
    """The terms of the call are known."""

    stage: ClassVar[Stage] = Stage.SETUP
    changeable: ClassVar[frozenset[str]] = frozenset({"policy"})

    policy: CompressionPolicy
    """The rules; changed ones hold for this call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreStart(PipelineEvent):
    """Nothing was read yet."""

    stage: ClassVar[Stage] = Stage.PRE_START

    messages: tuple[BaseMessage, ...]
    """What the caller gave."""
    tools: tuple[Any, ...]
    """What is bound to the model, in the form of its provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostStart(PipelineEvent):
    """Hidden exchanges of earlier answers are back in place."""

    stage: ClassVar[Stage] = Stage.POST_START

    messages: tuple[BaseMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputReceived(PipelineEvent):
    """The messages that are about to be read."""

    stage: ClassVar[Stage] = Stage.INPUT_RECEIVED
    changeable: ClassVar[frozenset[str]] = frozenset({"messages"})

    messages: tuple[BaseMessage, ...]
    """Changed ones are read and sent instead; indexes in later events and in the
    report refer to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputCached(PipelineEvent):
    """What is known from earlier calls."""

    stage: ClassVar[Stage] = Stage.INPUT_CACHED

    known: tuple[int, ...]
    """Indexes of messages whose texts need not be read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRouted(PipelineEvent):
    """Which texts are looked at, and which are left alone."""

    stage: ClassVar[Stage] = Stage.INPUT_ROUTED

    blocks: tuple[Route, ...]
    """One entry for each text, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputCompressed(PipelineEvent):
    """The messages as they would go out."""

    stage: ClassVar[Stage] = Stage.INPUT_COMPRESSED
    changeable: ClassVar[frozenset[str]] = frozenset({"messages"})

    messages: tuple[BaseMessage, ...]
    """Changed ones go out instead. The model may read the originals that are
    recorded in the metadata of messages, and no others."""
    blocks: tuple[BlockReport, ...]
    """What was decided about each text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRemembered(PipelineEvent):
    """The originals were handed to the store."""

    stage: ClassVar[Stage] = Stage.INPUT_REMEMBERED

    keys: tuple[str, ...]
    """The keys of what was left out; empty when nothing was."""
    error: str | None
    """Why the store did not take them; `None` when it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreSend(PipelineEvent):
    """The inner model is about to be called.

    Changes hold for this one request. The next round begins without them, and
    this stage comes again: make the same changes, and the cached prefix holds.
    """

    stage: ClassVar[Stage] = Stage.PRE_SEND
    changeable: ClassVar[frozenset[str]] = frozenset({"messages", "arguments"})

    round: int
    """The number of the model's call, counted from 1."""
    messages: tuple[BaseMessage, ...]
    arguments: Mapping[str, Any]
    """Keyword arguments of the call, such as `tools`, `tool_choice` and `stop`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSend(PipelineEvent):
    """The first chunk of a round, or its result, is there."""

    stage: ClassVar[Stage] = Stage.POST_SEND

    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseReceived(PipelineEvent):
    """A round is complete."""

    stage: ClassVar[Stage] = Stage.RESPONSE_RECEIVED

    round: int
    message: AIMessage
    """What the inner model said, calls of `headroom_retrieve` included."""
    usage: UsageMetadata | None
    """What this round cost, as far as the model says so."""
    retrievals: tuple[HiddenCall, ...]
    """The calls of `headroom_retrieve` in it that are answered."""
    final: bool
    """Whether the caller's answer is complete."""
