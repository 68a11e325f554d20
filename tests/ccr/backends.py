"""Other people's stores, opened over the data that a folder stands for.

Opened for the same folder they share what they hold, also from other processes; those
in memory hold their data as long as they are open.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from pathlib import Path
from typing import Final, TypeAlias

import psycopg
import pytest
from langchain_core.stores import BaseStore as KeyValueStore
from langchain_core.stores import InMemoryByteStore
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore
from langgraph.store.postgres import AsyncPostgresStore, PostgresStore
from langgraph.store.sqlite import AsyncSqliteStore, SqliteStore
from psycopg.conninfo import make_conninfo

POSTGRES: Final = "HEADROOM_TEST_POSTGRES"
"""The variable that names a PostgreSQL server, as a URL."""

needs_postgres: Final = pytest.mark.skipif(
    POSTGRES not in os.environ,
    reason=f"no PostgreSQL: export {POSTGRES}=$(.ci/postgres start /tmp/headroom-pg)",
)

OpenSync: TypeAlias = Callable[[Path], AbstractContextManager[BaseStore]]
OpenAsync: TypeAlias = Callable[[Path], AbstractAsyncContextManager[BaseStore]]
ByteStore: TypeAlias = KeyValueStore[str, bytes]
OpenBytes: TypeAlias = Callable[[Path], AbstractContextManager[ByteStore]]


@contextmanager
def memory(folder: Path) -> Iterator[InMemoryStore]:
    """Open a LangGraph store in memory."""
    yield InMemoryStore()


@contextmanager
def sqlite(folder: Path) -> Iterator[SqliteStore]:
    """Open a LangGraph store in a SQLite file."""
    with SqliteStore.from_conn_string(str(folder / "store.db")) as store:
        store.setup()
        yield store


@asynccontextmanager
async def async_sqlite(folder: Path) -> AsyncIterator[AsyncSqliteStore]:
    """Open a LangGraph store in a SQLite file, on the event loop."""
    path = str(folder / "store.db")
    async with AsyncSqliteStore.from_conn_string(path) as store:
        await store.setup()
        yield store


@contextmanager
def postgres(folder: Path) -> Iterator[PostgresStore]:
    """Open a LangGraph store in a PostgreSQL schema."""
    with PostgresStore.from_conn_string(_schema(folder)) as store:
        store.setup()
        yield store


@asynccontextmanager
async def async_postgres(folder: Path) -> AsyncIterator[AsyncPostgresStore]:
    """Open a LangGraph store in a PostgreSQL schema, on the event loop."""
    async with AsyncPostgresStore.from_conn_string(_schema(folder)) as store:
        await store.setup()
        yield store


@contextmanager
def bytes_in_memory(folder: Path) -> Iterator[ByteStore]:
    """Open a store of bytes in memory."""
    yield InMemoryByteStore()


@contextmanager
def bytes_in_files(folder: Path) -> Iterator[ByteStore]:
    """Open a store of bytes in files."""
    yield FileByteStore(folder / "bytes")


SYNC_BACKENDS: Final[dict[str, OpenSync]] = {
    "memory": memory,
    "sqlite": sqlite,
    "postgres": postgres,
}
"""LangGraph stores that are used without `await`."""

ASYNC_BACKENDS: Final[dict[str, OpenAsync]] = {
    "async_sqlite": async_sqlite,
    "async_postgres": async_postgres,
}
"""LangGraph stores that live on the event loop in which they are opened."""

BYTE_BACKENDS: Final[dict[str, OpenBytes]] = {
    "bytes_in_memory": bytes_in_memory,
    "bytes_in_files": bytes_in_files,
}
"""Stores of bytes as `langchain_core` has them."""


LANGGRAPH_BACKENDS: Final = [
    pytest.param(name, marks=needs_postgres if "postgres" in name else ())
    for name in (*SYNC_BACKENDS, *ASYNC_BACKENDS)
]
"""The names of all LangGraph stores, to parametrise with."""


@asynccontextmanager
async def opened(name: str, folder: Path) -> AsyncIterator[BaseStore]:
    """Open a LangGraph store of either kind."""
    if name in SYNC_BACKENDS:
        with SYNC_BACKENDS[name](folder) as store:
            yield store
    else:
        async with ASYNC_BACKENDS[name](folder) as made:
            yield made


class FileByteStore(KeyValueStore[str, bytes]):
    """One file for each key, which may have the characters `LocalFileStore` takes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        return [self._content(self._file(key)) for key in keys]

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        for key, value in key_value_pairs:
            file = self._file(key)
            file.parent.mkdir(parents=True, exist_ok=True)
            # Nobody reads half of a file.
            part = self._root.with_name(f"{secrets.token_hex(8)}.part")
            part.write_bytes(value)
            part.replace(file)

    def mdelete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._file(key).unlink(missing_ok=True)

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        for file in self._file(prefix or "").rglob("*"):
            if file.is_file():
                yield file.relative_to(self._root).as_posix()

    def _content(self, file: Path) -> bytes | None:
        try:
            return file.read_bytes()
        except FileNotFoundError:
            return None

    def _file(self, key: str) -> Path:
        assert re.fullmatch(r"[a-zA-Z0-9_.\-/]*", key), key
        return self._root / key


def _schema(folder: Path) -> str:
    """Return how to connect to the schema of a folder; it is made the first time."""
    name = folder / "schema"
    server = os.environ[POSTGRES]
    if not name.exists():
        name.write_text(f"t{secrets.token_hex(8)}", "ascii")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name.read_text('ascii')}".encode())
    return make_conninfo(server, options=f"-c search_path={name.read_text('ascii')}")
