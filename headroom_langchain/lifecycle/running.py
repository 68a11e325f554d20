"""The stages of one call, told to whoever takes part in it.

Nothing here waits for anything: the stages are generators of steps, which the
drivers of a call carry out. Where nobody takes part, no event is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from langchain_core.messages import AIMessage, BaseMessage

from headroom_langchain.ccr.rounds.calls import HiddenCall
from headroom_langchain.lifecycle.accepting import (
    accepted,
    as_messages,
    recorded_again,
)
from headroom_langchain.lifecycle.events import (
    CallInfo,
    InputCached,
    InputCompressed,
    InputReceived,
    InputRemembered,
    InputRouted,
    PipelineEvent,
    PostSend,
    PostStart,
    PreSend,
    PreStart,
    ResponseReceived,
    SetUp,
)
from headroom_langchain.lifecycle.extension import Extension
from headroom_langchain.lifecycle.hooks import CompressionHooks, Outgoing
from headroom_langchain.lifecycle.steps import Steps
from headroom_langchain.plan.pipeline import Compressed, Plan
from headroom_langchain.rules.bias import Bias
from headroom_langchain.rules.policy import CompressionPolicy

E = TypeVar("E", bound=PipelineEvent)


class OnlyAsynchronousError(Exception):
    """An extension has no method that a synchronous call could use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Tell an extension of an event."""

    extension: Extension
    event: PipelineEvent

    def do(self) -> object:
        """Call its method.

        Raises:
            OnlyAsynchronousError: It has none but the asynchronous one.
        """
        if not hasattr(self.extension, "on_pipeline_event"):
            raise OnlyAsynchronousError
        return self.extension.on_pipeline_event(self.event)

    async def ado(self) -> object:
        """Await its asynchronous method, if there is one."""
        told: Any = getattr(self.extension, "aon_pipeline_event", None)
        return await told(self.event) if told is not None else self.do()


@dataclass(slots=True, kw_only=True)
class Lifecycle:
    """Tells the stages of one call."""

    call: CallInfo
    extensions: tuple[Extension, ...]
    hooks: CompressionHooks | None
    fixed: bool
    """Whether the messages must stay as many as they are."""
    notes: list[str] = field(default_factory=list)
    """What went wrong, each thing once."""

    @property
    def watched(self) -> bool:
        """Whether somebody is told of events."""
        return bool(self.extensions)

    def set_up(self, policy: CompressionPolicy) -> Steps[CompressionPolicy]:
        """Tell the rules, and return those that hold."""
        if not self.extensions:
            return policy
        event = yield from self._told(SetUp(call=self.call, policy=policy))
        return event.policy

    def pre_start(
        self, messages: Sequence[BaseMessage], tools: Sequence[Any]
    ) -> Steps[None]:
        """Tell what the caller gave."""
        if self.extensions:
            given, bound = tuple(messages), tuple(tools)
            event = PreStart(call=self.call, messages=given, tools=bound)
            yield from self._told(event)

    def post_start(self, messages: Sequence[BaseMessage]) -> Steps[None]:
        """Tell that hidden exchanges are back in place."""
        if self.extensions:
            event = PostStart(call=self.call, messages=tuple(messages))
            yield from self._told(event)

    def received(self, messages: list[BaseMessage]) -> Steps[list[BaseMessage]]:
        """Tell what is about to be read, and return what is read instead."""
        if self.extensions:
            event = InputReceived(call=self.call, messages=tuple(messages))
            changed = yield from self._told(event)
            if changed is not event:
                messages = self._replaced(messages, changed.messages)
        if self.hooks is not None:
            messages = self._hooked(self.hooks, messages)
        return messages

    def biases(self, plan: Plan, messages: Sequence[BaseMessage]) -> dict[int, Bias]:
        """Return how messages are treated, each judged without those after it."""
        biases: dict[int, Bias] = {}
        if self.hooks is None:
            return biases
        read = tuple(messages)
        for index in plan.eligible:
            try:
                bias = self.hooks.compute_biases(read[: index + 1])
            except Exception as error:  # noqa: BLE001 - fail open, whatever a hook raises
                self._failed(self.hooks, "compute_biases", error)
                continue
            if isinstance(bias, Bias):
                biases[index] = bias
            elif bias is not None:
                kind = type(bias).__name__
                self._ignored(self.hooks, "compute_biases", f"returned {kind}, no Bias")
        return biases

    def routed(self, plan: Plan) -> Steps[None]:
        """Tell what is remembered, and which texts are looked at."""
        if self.extensions:
            known = InputCached(call=self.call, known=plan.remembered)
            yield from self._told(known)
            yield from self._told(InputRouted(call=self.call, blocks=plan.routes))

    def compressed(self, compressed: Compressed) -> Steps[list[BaseMessage]]:
        """Tell what would go out, and return what goes out instead."""
        messages, blocks = compressed.messages, compressed.blocks
        if self.hooks is not None:
            try:
                self.hooks.post_compress(
                    Outgoing(messages=tuple(messages), blocks=blocks)
                )
            except Exception as error:  # noqa: BLE001 - likewise
                self._failed(self.hooks, "post_compress", error)
        if self.extensions:
            sent = tuple(messages)
            event = InputCompressed(call=self.call, messages=sent, blocks=blocks)
            changed = yield from self._told(event)
            if changed is not event:
                messages = self._replaced(messages, changed.messages)
        return messages

    def remembered(self, keys: Sequence[str], error: str | None) -> Steps[None]:
        """Tell which originals were handed to the store."""
        if self.extensions:
            event = InputRemembered(call=self.call, keys=tuple(keys), error=error)
            yield from self._told(event)

    def pre_send(
        self, number: int, messages: Sequence[BaseMessage], arguments: Mapping[str, Any]
    ) -> Steps[tuple[PreSend, PreSend]]:
        """Tell of the request of a round; returns it, and what became of it."""
        event = PreSend(
            call=self.call,
            round=number,
            messages=tuple(messages),
            arguments=dict(arguments),
        )
        return event, (yield from self._told(event))

    def post_send(self, number: int) -> Steps[None]:
        """Tell that the model has begun to answer."""
        if self.extensions:
            yield from self._told(PostSend(call=self.call, round=number))

    def response_received(
        self,
        number: int,
        message: AIMessage,
        retrievals: Sequence[HiddenCall],
        *,
        final: bool,
    ) -> Steps[None]:
        """Tell what the model said in a round."""
        event = ResponseReceived(
            call=self.call,
            round=number,
            message=message,
            usage=message.usage_metadata,
            retrievals=tuple(retrievals),
            final=final,
        )
        yield from self._told(event)

    def note(self, sentence: str) -> None:
        """Note what went wrong, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def _told(self, event: E) -> Steps[E]:
        """Tell the extensions in their order, each of what the one before left."""
        for extension in self.extensions:
            ignored = partial(self._ignored, extension, event.stage)
            try:
                changed = yield Tell(extension=extension, event=event)
            except OnlyAsynchronousError:
                self.note(f"{_name(extension)} is told in asynchronous calls only")
            except Exception as error:  # noqa: BLE001 - fail open, whatever an extension raises
                self._failed(extension, event.stage, error)
            else:
                event = accepted(event, changed, ignored)
        return event

    def _hooked(
        self, hooks: CompressionHooks, messages: list[BaseMessage]
    ) -> list[BaseMessage]:
        try:
            changed = hooks.pre_compress(tuple(messages))
        except Exception as error:  # noqa: BLE001 - likewise
            self._failed(hooks, "pre_compress", error)
            return messages
        if changed is None:
            return messages
        if (fitting := as_messages(changed)) is None:
            self._ignored(
                hooks, "pre_compress", "returned something else than messages"
            )
            return messages
        return self._replaced(messages, fitting)

    def _replaced(
        self, before: list[BaseMessage], after: Sequence[BaseMessage]
    ) -> list[BaseMessage]:
        if self.fixed and len(before) != len(after):
            self.note(
                f"{len(after)} messages instead of {len(before)} were ignored: each "
                "message has its place here"
            )
            return before
        return recorded_again(before, after)

    def _failed(self, who: object, where: str, error: Exception) -> None:
        why = f"{type(error).__name__}: {error}".removesuffix(": ")
        self.note(f"{_name(who)} failed at {where}: {why}")

    def _ignored(self, who: object, where: str, what: str) -> None:
        self.note(f"{_name(who)} at {where} {what}: ignored")


def _name(who: object) -> str:
    part = "hooks" if isinstance(who, CompressionHooks) else "extension"
    return f"{part} {type(who).__name__}"
