"""Two ways to do the same work, timed in turns."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

Work: TypeAlias = Callable[[], Awaitable[object]]
"""What is timed; synchronous work is awaited too, which costs both sides the same."""

Clock: TypeAlias = Callable[[Work], Awaitable[float]]
"""Does a work and returns how many seconds of it count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Median seconds of the bare model and of the wrapped one."""

    bare: float
    wrapped: float


async def seconds(work: Work) -> float:
    """Do the work once and return how long it took."""
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start


async def seconds_to_first(work: Work) -> float:
    """Do a work that returns when its first result came, and return how long that took.

    The moment is one of `time.perf_counter()`.
    """
    start = time.perf_counter()
    came = await work()
    assert isinstance(came, float)
    return came - start


async def compared(
    bare: Work,
    wrapped: Work,
    *,
    repeats: int,
    warm_up: int = 1,
    clock: Clock = seconds,
) -> Pair:
    """Time two works in turns, so that both meet the same machine.

    The collector of cyclic garbage is off meanwhile, as `timeit` has it: what it
    costs depends on all that lives in the process, and it strikes either side.

    Args:
        bare: The work without this package.
        wrapped: The same work with it.
        repeats: How often each is timed.
        warm_up: How often each is done before.
        clock: What of a work counts; all of it by default.
    """
    for _ in range(warm_up):
        await bare()
        await wrapped()
    with _no_collections():
        times = [(await clock(bare), await clock(wrapped)) for _ in range(repeats)]
    return Pair(
        bare=median(time for time, _ in times),
        wrapped=median(time for _, time in times),
    )


@contextmanager
def _no_collections() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
