"""Law: seamless. Whoever calls a wrapped model never sees a hidden call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk

from headroom_langchain import CompressionPolicy, HeadroomChatModel
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.ccr.rounds.joining import joined_content
from headroom_langchain.ccr.rounds.machine import NOTHING_SAID
from headroom_langchain.testing import Call, ScriptedChatModel, Turn

Shape = Literal["openai", "anthropic", "plain"]
SHAPES = get_args(Shape)

STOPS = {
    "openai": ("finish_reason", "stop", "tool_calls"),
    "anthropic": ("stop_reason", "end_turn", "tool_use"),
    "plain": ("finish_reason", "STOP", "STOP"),
}

texts = st.text(alphabet="ab \né漢", max_size=12)


def hidden_calls(number: int) -> st.SearchStrategy[Call]:
    """Calls of one round; the same miss in another one would end the asking."""
    arguments: Sequence[Any] = [
        {"hash": f"0123456789abcdef0123456{number}", "query": "disk"},
        f'{{"hash": "0123{number}',
        f"not json {number}",
        {"hash": f"no hash {number}"} if number else {},
    ]
    return st.builds(
        Call,
        name=st.just(RETRIEVE_TOOL_NAME),
        args=st.sampled_from(arguments),
        id=st.none(),
    )


own_calls = st.builds(
    Call,
    name=st.sampled_from(["search", "headroom", "headroom_retrieve_docs", "h"]),
    args=st.dictionaries(st.sampled_from(["q", "path"]), texts, max_size=2),
    id=st.none(),
)
cuts = st.one_of(
    st.sampled_from(["whole", 1, 3]), st.lists(st.integers(1, 40), max_size=6)
)


@dataclass(frozen=True)
class Play:
    """A script and what a caller should see of it."""

    turns: tuple[Turn, ...]

    @property
    def text(self) -> str:
        shown = str(joined_content([turn.text for turn in self.turns]))
        return shown if shown or self.calls else (NOTHING_SAID if self.hides else "")

    @property
    def thoughts(self) -> list[str]:
        return [turn.reasoning for turn in self.turns if turn.reasoning]

    @property
    def calls(self) -> list[tuple[str, Any]]:
        return [
            (call.name, call.args)
            for turn in self.turns
            for call in turn.tool_calls
            if call.name != RETRIEVE_TOOL_NAME
        ]

    @property
    def hides(self) -> bool:
        return any(
            call.name == RETRIEVE_TOOL_NAME
            for turn in self.turns
            for call in turn.tool_calls
        )


def usage(tokens: int) -> Any:
    return {"input_tokens": tokens, "output_tokens": 2, "total_tokens": tokens + 2}


@st.composite
def plays(draw: st.DrawFn) -> Play:
    """Up to three hidden rounds, then an answer, calls of the caller, or both kinds."""
    turns = [
        Turn(
            text=draw(texts),
            reasoning=draw(texts),
            tool_calls=tuple(
                draw(st.lists(hidden_calls(number), min_size=1, max_size=2))
            ),
            usage=usage(10 + number),
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    last = draw(st.lists(st.one_of(own_calls, hidden_calls(9)), max_size=3))
    if all(call.name == RETRIEVE_TOOL_NAME for call in last):
        last = []
    text = draw(texts) if last or turns else draw(texts.filter(bool))
    turns.append(
        Turn(
            text=text,
            reasoning=draw(texts),
            tool_calls=tuple(last),
            usage=usage(20),
        )
    )
    return Play(tuple(turns))


def wrapped(play: Play, shape: Shape, chunking: Any = "whole") -> HeadroomChatModel:
    inner = ScriptedChatModel(turns=play.turns, shape=shape, chunking=chunking)
    return HeadroomChatModel(inner, policy=CompressionPolicy(max_rounds=5))


def without_record(message: AIMessage) -> str:
    extra = {k: v for k, v in message.additional_kwargs.items() if k != "headroom"}
    bare = message.model_copy(update={"additional_kwargs": extra})
    return json.dumps(bare.model_dump())


def merged(chunks: Sequence[AIMessageChunk]) -> AIMessageChunk:
    total = chunks[0]
    for chunk in chunks[1:]:
        total = total + chunk
    return total


def thoughts(shape: Shape, message: AIMessage) -> list[str]:
    """What the model thought: blocks that stay apart, or one running text."""
    if shape != "anthropic":
        return [message.additional_kwargs.get("reasoning_content", "")]
    blocks: list[Any] = [b for b in message.content if isinstance(b, dict)]
    thinking = [block for block in blocks if block["type"] == "thinking"]
    assert {block["signature"] for block in thinking} <= {Turn().signature}
    return [block["thinking"] for block in thinking]


def assert_seamless(play: Play, shape: Shape, message: AIMessage) -> None:
    key, stop, called = STOPS[shape]
    assert RETRIEVE_TOOL_NAME + '"' not in without_record(message)
    assert message.text == play.text
    apart = shape == "anthropic"
    thought = play.thoughts if apart else ["".join(play.thoughts)]
    assert thoughts(shape, message) == thought
    assert [(c["name"], c["args"]) for c in message.tool_calls] == play.calls
    assert message.response_metadata[key] == (called if play.calls else stop)
    assert message.usage_metadata is not None
    assert message.usage_metadata["total_tokens"] == sum(
        turn.usage["total_tokens"] for turn in play.turns if turn.usage
    )
    assert ("headroom" in message.additional_kwargs) == play.hides


@pytest.mark.parametrize("shape", SHAPES)
@given(play=plays(), chunking=cuts)
@settings(deadline=None, max_examples=60)
def test_a_stream_shows_the_same_however_it_is_cut(
    shape: Shape, play: Play, chunking: Any
) -> None:
    """Text, calls, usage and stop reason do not depend on the provider's chunks."""
    chunks = list(wrapped(play, shape, chunking).stream("go"))
    for chunk in chunks:
        assert isinstance(chunk, AIMessageChunk)
        assert RETRIEVE_TOOL_NAME + '"' not in without_record(chunk)
    assert_seamless(play, shape, merged(chunks))
    assert [c.chunk_position for c in chunks].count("last") == 1
    if play.hides:
        assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.parametrize("shape", SHAPES)
@given(play=plays(), chunking=cuts)
@settings(deadline=None, max_examples=30)
def test_invoke_ainvoke_and_astream_agree_with_stream(
    shape: Shape, play: Play, chunking: Any
) -> None:
    """All four ways to call a wrapped model give the same answer."""

    async def both() -> tuple[AIMessage, AIMessage]:
        chunks = [c async for c in wrapped(play, shape, chunking).astream("go")]
        return await wrapped(play, shape).ainvoke("go"), merged(chunks)

    for message in (wrapped(play, shape).invoke("go"), *asyncio.run(both())):
        assert_seamless(play, shape, message)


@pytest.mark.parametrize("shape", SHAPES)
@given(play=plays(), chunking=cuts)
@settings(deadline=None, max_examples=30)
def test_an_answer_without_hidden_calls_passes_chunk_by_chunk(
    shape: Shape, play: Play, chunking: Any
) -> None:
    """With nothing to hide the wrapper's chunks are the inner model's own."""
    plain = Play((Turn(text=play.text or "x", reasoning="r", usage=usage(1)),))
    bare = ScriptedChatModel(turns=plain.turns, shape=shape, chunking=chunking)
    seen = list(wrapped(plain, shape, chunking).stream("go"))
    expected = list(bare.stream("go"))
    assert [c.model_copy(update={"id": ""}) for c in seen] == [
        c.model_copy(update={"id": ""}) for c in expected
    ]
