"""One way to speak to both halves of a store: with and without `await`.

Laws are written once, as coroutines. The methods without `await` are called in a
worker thread, as LangChain calls them from async code: a store that lives on the event
loop can then answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
)
from enum import StrEnum
from pathlib import Path

from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, Original
from headroom_langchain.ccr.store.figures import Figures, Line, Topic
from headroom_langchain.ccr.store.inventory import Entry, StoreStats
from headroom_langchain.testing.store_laws.subject import OpenStore, Wanted


class Face(StrEnum):
    """Which methods of a store are called."""

    SYNC = "sync"
    """`put_many`, `get_many` and their kind, in a worker thread."""
    ASYNC = "async"
    """`aput_many`, `aget_many` and their kind, on the event loop."""


class Handle:
    """A store, spoken to through one of its faces."""

    def __init__(self, store: CCRStore, face: Face) -> None:
        """Speak to the store through the face."""
        self.store = store
        self._async = face is Face.ASYNC

    async def put_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """See `CCRStore.put_many`."""
        if self._async:
            await self.store.aput_many(originals, namespace=namespace)
        else:
            await asyncio.to_thread(self.store.put_many, originals, namespace=namespace)

    async def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        """See `CCRStore.get_many`."""
        if self._async:
            return await self.store.aget_many(keys, namespace=namespace)
        return await asyncio.to_thread(self.store.get_many, keys, namespace=namespace)

    async def put(
        self, original: Original, *, namespace: str = DEFAULT_NAMESPACE
    ) -> str:
        """See `CCRStore.put`."""
        if self._async:
            return await self.store.aput(original, namespace=namespace)
        return await asyncio.to_thread(self.store.put, original, namespace=namespace)

    async def get(
        self, key: str, *, namespace: str = DEFAULT_NAMESPACE
    ) -> Original | None:
        """See `CCRStore.get`."""
        if self._async:
            return await self.store.aget(key, namespace=namespace)
        return await asyncio.to_thread(self.store.get, key, namespace=namespace)

    async def stats(self, *, namespace: str | None = None) -> StoreStats:
        """See `CCRStore.stats`."""
        if self._async:
            return await self.store.astats(namespace=namespace)
        return await asyncio.to_thread(self.store.stats, namespace=namespace)

    async def sweep(
        self, *, namespace: str | None = None, max_bytes: int | None = None
    ) -> int:
        """See `CCRStore.sweep`."""
        if self._async:
            return await self.store.asweep(namespace=namespace, max_bytes=max_bytes)
        return await asyncio.to_thread(
            self.store.sweep, namespace=namespace, max_bytes=max_bytes
        )

    async def entries(self, *, namespace: str | None = None) -> list[Entry]:
        """Return what `CCRStore.entries` yields."""
        return await asyncio.to_thread(
            lambda: list(self.store.entries(namespace=namespace))
        )

    async def delete_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """See `CCRStore.delete_many`."""
        await asyncio.to_thread(self.store.delete_many, keys, namespace=namespace)

    async def add_figures(
        self,
        figures: Mapping[Topic, Figures],
        *,
        namespace: str = DEFAULT_NAMESPACE,
    ) -> None:
        """See `CCRStore.add_figures`."""
        if self._async:
            await self.store.aadd_figures(figures, namespace=namespace)
        else:
            await asyncio.to_thread(
                self.store.add_figures, figures, namespace=namespace
            )

    async def figures(self, *, namespace: str | None = None) -> tuple[Line, ...]:
        """See `CCRStore.figures`."""
        return await asyncio.to_thread(self.store.figures, namespace=namespace)

    async def export_to(self, path: Path, *, namespace: str | None = None) -> int:
        """See `CCRStore.export_to`."""
        return await asyncio.to_thread(self.store.export_to, path, namespace=namespace)

    async def import_from(self, path: Path) -> int:
        """See `CCRStore.import_from`."""
        return await asyncio.to_thread(self.store.import_from, path)


@asynccontextmanager
async def opened(
    open_store: OpenStore, wanted: Wanted, face: Face
) -> AsyncIterator[Handle]:
    """Open the store that is wanted, and close it at the end.

    Raises:
        TypeError: `open_store` returned nothing that can be opened.
    """
    manager = open_store(wanted)
    if isinstance(manager, AbstractAsyncContextManager):
        async with manager as store:
            yield Handle(store, face)
    elif isinstance(manager, AbstractContextManager):
        with manager as store:
            yield Handle(store, face)
    else:
        msg = (
            f"`open` returned {manager!r}: return a CCRStore, or a context manager "
            "that gives one, sync or async"
        )
        raise TypeError(msg)
