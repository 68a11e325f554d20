"""A chat model around another one: whatever is asked of it, the inner one answers.

What it is, what it is called, how it counts tokens and what it was configured with
are the inner model's, so that code which looks at the model sees the same one. How
it calls the inner model is left to the class below.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from langchain_core.language_models import (
    BaseChatModel,
    LangSmithParams,
    LanguageModelInput,
    ModelProfile,
)
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable
from pydantic import Field, model_validator

from headroom_langchain.model.rebinding import rebound
from headroom_langchain.model.same_type import of_same_type

_MIRRORED = (
    "cache",
    "callbacks",
    "custom_get_token_ids",
    "disable_streaming",
    "name",
    "output_version",
    "rate_limiter",
    "tags",
    "verbose",
)
"""Fields of every chat model that the wrapper takes over from the inner one.

The inner model's own public methods, which read them, are not called.
"""

_ABSENT = object()


class ModelAroundModel(BaseChatModel):
    """A chat model that stands for the one inside it.

    Public names that chat models in general do not have, such as `model_name`, are
    read from the inner model.
    """

    inner: BaseChatModel
    """The model that answers."""

    inner_arguments: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of every call of the inner model."""

    preserve_type: bool = False
    """Whether `isinstance(model, type(inner))` holds, for code that asks, such as
    the prompt caching of langchain-anthropic and of deepagents."""

    @model_validator(mode="after")
    def _mirror_inner(self) -> Self:
        """Take over from the inner model what this one was not given."""
        for name in _MIRRORED:
            if name not in self.model_fields_set and hasattr(self.inner, name):
                setattr(self, name, getattr(self.inner, name))
        # Never unset: langchain-core writes the versions of packages into it, of
        # which the inner model knows more.
        own = self.metadata or {}
        given = {key: value for key, value in own.items() if key != "lc_versions"}
        self.metadata = {**own, **(self.inner.metadata or {}), **given}
        return of_same_type(self) if self.preserve_type else self

    if not TYPE_CHECKING:  # it would let every misspelt name pass

        def __getattr__(self, name: str) -> Any:
            """Read what only the inner model has; nothing private."""
            value = _ABSENT
            if not name.startswith("_"):
                value = getattr(self.__dict__.get("inner"), name, _ABSENT)
            # Pydantic keeps private attributes behind its own `__getattr__`.
            return super().__getattr__(name) if value is _ABSENT else value

    def model_copy(
        self, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Self:
        """Copy the model; fields that only the inner one has are changed there."""
        own = dict(update or {})
        inner = {name: own.pop(name) for name in [*own] if not self._has(name)}
        if inner:
            own["inner"] = own.get("inner", self.inner).model_copy(update=inner)
        copied = BaseChatModel.model_copy(self, update=own, deep=deep)
        return of_same_type(copied) if copied.preserve_type else copied

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Copy the settings and the inner model; everything else is shared."""
        copied = self.model_copy()
        copied.inner = copy.deepcopy(self.inner, memo)
        return copied

    def bind_tools(
        self,
        tools: Sequence[Any],
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

    @classmethod
    def _has(cls, field: str) -> bool:
        return field in cls.model_fields

    # What langchain-core asks of a chat model

    @property
    def _llm_type(self) -> str:
        return self.inner._llm_type

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        return self.inner._identifying_params

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
        return self.inner._get_llm_string(stop=stop, **given)

    def _combine_llm_outputs(
        self, llm_outputs: list[dict[str, Any] | None]
    ) -> dict[str, Any]:
        return self.inner._combine_llm_outputs(llm_outputs)

    def _resolve_model_profile(self) -> ModelProfile | None:
        return self.inner.profile

    def _should_stream(self, **kwargs: Any) -> bool:
        given = {**self.inner_arguments, **kwargs}
        return not self._streaming_disabled(**given) and self.inner._should_stream(
            **given
        )

    def _should_use_protocol_streaming(self, **kwargs: Any) -> bool:
        return BaseChatModel._should_use_protocol_streaming(
            self, **kwargs
        ) and self.inner._should_stream(
            async_api=kwargs["async_api"], **{**self.inner_arguments, "stream": True}
        )

    def _given(
        self, stop: list[str] | None, kwargs: dict[str, Any]
    ) -> tuple[list[str] | None, dict[str, Any]]:
        """Add what is bound to the inner model to what a call was given."""
        given = {**self.inner_arguments, **kwargs}
        bound = given.pop("stop", None)
        return stop if stop is not None else bound, given
