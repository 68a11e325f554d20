"""What all tests share: the stores they run over, and a database of their own."""

from __future__ import annotations

import gc
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from langchain_core.stores import InMemoryByteStore
from langgraph.store.memory import InMemoryStore

from headroom_langchain import (
    ByteStoreCCRStore,
    CCRStore,
    InMemoryCCRStore,
    LangGraphCCRStore,
    SqliteCCRStore,
)

POSTGRES = "HEADROOM_TEST_POSTGRES"


STORES: dict[str, Callable[[Path], CCRStore]] = {
    "memory": lambda _: InMemoryCCRStore(keep_figures=True),
    "sqlite": lambda folder: SqliteCCRStore(folder / "originals.db"),
    "langgraph": lambda _: LangGraphCCRStore(InMemoryStore()),
    "bytes": lambda _: ByteStoreCCRStore(InMemoryByteStore()),
}


def pytest_collection_finish() -> None:
    """Set ten thousand tests apart: a collection looks at what tests make, alone."""
    gc.collect()
    gc.freeze()


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CCRStore]:
    """Each kind of store in turn, empty."""
    with STORES[request.param](tmp_path) as made:
        yield made


@pytest.fixture(scope="session", autouse=True)
def _postgres_database() -> Iterator[None]:
    """On the PostgreSQL server that is named, a new database for this session."""
    server = os.environ.get(POSTGRES)
    if server is None:
        yield
        return
    import psycopg
    from psycopg.conninfo import make_conninfo

    name = f"headroom_{secrets.token_hex(8)}"
    try:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
    except psycopg.Error as error:
        pytest.exit(f"{POSTGRES} names no server that can be used: {error}", 1)
    # Processes that tests start look there too.
    os.environ[POSTGRES] = make_conninfo(server, dbname=name)
    yield
    os.environ[POSTGRES] = server
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
