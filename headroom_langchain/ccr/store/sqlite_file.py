"""The file of a SQLite store: its rights, its tables, and what can go wrong."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from headroom_langchain.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

MIGRATIONS: Final = (
    """
    CREATE TABLE originals (
        id INTEGER PRIMARY KEY,
        namespace BLOB NOT NULL,
        key BLOB NOT NULL,
        digest BLOB NOT NULL,
        size INTEGER NOT NULL,
        used REAL NOT NULL,
        kind BLOB NOT NULL,
        tool BLOB,
        content BLOB NOT NULL,
        UNIQUE (namespace, key)
    );
    CREATE INDEX originals_by_use ON originals (used, id, size);
    """,
)
"""Statements that lead from one version of the file to the next; only appended to."""

_RETRY_SECONDS: Final = 0.02
_OWNER_ONLY: Final = 0o600


def open_file(path: Path, timeout: float) -> sqlite3.Connection:
    """Open the file of a store, with its tables at their newest version.

    Args:
        path: The file; it is created readable by its owner only.
        timeout: Seconds to wait for another process that is writing.

    Raises:
        StoreError: The file cannot be opened, is no SQLite file, is a database of
            something else, or was written by a newer version of this package.
    """
    with store_errors(path):
        _create(path)
        connection = sqlite3.connect(
            path, timeout=timeout, isolation_level=None, check_same_thread=False
        )
        try:
            _refuse_others(connection, path)
            _use_wal(connection, timeout)
            _migrate(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into `StoreError`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        name = str(path)
        msg = (
            f"the store {name!r} failed: {error}; check that the file is a store, that "
            "its folder exists and can be written, and that the disk is not full"
        )
        raise StoreError(msg) from error


def _create(path: Path) -> None:
    """Create an empty file with narrow rights; SQLite gives them to -wal and -shm."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _OWNER_ONLY))


def _use_wal(connection: sqlite3.Connection, timeout: float) -> None:
    """Switch to write-ahead logging.

    SQLite does not wait by itself when two processes do this at the same moment.
    """
    end = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(_RETRY_SECONDS)
    connection.execute("PRAGMA synchronous = NORMAL")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = _version(connection)
    if version == len(MIGRATIONS):
        return
    if version > len(MIGRATIONS):
        name = str(path)
        msg = (
            f"the store {name!r} has version {version}, this package knows "
            f"{len(MIGRATIONS)}: upgrade headroom-langchain or use another file"
        )
        raise StoreError(msg)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        for migration in MIGRATIONS[_version(connection) :]:
            for statement in migration.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _refuse_others(connection: sqlite3.Connection, path: Path) -> None:
    """Leave a database alone that is no store but has tables of its own."""
    tables = connection.execute("SELECT name FROM sqlite_master LIMIT 1").fetchone()
    if _version(connection) == 0 and tables is not None:
        name = str(path)
        msg = (
            f"{name!r} is a database of something else: it has {tables[0]!r}. "
            "Name another file for the store"
        )
        raise StoreError(msg)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
