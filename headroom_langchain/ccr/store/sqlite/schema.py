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
    """
    CREATE TABLE figures (
        namespace BLOB NOT NULL,
        day TEXT NOT NULL,
        model BLOB NOT NULL,
        tool BLOB NOT NULL,
        kind BLOB NOT NULL,
        calls INTEGER NOT NULL,
        requests INTEGER NOT NULL,
        retrievals INTEGER NOT NULL,
        texts INTEGER NOT NULL,
        tokens_before INTEGER NOT NULL,
        tokens_after INTEGER NOT NULL,
        tokens_sent INTEGER NOT NULL,
        tokens_retrieved INTEGER NOT NULL,
        tokens_resent INTEGER NOT NULL,
        tokens_net_saved INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        uncounted INTEGER NOT NULL,
        paid_fresh INTEGER NOT NULL,
        paid_cached INTEGER NOT NULL,
        paid_written INTEGER NOT NULL,
        paid_output INTEGER NOT NULL,
        plain_fresh INTEGER NOT NULL,
        plain_cached INTEGER NOT NULL,
        plain_written INTEGER NOT NULL,
        plain_output INTEGER NOT NULL,
        PRIMARY KEY (namespace, day, model, tool, kind)
    ) WITHOUT ROWID;
    """,
)
"""Statements that lead from one version of the file to the next; only appended to."""

_OLD_ORIGINALS: Final = """
    CREATE TEMP VIEW originals AS
    SELECT id, namespace, key, digest, size, used, kind, tool, content AS body,
        0 AS sealed, NULL AS crc
    FROM main.originals;
    """
_NO_FIGURES: Final = MIGRATIONS[2].replace("CREATE TABLE", "CREATE TEMP TABLE")

_AS_NEWEST: Final = {
    1: _OLD_ORIGINALS + _NO_FIGURES,
    2: _NO_FIGURES,
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
            _execute(connection, migration)
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
        _execute(connection, _AS_NEWEST[version])
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


def _execute(connection: sqlite3.Connection, statements: str) -> None:
    for statement in statements.split(";"):
        connection.execute(statement)


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
