"""The tables of a store's file, and how older files get them."""

from __future__ import annotations

import sqlite3
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
    # A process that still runs version 1 finds no `content` rather than sealed bytes.
    # Rows of version 1 stay as they are: in clear, and instead of a `crc` they have
    # the SHA-256 of their content in `digest`, which is empty in others.
    """
    ALTER TABLE originals RENAME COLUMN content TO body;
    ALTER TABLE originals ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE originals ADD COLUMN crc INTEGER;
    """,
)
"""Statements that lead from one version of the file to the next; only appended to."""

_AS_NEWEST: Final = {
    1: """
    CREATE TEMP VIEW originals AS
    SELECT id, namespace, key, digest, size, used, kind, tool, content AS body,
        0 AS sealed, NULL AS crc
    FROM main.originals
    """,
    len(MIGRATIONS): "",
}
"""How a file that cannot be written is read as one of the newest version."""


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to their newest version, in one transaction.

    Raises:
        StoreError: The file was written by a newer version of this package.
    """
    if _known_version(connection, path) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        for migration in MIGRATIONS[_known_version(connection, path) :]:
            for statement in migration.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:  # an interrupted migration must end, too
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def read_as_newest(connection: sqlite3.Connection, path: Path) -> bool:
    """Let a file that cannot be written be read; tell whether it has tables.

    Raises:
        StoreError: The file was written by a newer version of this package.
    """
    version = _known_version(connection, path)
    if version:
        connection.execute(_AS_NEWEST[version])
    return version > 0


def refuse_others(connection: sqlite3.Connection, path: Path) -> None:
    """Leave a database alone that is no store but has tables of its own."""
    tables = connection.execute("SELECT name FROM sqlite_master LIMIT 1").fetchone()
    if _version(connection) == 0 and tables is not None:
        name = str(path)
        msg = (
            f"{name!r} is a database of something else: it has {tables[0]!r}. "
            "Name another file for the store"
        )
        raise StoreError(msg)


def _known_version(connection: sqlite3.Connection, path: Path) -> int:
    version = _version(connection)
    if version > len(MIGRATIONS):
        name = str(path)
        msg = (
            f"the store {name!r} has version {version}, this package knows "
            f"{len(MIGRATIONS)}: upgrade headroom-langchain or use another file"
        )
        raise StoreError(msg)
    return version


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
