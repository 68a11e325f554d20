"""How long compressing takes that nobody has seen before."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import AsyncIterator
from statistics import median

from hostile import HOSTILE
from real_outputs import OUTPUTS

from headroom_langchain.compression.excerpt import NOTHING_ASKED
from headroom_langchain.compression.shorten import shorten
from headroom_langchain.tokens import estimate_tokens

from .table import Row

_SIZE = 400_000
_REPEATS = 5
_WORST = 8


async def new_outputs() -> AsyncIterator[Row]:
    """Measure outputs of all kinds, in ms per 1,000 estimated tokens; aim: 0.6."""
    figures: list[float] = []
    for what, make in OUTPUTS.items():
        text = make()
        took = median(_seconds(text) for _ in range(_REPEATS))
        figures.append(1000 * took / (estimate_tokens(text) / 1000))
        yield Row(what=what, bare=None, wrapped=figures[-1], absolute=True)
    middle = median(figures)
    yield Row(what="median", bare=None, wrapped=middle, aim=0.6, absolute=True)


async def hostile_texts() -> AsyncIterator[Row]:
    """Measure the slowest of the hostile texts, of 400 KB each; aim: 250 ms."""
    took = {what: _seconds(make(_SIZE)) for what, make in HOSTILE.items()}
    slowest = sorted(took, key=lambda what: -took[what])
    for what in slowest[:_WORST]:
        # Once more, since a machine hesitates now and then.
        seconds = min(took[what], _seconds(HOSTILE[what](_SIZE)))
        yield Row(what=what, bare=None, wrapped=1000 * seconds, aim=250, absolute=True)


async def memory() -> AsyncIterator[Row]:
    """Measure the most memory that 400 KB take, as a multiple of the text; aim: 6."""
    for what, make in OUTPUTS.items():
        text = _grown(make())
        tracemalloc.start()
        shorten(text, interest=NOTHING_ASKED)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        times = peak / len(text.encode())
        yield Row(what=what, bare=None, wrapped=times, unit="x", aim=6, absolute=True)


def _grown(text: str) -> str:
    """Repeat a text up to 400 KB; JSON as lines of it."""
    if text[:1] in "[{":
        text = text.replace("\n", " ")
    return "\n".join([text] * max(1, _SIZE // len(text)))


def _seconds(text: str) -> float:
    start = time.perf_counter()
    shorten(text, interest=NOTHING_ASKED)
    return time.perf_counter() - start
