"""`HeadroomChatModel`: any chat model, with large tool results made small.

It assembles a call and hands it over: hidden exchanges are put back, texts are
shortened, originals kept, the retrieve tool offered, and an `Exchange` drives the
inner model. Whatever else somebody asks of a chat model, the inner one answers.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableConfig
from pydantic import Field, PrivateAttr, field_validator

from headroom_langchain.accounts.ledger import Ledger
from headroom_langchain.calls.call_config import (
    configurable,
    conversation,
    published,
    still_published,
)
from headroom_langchain.calls.open_streams import Owned, closed_by, opened
from headroom_langchain.calls.tracing import (
    observed_by,
    observers,
    observers_of,
)
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, check_store
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.lifecycle.extension import Extensions
from headroom_langchain.lifecycle.hooks import Hooks
from headroom_langchain.model.configured import ConfiguredCalls
from headroom_langchain.model.unwrapping import refuse_unknown, unwrapped
from headroom_langchain.reports.report import CallReport
from headroom_langchain.reports.totals import Totals
from headroom_langchain.rules.policy import CompressionPolicy

if TYPE_CHECKING:
    from headroom_langchain.model.caller import Caller


class HeadroomChatModel(ConfiguredCalls):
    """A chat model whose large tool results are compressed on their way.

    The model sees excerpts with a marker, and may ask for the originals with the
    tool `headroom_retrieve`, which is answered here: whoever calls this model sees
    one answer.

    Args:
        inner: Any chat model, one with bound arguments (`llm.bind_tools(...)`), or
            the name of one as `init_chat_model` takes it, such as
            `"openai:gpt-5"`; names need `pip install headroom-langchain[models]`.

    Example:
        ```python
        llm = HeadroomChatModel(ChatAnthropic(model="claude-sonnet-5"))
        agent = create_agent(llm, tools=[...])
        ```

    Raises:
        NotAChatModelError: `inner` is no chat model.
        ConfigurationError: A field is given that neither this model nor the inner
            one has.
    """

    policy: CompressionPolicy = Field(default_factory=CompressionPolicy)
    """What is compressed and how the model may ask for the rest."""

    store: CCRStore = Field(default_factory=InMemoryCCRStore, exclude=True, repr=False)
    """Where originals are kept."""

    namespace: str = DEFAULT_NAMESPACE
    """Separates tenants in the store; `configurable={"headroom_namespace": ...}`
    names another for one call."""

    embeddings: Embeddings | None = Field(default=None, exclude=True, repr=False)
    """Finds passages by meaning, beside the words of a query: the best matches of the
    words are ordered anew, and when there are none, a sample of the text is compared.
    When it fails, words alone decide."""

    extensions: Extensions = Field(default=(), exclude=True, repr=False)
    """Who is told of every stage of a call, in this order, and may change some of
    it; see `headroom_langchain.lifecycle`."""

    hooks: Hooks = Field(default=None, exclude=True, repr=False)
    """What is asked before, during and after messages are compressed."""

    discover: bool = Field(default=False, exclude=True, repr=False)
    """Whether the extensions of installed packages are told, too, after the others."""

    ledger: Ledger = Field(default_factory=Ledger, exclude=True, repr=False)
    """What adds up the calls. Copies share it, and models may be given the same."""

    _made: Caller | None = PrivateAttr(default=None)
    _config: RunnableConfig | None = PrivateAttr(default=None)

    def __init__(self, inner: Any = None, /, **fields: Any) -> None:
        """Wrap a model; see the class for the arguments."""
        if inner is not None:
            fields["inner"] = inner
        fields = unwrapped(fields, wrapper=HeadroomChatModel)
        refuse_unknown(fields, of=(type(self), type(fields["inner"])))
        # Not `super()`: with `preserve_type` the inner model's class comes next.
        BaseChatModel.__init__(self, **fields)

    @field_validator("store", mode="before")
    @classmethod
    def _check_store(cls, store: object) -> object:
        check_store(store)
        return store

    @property
    def report(self) -> CallReport | None:
        """What the call did that was begun last, or `None` before the first.

        With several calls at a time that may be anybody's: `report_of` tells those of
        one conversation, and `headroom_usage()` those of one block of code.
        """
        return self.ledger.report

    def report_of(self, conversation: str | None) -> CallReport | None:
        """Return what the last call of a conversation did; `None` for an unknown one.

        Args:
            conversation: Its `thread_id` or `session_id`; `None` for calls that had
                neither.
        """
        return self.ledger.report_of(conversation)

    @property
    def total(self) -> Totals:
        """The sum of all calls of this model and its copies."""
        return self.ledger.total

    @property
    def _caller(self) -> Caller:
        """What opens calls, made anew when a field was changed, as in a copy."""
        # What calls need is loaded with the first of them.
        from headroom_langchain.model.caller import Caller, CallerSettings

        settings = CallerSettings(
            inner=self.inner,
            policy=self.policy,
            store=self.store,
            namespace=self.namespace,
            embeddings=self.embeddings,
            extensions=self.extensions,
            hooks=self.hooks,
            discover=self.discover,
            ledger=self.ledger,
            callbacks=self.callbacks,
        )
        if self._made is None or not self._made.settings.same(settings):
            self._made = Caller(settings)
        return self._made

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Copy the settings and the inner model; the copy is counted for itself."""
        copied = ConfiguredCalls.__deepcopy__(self, memo)
        copied.ledger = Ledger()
        return copied

    def __getstate__(self) -> dict[Any, Any]:
        """Pickle the settings; what was remembered of calls stays behind."""
        state = BaseChatModel.__getstate__(self)
        return {**state, "__pydantic_private__": {"_made": None, "_config": None}}

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Return that the model can be written with `dumpd`, without its store."""
        return True

    @property
    def lc_attributes(self) -> dict[str, Any]:
        """The fields that `dumpd` cannot write by itself."""
        return {"policy": self.policy.model_dump(mode="json")}

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        inner = super()._identifying_params
        return {**inner, "headroom": self.policy.model_dump(mode="json")}

    def _get_llm_string(self, stop: list[str] | None = None, **kwargs: Any) -> str:
        # Answers that were cached for other rules or another tenant do not serve.
        inner = super()._get_llm_string(stop=stop, **kwargs)
        policy, namespace = self._configured()
        rules = f"{policy.model_dump_json()}:{namespace}"
        # They may change what is sent.
        others = self._caller.participants.names
        return ":".join((f"{inner}---headroom:{rules}", *others))

    # What langchain-core implements a chat model with. It is called by its name and
    # not with `super()`: with `preserve_type` the inner model's class comes next.

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - already known as the observers of the call
        **kwargs: Any,
    ) -> ChatResult:
        exchange = self._caller.open(messages, *self._given(stop, kwargs))
        with exchange.ending:
            return exchange.generate()

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002 - already known as the observers of the call
        **kwargs: Any,
    ) -> ChatResult:
        exchange = await self._caller.aopen(messages, *self._given(stop, kwargs))
        async with exchange.ending:
            return await exchange.agenerate()

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        seen_by = observers_of(run_manager) or observers()
        with observed_by(seen_by), still_published(self._config):
            exchange = self._caller.open(messages, *self._given(stop, kwargs))
        with exchange.ending:
            yield from exchange.stream()

    def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        return opened(self._astreamed(messages, stop, run_manager, kwargs))

    async def _astreamed(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        run_manager: AsyncCallbackManagerForLLMRun | None,
        kwargs: dict[str, Any],
    ) -> AsyncGenerator[ChatGenerationChunk]:
        seen_by = observers_of(run_manager) or observers()
        with observed_by(seen_by), still_published(self._config):
            exchange = await self._caller.aopen(messages, *self._given(stop, kwargs))
        async with exchange.ending, Owned(exchange.astream()) as chunks:
            async for chunk in chunks:
                yield chunk

    def _generate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with observed_by(observers_of(run_manager)):
            return BaseChatModel._generate_with_cache(
                self, messages, stop=stop, run_manager=run_manager, **kwargs
            )

    async def _agenerate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        async with contextlib.AsyncExitStack() as streams:
            with observed_by(observers_of(run_manager)), closed_by(streams):
                return await BaseChatModel._agenerate_with_cache(
                    self, messages, stop=stop, run_manager=run_manager, **kwargs
                )

    async def _aiter_v2_events(
        self, messages: list[BaseMessage], **kwargs: Any
    ) -> AsyncIterator[Any]:
        async with contextlib.AsyncExitStack() as streams:
            events: Any = Owned(
                BaseChatModel._aiter_v2_events(self, messages, **kwargs)
            )
            streams.push_async_exit(events)
            while True:
                with closed_by(streams):
                    event = await anext(events, None)
                if event is None:
                    return
                yield event

    def stream_events(
        self,
        input: Any,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Any:
        """Stream an answer as events; see `BaseChatModel.stream_events`."""
        model = self._for(config)
        return BaseChatModel.stream_events(model, input, config, **kwargs)

    def astream_events(
        self,
        input: Any,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Any:
        """Stream an answer as events; see `BaseChatModel.astream_events`."""
        model = self._for(config)
        return BaseChatModel.astream_events(model, input, config, **kwargs)

    def _for(self, config: RunnableConfig | None) -> Self:
        """Return a model with the settings of a call that is made step by step."""
        with published(config):
            policy, namespace = self._configured()
            unnamed = conversation() is None
        if unnamed and policy is self.policy and namespace == self.namespace:
            return self
        changes = {"policy": policy, "namespace": namespace}
        model = self.model_copy(update=changes)
        model._config = config
        return model

    def _configured(self) -> tuple[CompressionPolicy, str]:
        """Return the rules and the tenant of the call under way."""
        given = configurable()
        namespace: str = given.get("headroom_namespace", self.namespace)
        return self.policy.with_overrides(given), namespace
