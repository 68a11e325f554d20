"""Law: immediate. Text goes out as it arrives, and nothing is fetched ahead."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import Call, ScriptedChatModel, Turn

ASK = Turn(
    text="one two three",
    tool_calls=(Call(name="headroom_retrieve", args={"hash": "0" * 24}),),
)
ANSWER = Turn(text="four five six seven eight")


def model(*turns: Turn, suspends: bool = True) -> ScriptedChatModel:
    return ScriptedChatModel(turns=turns, chunking=4, suspends=suspends)


def test_the_first_text_is_out_before_the_second_is_pulled() -> None:
    """A synchronous caller holds the first text while the model waits."""
    inner = model(ANSWER)
    stream = HeadroomChatModel(inner).stream("go")
    for seen, chunk in enumerate(stream, start=1):
        if chunk.text:
            assert inner.pulled == seen
            break


async def test_the_first_text_is_out_before_the_second_is_pulled_async() -> None:
    """An asynchronous caller holds the first text while the model waits."""
    inner = model(ANSWER)
    seen = 0
    async for chunk in HeadroomChatModel(inner).astream("go"):
        seen += 1
        if chunk.text:
            assert inner.pulled == seen
            break


def test_a_slow_caller_lets_the_model_wait() -> None:
    """Nothing is pulled beyond what the caller has, before and after a retrieval."""
    inner = model(ASK, ANSWER)
    pulled = [inner.pulled for chunk in HeadroomChatModel(inner).stream("go")]
    steps = [after - before for before, after in pairwise(pulled)]
    # The hidden call's own chunks are pulled without anything to show for them.
    assert sum(step > 1 for step in steps) == 1


@pytest.mark.parametrize("suspends", [True, False])
async def test_a_slow_caller_lets_the_model_wait_async(*, suspends: bool) -> None:
    """After a retrieval at most one chunk is pulled ahead of the caller."""
    inner = model(ASK, ANSWER, suspends=suspends)
    shown: list[str] = []
    async for chunk in HeadroomChatModel(inner).astream("go"):
        shown.append(chunk.text)
        if len(inner.streams) > 1 and chunk.text:
            # The model opens a stream with an empty chunk; the rest is text.
            said = "".join(shown).split("\n\n")[1]
            chunks_shown = -(-len(said) // 4)
            assert inner.streams[1].pulled - 1 <= chunks_shown + 1


@pytest.mark.parametrize("during", [0, 1])
def test_closing_early_closes_the_model(during: int) -> None:
    """A caller that leaves, in whichever round, closes the model's stream."""
    inner = model(ASK, ANSWER)
    stream: Any = HeadroomChatModel(inner).stream("go")
    for chunk in stream:
        if chunk.text and len(inner.streams) == during + 1:
            break
    stream.close()
    assert inner.streams[during].closed


@pytest.mark.parametrize("during", [0, 1])
async def test_closing_early_closes_the_model_async(during: int) -> None:
    """A caller that leaves finds the model's stream closed when it goes on."""
    inner = model(ASK, ANSWER)
    stream: Any = HeadroomChatModel(inner).astream("go")
    async for chunk in stream:
        if chunk.text and len(inner.streams) == during + 1:
            break
    await stream.aclose()
    assert inner.streams[during].closed
