"""One batch of operations on a LangGraph store, from wherever the caller runs.

Some of these stores are sync only, others belong to one event loop. Whoever calls,
a batch is done, or it fails with what to do about it; it never waits for itself.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any, Final, Protocol

from headroom_langchain.ccr.store.elsewhere.backend_errors import backend_errors
from headroom_langchain.errors import StoreError

_PATIENCE: Final = 10.0


class Batching(Protocol):
    """What all LangGraph stores do."""

    def batch(self, ops: Any, /) -> list[Any]:
        """Do operations; one result for each."""
        ...

    async def abatch(self, ops: Any, /) -> list[Any]:
        """Do operations; one result for each."""
        ...


class RoundTrips:
    """Does batches on one store, and tells every failure as a `StoreError`."""

    def __init__(self, store: Batching, *, patience: float = _PATIENCE) -> None:
        """Use a store.

        Args:
            store: The store.
            patience: Seconds after which the event loop of an async store counts as
                blocked when another thread needs it.
        """
        self._store = store
        self._patience = patience
        self._sync_only = False

    def do(self, ops: Sequence[object]) -> list[Any]:
        """Do operations and wait for them.

        Raises:
            StoreError: The store failed, or it belongs to the event loop that this
                very call holds up.
        """
        home = self._home()
        with backend_errors(self._store):
            if home is None:
                return self._store.batch(ops)
            return self._do_at_home(ops, home)

    async def ado(self, ops: Sequence[object]) -> list[Any]:
        """Do operations, in a worker thread where the store is sync only.

        Raises:
            StoreError: The store failed.
        """
        home = self._home()
        with backend_errors(self._store):
            if home not in {None, asyncio.get_running_loop()}:
                return await asyncio.to_thread(self._do_at_home, ops, home)
            if not self._sync_only:
                try:
                    return await self._store.abatch(ops)
                except NotImplementedError:
                    self._sync_only = True
            return await asyncio.to_thread(self._store.batch, ops)

    def _home(self) -> asyncio.AbstractEventLoop | None:
        """Return the event loop of an `AsyncBatchedBaseStore`; others have none."""
        loop = getattr(self._store, "_loop", None)
        return loop if isinstance(loop, asyncio.AbstractEventLoop) else None

    def _do_at_home(
        self, ops: Sequence[object], home: asyncio.AbstractEventLoop
    ) -> list[Any]:
        """Do operations in the event loop of the store, from another thread."""
        name = type(self._store).__name__
        if home is _running_loop():
            msg = (
                f"a sync call would block the event loop that {name} needs to answer: "
                "use the async call (`ainvoke`, `astream`), or a sync store"
            )
            raise StoreError(msg)
        if not home.is_running():
            msg = (
                f"the event loop in which {name} was made does not run any more: make "
                "it in the loop that uses it, or use a sync store"
            )
            raise StoreError(msg)
        begun = threading.Event()

        async def call() -> list[Any]:
            begun.set()
            return await self._store.abatch(ops)

        answer = asyncio.run_coroutine_threadsafe(call(), home)
        if not begun.wait(self._patience):
            answer.cancel()
            msg = (
                f"the event loop of {name} did nothing for {self._patience:g} seconds, "
                "as when a sync call such as `invoke` runs in it: use `ainvoke`, or a "
                "sync store"
            )
            raise StoreError(msg)
        return answer.result()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
