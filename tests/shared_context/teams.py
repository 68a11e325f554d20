"""Stores that agents share, and what they hand to each other."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore
from langgraph.store.postgres import AsyncPostgresStore, PostgresStore
from langgraph.store.sqlite import AsyncSqliteStore, SqliteStore

from headroom_langchain.ccr.store.base import content_key

POSTGRES: Final = "HEADROOM_TEST_POSTGRES"

NEEDLE: Final = "worker 3 done in 253 ms"
"""What the log says and no excerpt shows unasked."""

LOG: Final = "\r\n".join(
    f"2026-03-01 10:{n // 60:02}:{n % 60:02} INFO worker {n % 5} done in {n} ms"
    for n in range(400)
)
KEY: Final = content_key(LOG)
REPORT: Final = "\n\n".join(
    f"Chapter {n}. The committee met on day {n} and agreed on the budget of road {n}."
    for n in range(200)
)

_needs_postgres = pytest.mark.skipif(
    POSTGRES not in os.environ,
    reason=f"no PostgreSQL: export {POSTGRES}=$(.ci/postgres start /tmp/headroom-pg)",
)

BACKENDS: Final = [
    "memory",
    "sqlite",
    "async_sqlite",
    pytest.param("postgres", marks=_needs_postgres),
    pytest.param("async_postgres", marks=_needs_postgres),
]
"""The names of LangGraph stores, to parametrise with."""


@asynccontextmanager
async def opened(name: str, folder: Path) -> AsyncIterator[BaseStore]:
    """Open a LangGraph store; those of one folder share what they hold."""
    file = str(folder / "store.db")
    match name:
        case "memory":
            yield InMemoryStore()
        case "sqlite":
            with SqliteStore.from_conn_string(file) as store:
                store.setup()
                yield store
        case "async_sqlite":
            async with AsyncSqliteStore.from_conn_string(file) as sqlite:
                await sqlite.setup()
                yield sqlite
        case "postgres":
            with PostgresStore.from_conn_string(os.environ[POSTGRES]) as postgres:
                postgres.setup()
                yield postgres
        case _:
            server = os.environ[POSTGRES]
            async with AsyncPostgresStore.from_conn_string(server) as later:
                await later.setup()
                yield later


def fresh_prefix() -> tuple[str, ...]:
    """A place in a store that nobody else has."""
    return ("headroom", f"t{secrets.token_hex(8)}")
