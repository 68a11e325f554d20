"""What each chunk of a stream costs, and whether that stays so in long streams."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from langchain_core.messages import HumanMessage

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import Call, Turn, ask_for_original
from headroom_langchain.testing.shapes import Shape
from headroom_langchain.testing.turns import Script

from .conversations import SMALL, Method, agent_history, call, records, scripted
from .table import Row
from .timing import Pair, compared

_CHUNKS = 10_000
_REPEATS = 2
_LENGTHS = (10_000, 30_000, 100_000)
_STEADY = 1.3
"""How much dearer a chunk of the longest stream may be for time to be linear."""


async def chunks() -> AsyncIterator[Row]:
    """Measure streams in which nothing is retrieved; aim: 10 µs for a chunk."""
    text = Turn(text="x" * _CHUNKS)
    write = Call(name="write_file", args='{"content":"' + "x" * _CHUNKS + '"}')
    shapes: tuple[tuple[str, Shape, Turn], ...] = (
        ("text, OpenAI", "openai", text),
        ("text, Anthropic", "anthropic", text),
        ("caller's tool call, OpenAI", "openai", Turn(tool_calls=(write,))),
        ("caller's tool call, Anthropic", "anthropic", Turn(tool_calls=(write,))),
    )
    methods: tuple[Method, ...] = ("stream", "astream")
    messages = [HumanMessage("Go on.")]
    for what, shape, turn in shapes:
        turns = [turn] * (len(methods) * _REPEATS)
        bare = scripted(turns, chunking=1, shape=shape)
        wrapped = HeadroomChatModel(scripted(turns, chunking=1, shape=shape))
        for method in methods:
            pair = await compared(
                partial(call, bare, method, messages),
                partial(call, wrapped, method, messages),
                repeats=_REPEATS,
                warm_up=0,
            )
            yield Row.of(f"{method}, {what}", pair, per=_CHUNKS, aim=10)


async def long_streams() -> AsyncIterator[Row]:
    """Measure whether time grows with the length of a stream, and no faster."""
    plain = {length: await _long_stream(length) for length in _LENGTHS}
    for row in _growth("stream", plain):
        yield row
    after = {length: await _long_round(length) for length in _LENGTHS}
    for row in _growth("astream, after a retrieval", after):
        yield row


async def _long_stream(length: int) -> Pair:
    turns = [Turn(text="x" * length)]
    messages = [HumanMessage("Go on.")]
    return await compared(
        partial(call, scripted(turns, chunking=1), "stream", messages),
        partial(
            call,
            HeadroomChatModel(scripted(turns, chunking=1)),
            "stream",
            messages,
        ),
        repeats=1,
        warm_up=0,
    )


async def _long_round(length: int) -> Pair:
    messages = agent_history([records(SMALL * 1000)])
    turns: Script = [ask_for_original(), Turn(text="x" * length)]
    return await compared(
        partial(call, scripted(turns[1:], chunking=1), "astream", messages),
        partial(
            call,
            HeadroomChatModel(scripted(turns, chunking=1)),
            "astream",
            messages,
        ),
        repeats=1,
        warm_up=0,
    )


def _growth(what: str, pairs: dict[int, Pair]) -> list[Row]:
    rows = [
        Row.of(f"{what}, {length:,} chunks", pair, per=length)
        for length, pair in pairs.items()
    ]
    least, most = rows[0], rows[-1]
    assert least.bare
    assert most.bare
    growth = Row(
        what=f"{what}, longest to shortest",
        bare=most.bare / least.bare,
        wrapped=most.wrapped / least.wrapped,
        unit="x",
        aim=_STEADY,
        absolute=True,
    )
    return [*rows, growth]
