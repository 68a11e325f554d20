"""The surfaces of LangChain on which people call a chat model.

Each is a function of a model, a conversation and a configuration, and tells
what its caller sees.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langchain_core.tools import tool
from observing import Observed, Watch

Surface: TypeAlias = Callable[
    [BaseChatModel, Sequence[BaseMessage], RunnableConfig], Awaitable[Observed]
]


@tool(return_direct=True)
def search(q: str) -> str:
    """Search for something."""
    return f"found {q}"


def bound(model: BaseChatModel) -> Any:
    """Return a model that may call the caller's own tool."""
    return model.bind_tools([search])


def chained(model: BaseChatModel) -> Any:
    """Return a model behind a prompt."""
    named = RunnableLambda(_named)
    prompt = ChatPromptTemplate.from_messages([("placeholder", "{messages}")])
    return named | prompt | bound(model)


def _named(messages: list[BaseMessage]) -> dict[str, Any]:
    return {"messages": messages}


def retried(model: BaseChatModel) -> Any:
    """Return a model that is called again when it fails."""
    return bound(model).with_retry(stop_after_attempt=2)


def replaceable(model: BaseChatModel) -> Any:
    """Return a model that another one stands in for."""
    return bound(model).with_fallbacks([RunnableLambda(_no_need)])


def _no_need(messages: object) -> AIMessage:
    msg = "the first model did not answer"
    raise AssertionError(msg)


Made: TypeAlias = Callable[[BaseChatModel], Any]
"""What is called, made from a model."""


def invoked(made: Made) -> Surface:
    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        answer = made(model).invoke(list(messages), watch.config)
        return await watch.observed(answer)

    return surface


def ainvoked(made: Made) -> Surface:
    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        answer = await made(model).ainvoke(list(messages), watch.config)
        return await watch.observed(answer)

    return surface


def streamed(made: Made) -> Surface:
    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        chunks = list(made(model).stream(list(messages), watch.config))
        return await _of_chunks(watch, chunks)

    return surface


def astreamed(made: Made) -> Surface:
    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        stream = made(model).astream(list(messages), watch.config)
        return await _of_chunks(watch, [chunk async for chunk in stream])

    return surface


async def _of_chunks(watch: Watch, chunks: Sequence[AIMessageChunk]) -> Observed:
    for chunk in chunks:
        watch.event(type(chunk).__name__, chunk)
        watch.message(chunk)
    first, *rest = chunks
    return await watch.observed(first.__add__(rest))


async def batched(
    model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
) -> Observed:
    watch = Watch(config)
    answers = bound(model).batch([list(messages)] * 2, watch.config)
    return await watch.observed(*answers)


async def abatched(
    model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
) -> Observed:
    watch = Watch(config)
    answers = await bound(model).abatch([list(messages)] * 2, watch.config)
    return await watch.observed(*answers)


def events_v2(made: Made) -> Surface:
    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        events = made(model).astream_events(list(messages), watch.config, version="v2")
        answer: Any = None
        async for event in events:
            kind = event["event"]
            # Each piece passes through all that the model stands in.
            watch.event("stream" if kind.endswith("_stream") else kind, event)
            watch.about(event["metadata"])
            if kind == "on_chat_model_stream":
                watch.message(event["data"]["chunk"])
            if kind == "on_chat_model_end":
                answer = event["data"]["output"]
        return await watch.observed(answer)

    return surface


def events_v3(made: Made) -> Surface:
    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        stream = made(model).stream_events(list(messages), watch.config, version="v3")
        for event in stream:
            protocol_event(watch, event, stream.message_id)
        return await watch.observed(stream.output)

    return surface


def aevents_v3(made: Made) -> Surface:
    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        stream = await made(model).astream_events(
            list(messages), watch.config, version="v3"
        )
        async for event in stream:
            protocol_event(watch, event, stream.message_id)
        return await watch.observed(await stream.output)

    return surface


def texts_v3(made: Made) -> Surface:
    async def surface(
        model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> Observed:
        watch = Watch(config)
        stream = await made(model).astream_events(
            list(messages), watch.config, version="v3"
        )
        async for text in stream.text:
            watch.text(text, stream.message_id)
        return await watch.observed(await stream.output)

    return surface


def protocol_event(watch: Watch, event: Any, message_id: str | None) -> None:
    """Note an event of the v3 protocol; those of blocks count as one kind."""
    kind = event["event"]
    watch.event("content-block" if kind.startswith("content-block") else kind, event)
    delta = event.get("delta") or {}
    if kind == "content-block-delta" and delta["type"] == "text-delta":
        watch.text(delta["text"], message_id)


SURFACES: dict[str, Surface] = {
    "invoke": invoked(bound),
    "ainvoke": ainvoked(bound),
    "stream": streamed(bound),
    "astream": astreamed(bound),
    "batch": batched,
    "abatch": abatched,
    "chain invoke": invoked(chained),
    "chain ainvoke": ainvoked(chained),
    "chain stream": streamed(chained),
    "chain astream": astreamed(chained),
    "with_retry invoke": invoked(retried),
    "with_retry astream": astreamed(retried),
    "with_fallbacks ainvoke": ainvoked(replaceable),
    "with_fallbacks stream": streamed(replaceable),
    "events v2": events_v2(bound),
    "chain events v2": events_v2(chained),
    "events v3": events_v3(bound),
    "async events v3": aevents_v3(bound),
    "async texts v3": texts_v3(bound),
}
"""The surfaces by name."""
