"""Compression without the wrapper: functions and a runnable.

Markers written here are redeemed by whoever holds the store: a tool made with
`create_retrieve_tool(store)`, or a `HeadroomChatModel` with the same store. So
without a store nothing is left out; texts are only rewritten without loss.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    MessageLikeRepresentation,
    ToolMessage,
    convert_to_messages,
)
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import RunnableConfig, RunnableSerializable
from pydantic import ConfigDict, Field, field_validator

from headroom_langchain.call_config import configurable, published
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, check_store
from headroom_langchain.pipeline import Compressed, Memory, Plan
from headroom_langchain.policy import CompressionPolicy
from headroom_langchain.report import BlockReport
from headroom_langchain.tokens import TokenCounter, estimate_tokens

M = TypeVar("M", BaseMessage, dict[str, Any], BaseMessage | dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressionResult(Generic[M]):
    """Messages as they may be sent, and what was decided about their texts."""

    messages: list[M]
    """As many messages as were given, of the same kinds; those that were not
    rewritten are the very same objects."""
    blocks: tuple[BlockReport, ...]
    """One entry for each text, in order."""
    notes: tuple[str, ...] = ()
    """What went wrong without stopping the compression."""

    @property
    def tokens_before(self) -> int:
        """Tokens of all texts as they were given."""
        return sum(block.tokens_before for block in self.blocks)

    @property
    def tokens_after(self) -> int:
        """Tokens of all texts as they are now."""
        return sum(block.tokens_after for block in self.blocks)

    @property
    def tokens_saved(self) -> int:
        """Tokens less than before."""
        return self.tokens_before - self.tokens_after


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressedText:
    """One text, compressed."""

    text: str
    key: str | None
    """The key of the original; `None` when nothing was left out."""
    kind: str | None
    """How it was understood, such as `logs`; `None` when it was not looked at."""
    omitted: str
    """What is not shown; empty when nothing was left out."""
    tokens_before: int
    tokens_after: int
    skipped: str | None
    """Why it was left as it is; `None` when it was rewritten."""
    notes: tuple[str, ...] = ()
    """What went wrong without stopping the compression."""


def compress(
    messages: Sequence[M],
    *,
    policy: CompressionPolicy | None = None,
    store: CCRStore | None = None,
    namespace: str = DEFAULT_NAMESPACE,
    model: BaseChatModel | None = None,
    token_counter: TokenCounter = estimate_tokens,
) -> CompressionResult[M]:
    """Compress the large texts of messages.

    Args:
        messages: LangChain messages, or dicts as OpenAI's API takes them.
        policy: The rules; the defaults compress large tool results.
        store: Where originals go. Without one nothing is left out.
        namespace: Separates tenants in the store.
        model: The model that will read the messages. For one that cannot call
            tools nothing is left out.
        token_counter: Counts the figures of the result; decides nothing.

    Returns:
        The messages, in the form they were given. If the store cannot be written,
        nothing is left out and the notes say why.
    """
    return Job(
        messages,
        policy=policy,
        store=store,
        namespace=namespace,
        model=model,
        token_counter=token_counter,
    ).run()


async def acompress(
    messages: Sequence[M],
    *,
    policy: CompressionPolicy | None = None,
    store: CCRStore | None = None,
    namespace: str = DEFAULT_NAMESPACE,
    model: BaseChatModel | None = None,
    token_counter: TokenCounter = estimate_tokens,
) -> CompressionResult[M]:
    """Compress in a worker thread; the arguments are those of `compress`."""
    return await Job(
        messages,
        policy=policy,
        store=store,
        namespace=namespace,
        model=model,
        token_counter=token_counter,
    ).arun()


def compress_text(
    text: str,
    *,
    policy: CompressionPolicy | None = None,
    store: CCRStore | None = None,
    namespace: str = DEFAULT_NAMESPACE,
    tool: str = "tool",
    arguments: Mapping[str, Any] | None = None,
    question: str = "",
    token_counter: TokenCounter = estimate_tokens,
) -> CompressedText:
    """Compress one text as if a tool had written it.

    Args:
        text: The text.
        policy: The rules.
        store: Where the original goes. Without one nothing is left out.
        namespace: Separates tenants in the store.
        tool: The name of the tool.
        arguments: What the tool was called with: such lines are shown first.
        question: What was asked before the tool was called, likewise.
        token_counter: Counts the figures of the result; decides nothing.
    """
    call = {"name": tool, "args": dict(arguments or {}), "id": "call"}
    result = compress(
        [
            HumanMessage(question),
            AIMessage("", tool_calls=[call]),
            ToolMessage(text, tool_call_id="call", name=tool),
        ],
        policy=policy,
        store=store,
        namespace=namespace,
        token_counter=token_counter,
    )
    block = result.blocks[-1]
    return CompressedText(
        text=str(result.messages[-1].content),
        key=block.key,
        kind=block.kind,
        omitted=block.omitted,
        tokens_before=block.tokens_before,
        tokens_after=block.tokens_after,
        skipped=block.skipped,
        notes=result.notes,
    )


MessagesInput = Sequence[MessageLikeRepresentation] | PromptValue


class CompressMessages(RunnableSerializable[MessagesInput, list[BaseMessage]]):
    """`compress` as a runnable: `prompt | CompressMessages() | llm`.

    Policy fields and the namespace may be overridden per call through
    `RunnableConfig["configurable"]`, each behind `headroom_`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    policy: CompressionPolicy = Field(default_factory=CompressionPolicy)
    """The rules."""
    store: CCRStore | None = Field(default=None, exclude=True, repr=False)
    """Where originals go. Without one nothing is left out."""
    namespace: str = DEFAULT_NAMESPACE
    """Separates tenants in the store."""

    @field_validator("store", mode="before")
    @classmethod
    def _check_store(cls, store: object) -> object:
        check_store(store)
        return store

    def invoke(
        self,
        input: MessagesInput,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        **_: Any,
    ) -> list[BaseMessage]:
        """Compress messages."""
        return compress(_messages(input), **self._settings(config)).messages

    async def ainvoke(
        self,
        input: MessagesInput,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        **_: Any,
    ) -> list[BaseMessage]:
        """Compress messages in a worker thread."""
        result = await acompress(_messages(input), **self._settings(config))
        return result.messages

    def _settings(self, config: RunnableConfig | None) -> dict[str, Any]:
        with published(config):
            settings = configurable()
        return {
            "policy": self.policy.with_overrides(settings),
            "store": self.store,
            "namespace": settings.get("headroom_namespace", self.namespace),
        }


class Job(Generic[M]):
    """One compression: its plan, and its result in the form of its input."""

    def __init__(
        self,
        messages: Sequence[M],
        *,
        policy: CompressionPolicy | None = None,
        store: CCRStore | None = None,
        namespace: str = DEFAULT_NAMESPACE,
        model: BaseChatModel | None = None,
        token_counter: TokenCounter = estimate_tokens,
        memory: Memory | None = None,
    ) -> None:
        """Look at messages; the arguments are those of `compress`.

        With a `memory`, texts that were shortened before are not read again.
        """
        self._given: list[M] = list(messages)
        self._messages = [_message(message) for message in messages]
        self._policy = policy or CompressionPolicy()
        self._counter = token_counter
        self._memory = memory
        check_store(store)
        self._store, self._namespace = store, namespace
        able = model is None or type(model).bind_tools is not BaseChatModel.bind_tools
        offered = self._policy.retrieval and self._policy.offer != "never"
        self._plan = self._planned(redeemable=store is not None and able and offered)

    def run(self) -> CompressionResult[M]:
        """Compress, and keep the originals."""
        compressed = self._plan.run()
        if self._store is not None and compressed.originals:
            try:
                self._store.put_many(compressed.originals, namespace=self._namespace)
            except Exception as error:  # noqa: BLE001 - fail open, whatever a store raises
                return self._without_store(error)
        return self._result(compressed)

    async def arun(self) -> CompressionResult[M]:
        """Compress in a worker thread, and keep the originals."""
        compressed = await asyncio.to_thread(self._plan.run)
        if self._store is not None and compressed.originals:
            try:
                await self._store.aput_many(
                    compressed.originals, namespace=self._namespace
                )
            except Exception as error:  # noqa: BLE001 - fail open, whatever a store raises
                return await asyncio.to_thread(self._without_store, error)
        return self._result(compressed)

    def _planned(self, *, redeemable: bool) -> Plan:
        return Plan(
            self._messages,
            policy=self._policy,
            redeemable=redeemable,
            memory=self._memory,
            token_counter=self._counter,
        )

    def _result(
        self, compressed: Compressed, notes: tuple[str, ...] = ()
    ) -> CompressionResult[M]:
        pairs = zip(self._given, self._messages, compressed.messages, strict=True)
        return CompressionResult(
            messages=[_given_back(given, old, new) for given, old, new in pairs],
            blocks=compressed.blocks,
            notes=notes,
        )

    def _without_store(self, error: Exception) -> CompressionResult[M]:
        note = f"originals were not kept: {type(error).__name__}: {error}"
        return self._result(self._planned(redeemable=False).run(), (note,))


def _messages(given: MessagesInput) -> list[BaseMessage]:
    if isinstance(given, PromptValue):
        return given.to_messages()
    return convert_to_messages(given)


def _message(given: BaseMessage | dict[str, Any]) -> BaseMessage:
    return given if isinstance(given, BaseMessage) else convert_to_messages([given])[0]


def _given_back(given: Any, old: BaseMessage, new: BaseMessage) -> Any:
    """Return a message in its given form; an unchanged one is the same object."""
    if new is old:
        return given
    return {**given, "content": new.content} if isinstance(given, dict) else new
