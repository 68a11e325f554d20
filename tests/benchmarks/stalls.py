"""How long other tasks wait while a large tool result is worked on."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from statistics import median

from headroom_langchain import HeadroomChatModel
from headroom_langchain.ccr.retrieval.reading import INDEXES
from headroom_langchain.testing import ask_for_original
from headroom_langchain.testing.turns import TurnLike

from .conversations import agent_history, call, log, nested, prose, records, scripted
from .table import Row
from .timing import Work

_SIZE = 400_000
_TICK = 0.001
_REPEATS = 5

_TEXTS = {
    "JSON records, indented": records(_SIZE, indent=2),
    "JSON records, one line": records(_SIZE),
    "nested JSON, one line": nested(_SIZE),
    "a log": log(_SIZE),
    "prose": prose(_SIZE),
    "one letter": "x" * _SIZE,
}


async def stalls() -> AsyncIterator[Row]:
    """Measure the longest wait of a task that wants to run every ms; aim: 20 ms."""
    for what, text in _TEXTS.items():
        yield await _compressing(what, text)
    for what, text in _TEXTS.items():
        yield await _retrieving(what, text)


async def _compressing(what: str, text: str) -> Row:
    messages = agent_history([text])
    bare = scripted(["Fine."] * _REPEATS)
    # Another one each time: a model knows what it has shortened before.
    wrapped = [HeadroomChatModel(scripted(["Fine."])) for _ in range(_REPEATS)]
    waits = [
        (
            await _longest_wait(partial(call, bare, "ainvoke", messages)),
            await _longest_wait(partial(call, model, "ainvoke", messages)),
        )
        for model in wrapped
    ]
    return _row(f"compress: {what}", waits)


async def _retrieving(what: str, text: str) -> Row:
    messages = agent_history([text])
    bare = scripted(["Fine."] * _REPEATS)
    ask = ask_for_original("card refused after a timeout")
    turns: list[TurnLike] = ["Fine.", ask, "Fine."]
    waits: list[tuple[float, float]] = []
    for _ in range(_REPEATS):
        # Anew each time: what was read before is remembered.
        INDEXES.forget()
        wrapped = HeadroomChatModel(scripted(turns))
        await call(wrapped, "ainvoke", messages)
        waits.append(
            (
                await _longest_wait(partial(call, bare, "ainvoke", messages)),
                await _longest_wait(partial(call, wrapped, "ainvoke", messages)),
            )
        )
    return _row(f"retrieve: {what}", waits)


def _row(what: str, waits: list[tuple[float, float]]) -> Row:
    return Row(
        what=what,
        bare=1e3 * median(bare for bare, _ in waits),
        wrapped=1e3 * median(wrapped for _, wrapped in waits),
        aim=20,
        absolute=True,
    )


async def _longest_wait(work: Work) -> float:
    """Return how many seconds a task waited beyond what it asked for, at worst."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            start = time.perf_counter()
            await asyncio.sleep(_TICK)
            longest = max(longest, time.perf_counter() - start - _TICK)

    gc.collect()
    ticker = asyncio.create_task(tick())
    # It must be waiting for its first tick when the work begins.
    await asyncio.sleep(2 * _TICK)
    await work()
    await asyncio.sleep(2 * _TICK)
    ticker.cancel()
    with suppress(asyncio.CancelledError):
        await ticker
    return longest
