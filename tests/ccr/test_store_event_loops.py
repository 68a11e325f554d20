"""Sync and async stores serve sync and async callers, and nobody waits for himself."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from backends import async_sqlite, sqlite
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore
from langgraph.store.sqlite import AsyncSqliteStore, SqliteStore

from headroom_langchain import LangGraphCCRStore, Original
from headroom_langchain.ccr.store.elsewhere.round_trips import RoundTrips
from headroom_langchain.errors import StoreError

ORIGINAL = Original.of("text")


async def test_a_sync_store_serves_await(tmp_path: Path) -> None:
    """What a store cannot do async is done in a thread, and the loop goes on."""
    with sqlite(tmp_path) as backend:
        store = LangGraphCCRStore(backend)
        await asyncio.gather(*(store.aput(ORIGINAL) for _ in range(20)))
        assert await store.aget(ORIGINAL.key) == ORIGINAL
        assert store.get(ORIGINAL.key) == ORIGINAL


async def test_an_async_store_serves_other_threads(tmp_path: Path) -> None:
    """A sync call from a worker thread is done by the event loop of the store."""
    async with async_sqlite(tmp_path) as backend:
        store = LangGraphCCRStore(backend)
        await asyncio.to_thread(store.put, ORIGINAL)
        assert await asyncio.to_thread(store.get, ORIGINAL.key) == ORIGINAL


async def test_an_async_store_serves_other_loops(tmp_path: Path) -> None:
    """An async call in another event loop is done by that of the store."""
    async with async_sqlite(tmp_path) as backend:
        store = LangGraphCCRStore(backend)

        async def elsewhere() -> Original | None:
            await store.aput(ORIGINAL)
            return await store.aget(ORIGINAL.key)

        assert await asyncio.to_thread(asyncio.run, elsewhere()) == ORIGINAL


async def test_a_sync_call_in_the_loop_of_the_store_says_what_to_do(
    tmp_path: Path,
) -> None:
    """It raises at once instead of waiting for the loop that it holds up."""
    async with async_sqlite(tmp_path) as backend:
        store = LangGraphCCRStore(backend)
        for call in (lambda: store.put(ORIGINAL), lambda: store.get(ORIGINAL.key)):
            with pytest.raises(StoreError, match="ainvoke"):
                call()


async def test_a_blocked_loop_is_given_up(tmp_path: Path) -> None:
    """A thread that the loop itself waits for does not wait for the loop for ever."""
    async with async_sqlite(tmp_path) as backend:
        trips = RoundTrips(backend, patience=0.05)
        heard: list[str] = []

        def ask() -> None:
            try:
                trips.do([])
            except StoreError as error:
                heard.append(str(error))

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join(20)
        assert "did nothing for 0.05 seconds" in heard[0]


def test_a_loop_that_ended_says_what_to_do(tmp_path: Path) -> None:
    """A store whose event loop is over fails, with `await` and without."""

    async def made() -> BaseStore:
        async with async_sqlite(tmp_path) as backend:
            return backend

    store = LangGraphCCRStore(asyncio.run(made()))
    with pytest.raises(StoreError, match="does not run any more"):
        store.get(ORIGINAL.key)
    with pytest.raises(StoreError, match="does not run any more"):
        asyncio.run(store.aget(ORIGINAL.key))


class Broken(InMemoryStore):
    """A store that fails, as one does whose server is gone."""

    def batch(self, ops: Iterable[Any]) -> list[Any]:
        msg = "the server is gone"
        raise ConnectionError(msg)

    async def abatch(self, ops: Iterable[Any]) -> list[Any]:
        return self.batch(ops)


async def test_what_a_backend_raises_is_a_store_error() -> None:
    """The error names the store, what it said and what to check, and has its cause."""
    store = LangGraphCCRStore(Broken())
    said = (
        r"Broken failed \(ConnectionError: the server is gone\): check that it is open"
    )
    for call in (
        lambda: store.aget(ORIGINAL.key),
        lambda: store.aput(ORIGINAL),
        lambda: asyncio.to_thread(store.get, ORIGINAL.key),
        store.asweep,
    ):
        with pytest.raises(StoreError, match=said) as caught:
            await call()
        assert isinstance(caught.value.__cause__, ConnectionError)


def test_a_closed_connection_is_a_store_error() -> None:
    """A store that was closed fails with what to check."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    store = LangGraphCCRStore(SqliteStore(connection))
    store.put(ORIGINAL)
    connection.close()
    for call in (lambda: store.put(ORIGINAL), lambda: list(store.entries())):
        with pytest.raises(StoreError, match="check that it is open") as caught:
            call()
        assert isinstance(caught.value.__cause__, sqlite3.Error)


async def test_ttl_reaches_the_sweeper_of_the_store(tmp_path: Path) -> None:
    """Stores that expire items are told when, in whole minutes and not too early."""
    async with async_sqlite(tmp_path) as backend:
        await LangGraphCCRStore(backend, ttl=61).aput(ORIGINAL)
        assert await _minutes(backend) == {2}
        await LangGraphCCRStore(backend, prefix=("kept",)).aput(ORIGINAL)
        assert await _minutes(backend) == {2, None}


async def _minutes(backend: AsyncSqliteStore) -> set[int | None]:
    async with backend.conn.execute("SELECT ttl_minutes FROM store") as rows:
        return {minutes async for (minutes,) in rows}
