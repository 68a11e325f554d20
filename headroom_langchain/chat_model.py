"""`HeadroomChatModel`: any chat model, with large tool results made small.

It assembles a call and hands it over: hidden exchanges are put back, texts are
shortened, originals kept, the retrieve tool offered, and an `Exchange` drives the
inner model. Whatever else somebody asks of a chat model, the inner one answers.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

from langchain_core.callbacks import (
    AsyncCallbackManager,
    AsyncCallbackManagerForLLMRun,
    CallbackManager,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import (
    BaseChatModel,
    LangSmithParams,
    LanguageModelInput,
    ModelProfile,
)
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import Field, PrivateAttr, model_validator

from headroom_langchain.call_config import configurable, published
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.policy import CompressionPolicy
from headroom_langchain.rebinding import rebound
from headroom_langchain.report import CallReport
from headroom_langchain.tracing import announced, observed_by, observers, observers_of
from headroom_langchain.unwrapping import unwrapped

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from headroom_langchain.caller import Caller

_MIRRORED = (
    "cache",
    "callbacks",
    "custom_get_token_ids",
    "disable_streaming",
    "metadata",
    "output_version",
    "rate_limiter",
    "tags",
    "verbose",
)
"""Fields of every chat model that the wrapper takes over from the inner one.

The inner model's own public methods, which read them, are not called.
"""


class HeadroomChatModel(BaseChatModel):
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
        llm = HeadroomChatModel(ChatAnthropic(model="claude-sonnet-4-5"))
        agent = create_agent(llm, tools=[...])
        ```

    Raises:
        ConfigurationError: `inner` is no chat model.
    """

    inner: BaseChatModel
    """The model that answers."""

    policy: CompressionPolicy = Field(default_factory=CompressionPolicy)
    """What is compressed and how the model may ask for the rest."""

    store: CCRStore = Field(default_factory=InMemoryCCRStore, exclude=True, repr=False)
    """Where originals are kept."""

    namespace: str = DEFAULT_NAMESPACE
    """Separates tenants in the store; `configurable={"headroom_namespace": ...}`
    names another for one call."""

    inner_arguments: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of every call of the inner model."""

    _made: Caller | None = PrivateAttr(default=None)

    def __init__(self, inner: Any = None, /, **fields: Any) -> None:
        """Wrap a model; see the class for the arguments."""
        if inner is not None:
            fields["inner"] = inner
        super().__init__(**unwrapped(fields, wrapper=HeadroomChatModel))

    @model_validator(mode="after")
    def _mirror_inner(self) -> Self:
        """Take over from the inner model what this one was not given."""
        for name in _MIRRORED:
            if name not in self.model_fields_set and hasattr(self.inner, name):
                setattr(self, name, getattr(self.inner, name))
        return self

    @property
    def report(self) -> CallReport | None:
        """What the last call of this model did, or `None` before the first."""
        return self._caller.report

    @property
    def _caller(self) -> Caller:
        """What opens calls, made anew when a field was changed, as in a copy."""
        # What calls need is loaded with the first of them.
        from headroom_langchain.caller import Caller, CallerSettings

        settings = CallerSettings(
            inner=self.inner,
            policy=self.policy,
            store=self.store,
            namespace=self.namespace,
        )
        if self._made is None or not self._made.settings.same(settings):
            self._made = Caller(settings)
        return self._made

    def __getstate__(self) -> dict[Any, Any]:
        """Pickle the settings; what was remembered of calls stays behind."""
        state = super().__getstate__()
        return {**state, "__pydantic_private__": {"_made": None}}

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Copy the settings and the inner model; the store is shared."""
        copied = self.model_copy()
        copied.inner = copy.deepcopy(self.inner, memo)
        return copied

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Return that the model can be written with `dumpd`, without its store."""
        return True

    @property
    def lc_attributes(self) -> dict[str, Any]:
        """The fields that `dumpd` cannot write by itself."""
        return {"policy": self.policy.model_dump(mode="json")}

    # What langchain-core implements a chat model with

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - already known as the observers of the call
        **kwargs: Any,
    ) -> ChatResult:
        return self._caller.open(messages, *self._given(stop, kwargs)).generate()

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002 - already known as the observers of the call
        **kwargs: Any,
    ) -> ChatResult:
        return await (
            await self._caller.aopen(messages, *self._given(stop, kwargs))
        ).agenerate()

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with observed_by(observers_of(run_manager) or observers()):
            exchange = self._caller.open(messages, *self._given(stop, kwargs))
        yield from exchange.stream()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        with observed_by(observers_of(run_manager) or observers()):
            exchange = await self._caller.aopen(messages, *self._given(stop, kwargs))
        async with contextlib.aclosing(exchange.astream()) as chunks:
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
            return super()._generate_with_cache(
                messages, stop=stop, run_manager=run_manager, **kwargs
            )

    async def _agenerate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with observed_by(observers_of(run_manager)):
            return await super()._agenerate_with_cache(
                messages, stop=stop, run_manager=run_manager, **kwargs
            )

    def _should_stream(self, **kwargs: Any) -> bool:
        if self._streaming_disabled(**{**self.inner_arguments, **kwargs}):
            return False
        return self.inner._should_stream(**{**self.inner_arguments, **kwargs})

    def _should_use_protocol_streaming(self, **kwargs: Any) -> bool:
        return super()._should_use_protocol_streaming(
            **kwargs
        ) and self.inner._should_stream(
            async_api=kwargs["async_api"], **{**self.inner_arguments, "stream": True}
        )

    # The calls of users, with their configuration made known to the above

    def invoke(
        self,
        input: LanguageModelInput,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        """Answer messages; see `BaseChatModel.invoke`."""
        with published(config):
            return super().invoke(input, config, stop=stop, **kwargs)

    async def ainvoke(
        self,
        input: LanguageModelInput,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        """Answer messages; see `BaseChatModel.ainvoke`."""
        with published(config):
            return await super().ainvoke(input, config, stop=stop, **kwargs)

    def stream(
        self,
        input: LanguageModelInput,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        """Stream an answer; see `BaseChatModel.stream`."""
        config, seen_by = announced(config, CallbackManager)
        chunks = super().stream(input, config, stop=stop, **kwargs)
        try:
            while True:
                # Never across a yield: the caller goes on in this context.
                with published(config), observed_by(seen_by):
                    chunk = next(chunks, None)
                if chunk is None:
                    return
                yield chunk
        finally:
            chunks.close()  # type: ignore[attr-defined] # it is a generator

    async def astream(
        self,
        input: LanguageModelInput,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        """Stream an answer; see `BaseChatModel.astream`."""
        config, seen_by = announced(config, AsyncCallbackManager)
        chunks = super().astream(input, config, stop=stop, **kwargs)
        try:
            while True:
                with published(config), observed_by(seen_by):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                yield chunk
        finally:
            await chunks.aclose()  # type: ignore[attr-defined] # it is a generator

    def stream_events(
        self,
        input: Any,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Any:
        """Stream an answer as events; see `BaseChatModel.stream_events`."""
        model = self._configured(config)
        return super(HeadroomChatModel, model).stream_events(input, config, **kwargs)

    def astream_events(
        self,
        input: Any,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Any:
        """Stream an answer as events; see `BaseChatModel.astream_events`."""
        model = self._configured(config)
        return super(HeadroomChatModel, model).astream_events(input, config, **kwargs)

    def _configured(self, config: RunnableConfig | None) -> Self:
        """Return a model with the settings of a call that is made step by step."""
        with published(config):
            given = configurable()
        policy = self.policy.with_overrides(given)
        namespace = given.get("headroom_namespace", self.namespace)
        if policy is self.policy and namespace == self.namespace:
            return self
        return self.model_copy(update={"policy": policy, "namespace": namespace})

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: Any = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools in the inner model's way; see `BaseChatModel.bind_tools`."""
        chosen = {} if tool_choice is None else {"tool_choice": tool_choice}
        bound = self.inner.bind_tools(tools, **chosen, **kwargs)
        return rebound(bound, self.inner, self)

    def with_structured_output(
        self, schema: Any, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """Answer in a schema, in the inner model's way."""
        chain = self.inner.with_structured_output(
            schema, include_raw=include_raw, **kwargs
        )
        return rebound(chain, self.inner, self)

    def _given(
        self, stop: list[str] | None, kwargs: dict[str, Any]
    ) -> tuple[list[str] | None, dict[str, Any]]:
        """Add what is bound to the inner model to what a call was given."""
        given = {**self.inner_arguments, **kwargs}
        bound = given.pop("stop", None)
        return stop if stop is not None else bound, given

    # What others ask of a model: the inner one answers

    @property
    def _llm_type(self) -> str:
        return self.inner._llm_type

    @property
    def _identifying_params(self) -> dict[str, Any]:
        inner = dict(self.inner._identifying_params)
        return {**inner, "headroom": self.policy.model_dump(mode="json")}

    def _get_ls_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> LangSmithParams:
        return self.inner._get_ls_params(stop=stop, **kwargs)

    def _get_invocation_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        stop, given = self._given(stop, kwargs)
        return self.inner._get_invocation_params(stop=stop, **given)

    def _get_llm_string(self, stop: list[str] | None = None, **kwargs: Any) -> str:
        stop, given = self._given(stop, kwargs)
        inner = self.inner._get_llm_string(stop=stop, **given)
        return f"{inner}---headroom:{self.policy.model_dump_json()}"

    def _resolve_model_profile(self) -> ModelProfile | None:
        return self.inner.profile

    def get_token_ids(self, text: str) -> list[int]:
        """Return the inner model's token ids of a text."""
        return self.inner.get_token_ids(text)

    def get_num_tokens(self, text: str) -> int:
        """Return the inner model's count of tokens of a text."""
        return self.inner.get_num_tokens(text)

    def get_num_tokens_from_messages(
        self, messages: list[BaseMessage], tools: Sequence[Any] | None = None
    ) -> int:
        """Return the inner model's count of tokens of messages."""
        return self.inner.get_num_tokens_from_messages(messages, tools)
