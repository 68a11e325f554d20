"""A chat model that knows the configuration of its calls.

langchain-core hands it neither to `_generate` nor to `_stream`. So the four calls of
users make it known to the code that they run, with who observes it; a stream does so
for each step, since its caller goes on in between.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.callbacks import AsyncCallbackManager, CallbackManager
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.runnables import RunnableConfig

from headroom_langchain.calls.call_config import published
from headroom_langchain.calls.open_streams import Owned, closed_by
from headroom_langchain.calls.tracing import announced, observed_by
from headroom_langchain.model.around import ModelAroundModel


class ConfiguredCalls(ModelAroundModel):
    """Publishes the configuration of each call.

    `BaseChatModel` is called by its name and not with `super()`: with `preserve_type`
    the inner model's class comes next.
    """

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
            return BaseChatModel.invoke(self, input, config, stop=stop, **kwargs)

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
            return await BaseChatModel.ainvoke(self, input, config, stop=stop, **kwargs)

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
        chunks = BaseChatModel.stream(self, input, config, stop=stop, **kwargs)
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
        async with contextlib.AsyncExitStack() as streams:
            chunks: Any = Owned(
                BaseChatModel.astream(self, input, config, stop=stop, **kwargs)
            )
            streams.push_async_exit(chunks)
            while True:
                with published(config), observed_by(seen_by), closed_by(streams):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                yield chunk
