"""What it takes to put an original into a store and to get it, beside doing it plainly.

The plain side keeps the same texts in the same place: a dict, a table of SQLite, the
LangGraph store itself. It hashes nothing, checks nothing and forgets nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, TypeAlias

from langchain_core.stores import InMemoryByteStore

from headroom_langchain import (
    ByteStoreCCRStore,
    CCRStore,
    InMemoryCCRStore,
    LangGraphCCRStore,
    Original,
    SqliteCCRStore,
)
from headroom_langchain.ccr.store.at_rest import AtRest

from .conversations import log
from .table import Row
from .timing import Pair, Work, compared

if TYPE_CHECKING:
    # Another section measures what it costs to import langgraph.
    from langgraph.store.base import BaseStore
    from langgraph.store.sqlite import SqliteStore

_SIZES: Final = (10_000, 400_000)
_REPEATS: Final = 40

Put: TypeAlias = Callable[[str, str], object]
"""Keeps a text under a key."""

Get: TypeAlias = Callable[[str], object]
"""Returns what was kept under a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """The same thing done plainly."""

    put: Put
    get: Get


async def puts_and_gets() -> AsyncIterator[Row]:
    """Measure every store for originals of 10 KB and of 400 KB."""
    with TemporaryDirectory() as folder:
        for what, (plain, store) in _pairs(Path(folder)).items():
            for size in _SIZES:
                async for row in _rows(
                    f"{what}, {size // 1000} KB", plain, store, size
                ):
                    yield row


async def _rows(
    what: str, plain: Plain, store: CCRStore, size: int
) -> AsyncIterator[Row]:
    text = log(size)
    numbers = count()
    originals = [Original.of(f"{at} {text}") for at in range(2 * _REPEATS + 4)]

    async def put_plainly() -> None:
        original = originals[next(numbers)]
        plain.put(original.key, original.content)

    async def put() -> None:
        store.put(Original.of(originals[next(numbers)].content))

    yield _row(f"{what}: put", await compared(put_plainly, put, repeats=_REPEATS))
    original = originals[0]
    plain.put(original.key, original.content)
    store.put(original)
    pairs = {
        "put again": (
            lambda: plain.put(original.key, original.content),
            lambda: store.put(original),
        ),
        "get": (lambda: plain.get(original.key), lambda: store.get(original.key)),
    }
    for name, (bare, ours) in pairs.items():
        pair = await compared(_calls(bare), _calls(ours), repeats=_REPEATS)
        yield _row(f"{what}: {name}", pair)


def _row(what: str, pair: Pair) -> Row:
    bare, wrapped = 1e6 * pair.bare, 1e6 * pair.wrapped
    return Row(what=what, bare=bare, wrapped=wrapped, unit="µs")


def _calls(work: Callable[[], object]) -> Work:
    async def call() -> object:
        return work()

    return call


def _pairs(folder: Path) -> dict[str, tuple[Plain, CCRStore]]:
    from langgraph.store.memory import InMemoryStore

    kept: dict[str, str] = {}
    in_dict = Plain(put=kept.__setitem__, get=kept.__getitem__)
    bytes_store = InMemoryByteStore()
    return {
        "memory": (in_dict, InMemoryCCRStore()),
        "SQLite": (_table(folder / "plain.db"), SqliteCCRStore(folder / "ours.db")),
        "SQLite, compressed": (
            _table(folder / "plain2.db"),
            SqliteCCRStore(folder / "small.db", at_rest=AtRest(compress=True)),
        ),
        "LangGraph in memory": _over(InMemoryStore(), InMemoryStore()),
        "LangGraph in SQLite": _over(
            _langgraph(folder / "a.db"), _langgraph(folder / "b.db")
        ),
        "bytes in memory": (in_dict, ByteStoreCCRStore(bytes_store)),
    }


def _table(path: Path) -> Plain:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE texts (key TEXT PRIMARY KEY, content TEXT)")

    def put(key: str, content: str) -> None:
        connection.execute("INSERT OR REPLACE INTO texts VALUES (?, ?)", (key, content))

    def get(key: str) -> object:
        query = "SELECT content FROM texts WHERE key = ?"
        return connection.execute(query, (key,)).fetchone()[0]

    return Plain(put=put, get=get)


def _langgraph(path: Path) -> SqliteStore:
    from langgraph.store.sqlite import SqliteStore

    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    store = SqliteStore(connection)
    store.setup()
    return store


def _over(plain: BaseStore, wrapped: BaseStore) -> tuple[Plain, CCRStore]:
    def put(key: str, content: str) -> None:
        plain.put(("texts",), key, {"content": content}, index=False)

    def get(key: str) -> object:
        return plain.get(("texts",), key)

    return Plain(put=put, get=get), LangGraphCCRStore(wrapped)
