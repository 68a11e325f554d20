"""`CompressMessages`: compression without the wrapper, as a step of a chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import (
    BaseMessage,
    MessageLikeRepresentation,
    convert_to_messages,
)
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import RunnableConfig, RunnableSerializable
from pydantic import ConfigDict, Field, field_validator

from headroom_langchain.accounts.outside import Books
from headroom_langchain.calls.call_config import configurable, published
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, check_store
from headroom_langchain.compressing import Job
from headroom_langchain.lifecycle.extension import Extensions
from headroom_langchain.lifecycle.hooks import Hooks
from headroom_langchain.lifecycle.participants import Participants
from headroom_langchain.rules.policy import CompressionPolicy

MessagesInput = Sequence[MessageLikeRepresentation] | PromptValue


class CompressMessages(RunnableSerializable[MessagesInput, list[BaseMessage]]):
    """`compress` as a runnable: `prompt | CompressMessages() | llm`.

    Policy fields and the namespace may be overridden per call through
    `RunnableConfig["configurable"]`, each behind `headroom_`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    policy: CompressionPolicy = Field(default_factory=CompressionPolicy)
    """The rules."""
    store: CCRStore | None = Field(default=None, exclude=True, repr=False)
    """Where originals go. Without one nothing is left out."""
    namespace: str = DEFAULT_NAMESPACE
    """Separates tenants in the store."""
    extensions: Extensions = Field(default=(), exclude=True, repr=False)
    """Who is told of every stage of a call, in this order, and may change some of
    it; see `headroom_langchain.lifecycle`."""
    hooks: Hooks = Field(default=None, exclude=True, repr=False)
    """What is asked before, during and after messages are compressed."""
    discover: bool = Field(default=False, exclude=True, repr=False)
    """Whether the extensions of installed packages are told, too, after the others."""

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
        with Books().compression(config) as tell:
            result = self._job(input, config).run()
            tell(result.blocks, result.notes)
        return result.messages

    async def ainvoke(
        self,
        input: MessagesInput,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        **_: Any,
    ) -> list[BaseMessage]:
        """Compress messages; much text is read in a worker thread."""
        with Books().compression(config) as tell:
            result = await self._job(input, config).arun()
            tell(result.blocks, result.notes)
        return result.messages

    def _job(
        self, given: MessagesInput, config: RunnableConfig | None
    ) -> Job[BaseMessage]:
        participants = Participants.of(
            extensions=self.extensions, hooks=self.hooks, discover=self.discover
        )
        with published(config):
            settings = configurable()
            namespace = settings.get("headroom_namespace", self.namespace)
            lifecycle = participants.begin("compress", namespace)
        return Job(
            _messages(given),
            policy=self.policy.with_overrides(settings),
            store=self.store,
            namespace=namespace,
            lifecycle=lifecycle,
        )


def _messages(given: MessagesInput) -> list[BaseMessage]:
    if isinstance(given, PromptValue):
        return given.to_messages()
    return convert_to_messages(given)
