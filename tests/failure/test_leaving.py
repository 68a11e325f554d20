"""Whoever leaves a stream early, at whatever point, leaves nothing under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from talks import ended, ending, history, played, settled, whole, wrapped

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import Shape

SHAPES: tuple[Shape, ...] = ("openai", "anthropic", "plain")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_stream_closed_after_any_chunk_closes_the_model(
    shape: Shape, watch: object
) -> None:
    """After `close` no stream of the model is open, and the next call works."""
    texts, complete = whole(shape)
    for count in range(len(texts) + 1):
        model = wrapped(shape)
        stream: Any = model.stream(history("ann"))
        assert [next(stream).text for _ in range(count)] == texts[:count]
        stream.close()
        assert ended(played(model), complete)
        assert model.invoke(history("bob")).text.endswith(ending("bob"))


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_stream_closed_after_any_chunk_closes_the_model_async(
    shape: Shape, nothing_left: None
) -> None:
    """After `aclose` neither task nor stream is left, and the next call works."""
    texts, complete = whole(shape)
    before = asyncio.all_tasks()
    for count in range(len(texts) + 1):
        model = wrapped(shape)
        stream: Any = model.astream(history("ann"))
        assert [(await anext(stream)).text for _ in range(count)] == texts[:count]
        await stream.aclose()
        assert asyncio.all_tasks() == before
        assert ended(played(model), complete)
        answer = await model.ainvoke(history("bob"))
        assert answer.text.endswith(ending("bob"))


@pytest.mark.parametrize("how", ["athrow", "break"])
async def test_a_stream_left_otherwise_after_any_chunk_closes_the_model(
    how: str, nothing_left: None
) -> None:
    """An error thrown in ends everything at once, `break` when Python notices."""
    texts, complete = whole("openai")
    before = asyncio.all_tasks()
    for count in range(1, len(texts) + 1):
        model = wrapped("openai")
        stream: Any = model.astream(history("ann"))
        if how == "athrow":
            for _ in range(count):
                await anext(stream)
            with pytest.raises(ZeroDivisionError):
                await stream.athrow(ZeroDivisionError())
        else:
            await left_after(count, stream)
            del stream
            await settled(before)
        assert asyncio.all_tasks() == before
        assert ended(played(model), complete)


async def left_after(count: int, stream: AsyncIterator[Any]) -> None:
    seen = 0
    async for _ in stream:
        seen += 1
        if seen == count:
            break


def v2(model: HeadroomChatModel) -> Any:
    return model.astream_events(history("ann"), version="v2")


async def v3(model: HeadroomChatModel) -> AsyncIterator[Any]:
    async with await model.astream_events(history("ann"), version="v3") as stream:
        async for event in stream:
            yield event


@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
@pytest.mark.parametrize("events", [v2, v3])
async def test_events_closed_after_any_of_them_close_the_model(
    events: Callable[[HeadroomChatModel], Any], nothing_left: None
) -> None:
    """`astream_events`, of both kinds, leaves neither task nor stream."""
    _, complete = whole("anthropic")
    before = asyncio.all_tasks()
    total = len([event async for event in events(wrapped("anthropic"))])
    for count in range(1, total + 1):
        model = wrapped("anthropic")
        stream = events(model)
        for _ in range(count):
            await anext(stream)
        await stream.aclose()
        await settled(before)
        assert ended(played(model), complete)
        answer: AIMessage = await model.ainvoke(history("bob"))
        assert answer.text.endswith(ending("bob"))


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_report_says_which_round_the_caller_left(count: int) -> None:
    """A call that was left tells how far it came."""
    model = wrapped("openai")
    stream: Any = model.stream(history("ann"))
    rounds = set()
    for _ in range(count):
        next(stream)
        rounds.add(len(played(model)))
    stream.close()
    assert model.report is not None
    assert model.report.rounds == max(rounds)
    assert model.report.notes[-1:] == (
        f"round {max(rounds)} was not finished: GeneratorExit",
    )
