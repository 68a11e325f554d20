"""Works that are done in threads, and do not keep the process alive."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

from headroom_langchain.testing.store_laws.law import expect

_P = ParamSpec("_P")
_T = TypeVar("_T")

_SWITCH_SECONDS: Final = 1e-6
"""How often threads take turns: what is not behind a lock is then interrupted."""


class Daemons(ThreadPoolExecutor):
    """Does each work in a thread of its own, and waits for none of them at its end.

    The threads of its parent are waited for when an event loop is closed: one store
    that never returns would keep the report from whoever waits for it.
    """

    def submit(
        self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Future[_T]:
        """Begin a work."""
        future: Future[_T] = Future()

        def do() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                future.set_exception(error)

        threading.Thread(target=do, daemon=True).start()
        return future


async def at_once(works: Iterable[Callable[[], object]], *, seconds: float) -> None:
    """Do works in threads that begin together, while the event loop runs on.

    Args:
        works: What is done, in a thread each.
        seconds: How long all of them may take.

    Raises:
        AssertionError: Some have not come to their end in time.
        BaseException: What the first work that failed raised.
    """
    await asyncio.to_thread(_do, list(works), seconds)


def _do(works: list[Callable[[], object]], seconds: float) -> None:
    gate = threading.Barrier(len(works))
    failures: list[BaseException] = []

    def do(work: Callable[[], object]) -> None:
        try:
            gate.wait(seconds)
            work()
        except BaseException as error:  # noqa: BLE001 - raised below
            failures.append(error)

    # Daemons, since a store that never returns must not keep the process alive.
    threads = [threading.Thread(target=do, args=(work,), daemon=True) for work in works]
    with _taking_turns_often():
        for thread in threads:
            thread.start()
        end = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
    if failures:
        raise failures[0]
    waiting = sum(thread.is_alive() for thread in threads)
    expect(not waiting, f"{waiting} threads still wait after {seconds:g} seconds")


@contextmanager
def _taking_turns_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
