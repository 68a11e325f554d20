"""The four ways to call a model, each of which gives one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

Ask = Callable[[Any, Sequence[BaseMessage]], AIMessage]


def invoke(model: Any, messages: Sequence[BaseMessage]) -> AIMessage:
    answer: AIMessage = model.invoke(list(messages))
    return answer


def ainvoke(model: Any, messages: Sequence[BaseMessage]) -> AIMessage:
    answer: AIMessage = asyncio.run(model.ainvoke(list(messages)))
    return answer


def stream(model: Any, messages: Sequence[BaseMessage]) -> AIMessage:
    first, *rest = model.stream(list(messages))
    answer: AIMessage = first.__add__(rest)
    return answer


def astream(model: Any, messages: Sequence[BaseMessage]) -> AIMessage:
    async def collect() -> AIMessage:
        first, *rest = [chunk async for chunk in model.astream(list(messages))]
        answer: AIMessage = first.__add__(rest)
        return answer

    return asyncio.run(collect())


WAYS: tuple[Ask, ...] = (invoke, ainvoke, stream, astream)
