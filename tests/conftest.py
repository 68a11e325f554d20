"""What all tests share: the stores they run over, and a database of their own."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from headroom_langchain import CCRStore, InMemoryCCRStore, SqliteCCRStore

POSTGRES = "HEADROOM_TEST_POSTGRES"


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CCRStore]:
    """Each kind of store in turn, empty."""
    made: CCRStore = (
        InMemoryCCRStore()
        if request.param == "memory"
        else SqliteCCRStore(tmp_path / "originals.db")
    )
    with made:
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
