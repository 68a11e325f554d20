"""Every kind of store, opened as a law wants it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
)
from typing import Any, Final, TypeVar

import backends
import pytest

from headroom_langchain.ccr.store.at_rest import AtRest
from headroom_langchain.ccr.store.base import CCRStore
from headroom_langchain.ccr.store.elsewhere.byte_store import ByteStoreCCRStore
from headroom_langchain.ccr.store.elsewhere.langgraph_store import LangGraphCCRStore
from headroom_langchain.ccr.store.memory import DEFAULT_MAX_BYTES, InMemoryCCRStore
from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore
from headroom_langchain.testing.store_laws import (
    Capability,
    Face,
    Handle,
    StoreUnderTest,
    Wanted,
    opened,
)

T = TypeVar("T")

_ALL: Final = frozenset(Capability)
_ALONE: Final = _ALL - {Capability.SHARING, Capability.PROCESSES}
_ELSEWHERE: Final = frozenset({Capability.EVICTION, Capability.FIGURES})
"""What other people's stores cannot do."""


def memory(wanted: Wanted) -> CCRStore:
    """Open a store in memory."""
    limit = DEFAULT_MAX_BYTES if wanted.max_bytes is None else wanted.max_bytes
    return InMemoryCCRStore(
        ttl=wanted.ttl, max_bytes=limit, clock=wanted.clock, keep_figures=True
    )


def sqlite(wanted: Wanted) -> CCRStore:
    """Open a store in a file."""
    return SqliteCCRStore(
        wanted.folder / "originals.db",
        ttl=wanted.ttl,
        max_bytes=wanted.max_bytes,
        timeout=30,
        clock=wanted.clock,
    )


class Reversing:
    """A cipher that anybody can break."""

    def encrypt(self, data: bytes, /) -> bytes:
        return data[::-1]

    def decrypt(self, token: bytes, /) -> bytes:
        return token[::-1]


SEALED: Final = AtRest(compress=True, cipher=Reversing())


def sqlite_sealed(wanted: Wanted) -> CCRStore:
    """Open a store in a file whose contents are compressed and encrypted."""
    return SqliteCCRStore(
        wanted.folder / "originals.db",
        ttl=wanted.ttl,
        max_bytes=wanted.max_bytes,
        at_rest=SEALED,
        clock=wanted.clock,
    )


@contextmanager
def langgraph_memory(wanted: Wanted) -> Iterator[CCRStore]:
    """Open a store over LangGraph's in memory."""
    with backends.memory(wanted.folder) as store:
        yield LangGraphCCRStore(store, ttl=wanted.ttl, clock=wanted.clock)


@contextmanager
def langgraph_sqlite(wanted: Wanted) -> Iterator[CCRStore]:
    """Open a store over LangGraph's in a SQLite file."""
    with backends.sqlite(wanted.folder) as store:
        yield LangGraphCCRStore(store, ttl=wanted.ttl, clock=wanted.clock)


@asynccontextmanager
async def langgraph_async_sqlite(wanted: Wanted) -> AsyncIterator[CCRStore]:
    """Open a store over LangGraph's in a SQLite file, on the event loop."""
    async with backends.async_sqlite(wanted.folder) as store:
        yield LangGraphCCRStore(store, ttl=wanted.ttl, clock=wanted.clock)


@contextmanager
def langgraph_postgres(wanted: Wanted) -> Iterator[CCRStore]:
    """Open a store over LangGraph's in PostgreSQL."""
    with backends.postgres(wanted.folder) as store:
        yield LangGraphCCRStore(store, ttl=wanted.ttl, clock=wanted.clock)


@asynccontextmanager
async def langgraph_async_postgres(wanted: Wanted) -> AsyncIterator[CCRStore]:
    """Open a store over LangGraph's in PostgreSQL, on the event loop."""
    async with backends.async_postgres(wanted.folder) as store:
        yield LangGraphCCRStore(store, ttl=wanted.ttl, clock=wanted.clock)


@contextmanager
def bytes_memory(wanted: Wanted) -> Iterator[CCRStore]:
    """Open a store over one of bytes in memory."""
    with backends.bytes_in_memory(wanted.folder) as store:
        yield ByteStoreCCRStore(store, ttl=wanted.ttl, clock=wanted.clock)


@contextmanager
def bytes_sealed(wanted: Wanted) -> Iterator[CCRStore]:
    """Open a store over one of bytes whose contents are compressed and encrypted."""
    with backends.bytes_in_memory(wanted.folder) as store:
        yield ByteStoreCCRStore(
            store, ttl=wanted.ttl, at_rest=SEALED, clock=wanted.clock
        )


@contextmanager
def bytes_files(wanted: Wanted) -> Iterator[CCRStore]:
    """Open a store over one of bytes in files."""
    with backends.bytes_in_files(wanted.folder) as store:
        yield ByteStoreCCRStore(store, ttl=wanted.ttl, clock=wanted.clock)


SUBJECTS: Final = (
    StoreUnderTest(open=memory, supports=_ALONE),
    StoreUnderTest(open=sqlite, supports=_ALL),
    StoreUnderTest(open=sqlite_sealed, supports=_ALL - {Capability.PROCESSES}),
    StoreUnderTest(open=langgraph_memory, supports=_ALONE - _ELSEWHERE),
    StoreUnderTest(open=langgraph_sqlite, supports=_ALL - _ELSEWHERE),
    StoreUnderTest(open=langgraph_async_sqlite, supports=_ALL - _ELSEWHERE),
    StoreUnderTest(open=langgraph_postgres, supports=_ALL - _ELSEWHERE),
    StoreUnderTest(open=langgraph_async_postgres, supports=_ALL - _ELSEWHERE),
    StoreUnderTest(open=bytes_memory, supports=_ALONE - _ELSEWHERE),
    StoreUnderTest(open=bytes_sealed, supports=_ALONE - _ELSEWHERE),
    StoreUnderTest(open=bytes_files, supports=_ALL - _ELSEWHERE),
)
"""Every kind of store, and what it can do."""


def needed(subject: StoreUnderTest) -> Any:
    """Return the marks of a test of this store: PostgreSQL needs a server."""
    return backends.needs_postgres if "postgres" in str(subject) else ()


each_store: Final = pytest.mark.parametrize(
    "subject",
    [pytest.param(one, marks=needed(one), id=str(one)) for one in SUBJECTS],
)
"""Run a test for every kind of store."""


class Spoken:
    """An open store, for a test that is no coroutine."""

    def __init__(self, handle: Handle, loop: asyncio.Runner) -> None:
        self.handle = handle
        self._loop = loop

    def run(self, said: Coroutine[Any, Any, T]) -> T:
        """Return what the store answers."""
        return self._loop.run(said)


@contextmanager
def spoken(
    subject: StoreUnderTest, wanted: Wanted, face: Face = Face.SYNC
) -> Iterator[Spoken]:
    """Open a store, on an event loop that runs when something is said to it."""
    manager = opened(subject.open, wanted, face)
    with asyncio.Runner() as loop:
        handle = loop.run(_entered(manager))
        try:
            yield Spoken(handle, loop)
        finally:
            loop.run(_left(manager))


async def _entered(manager: AbstractAsyncContextManager[Handle]) -> Handle:
    return await manager.__aenter__()


async def _left(manager: AbstractAsyncContextManager[Handle]) -> None:
    await manager.__aexit__(None, None, None)
