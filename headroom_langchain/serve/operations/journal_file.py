"""The file of a journal: its tables, and what is written to and read from them.

Names of sums are columns, so that processes add to them in one statement each.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias, cast

from headroom_langchain.serve.operations.entry import Entry
from headroom_langchain.serve.operations.figures import (
    MINUTES,
    NAMES,
    NOTHING,
    Sums,
    added,
    figures_of,
    minute_of,
)
from headroom_langchain.serve.operations.journal import Remembered

Written: TypeAlias = tuple[Entry, str]
"""A request, and whose originals it has."""

_APPLICATION: Final = 0x48724A4C
"""Says in its head what the file is."""
_VERSION: Final = 1
_TIMEOUT: Final = 2.0
"""Seconds to wait for another process that writes."""
_OWNER_ONLY: Final = 0o600
_SILENT: Final = 3600.0
"""Seconds after which nothing is known any more of a process that says nothing."""
_ALL: Final = -1
"""Stands for the minute of the sums over all time."""

_COLUMNS: Final = ", ".join(NAMES)
_TABLES: Final = (
    "CREATE TABLE journal (name TEXT NOT NULL, since REAL NOT NULL)",
    """CREATE TABLE requests (number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, namespace TEXT NOT NULL, entry TEXT NOT NULL)""",
    "CREATE TABLE minutes (minute INTEGER PRIMARY KEY, "
    + ", ".join(f"{name} INTEGER NOT NULL" for name in NAMES)
    + ")",
    """CREATE TABLE workers (name TEXT PRIMARY KEY, in_flight INTEGER NOT NULL,
    at REAL NOT NULL)""",
)
_ADD: Final = (
    f"INSERT INTO minutes (minute, {_COLUMNS})"  # noqa: S608 - names of columns
    f" VALUES (?{', ?' * len(NAMES)}) ON CONFLICT (minute) DO UPDATE SET "
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in NAMES)
)
_MINUTES: Final = f"SELECT minute, {_COLUMNS} FROM minutes"  # noqa: S608 - likewise


def opened(path: Path) -> sqlite3.Connection:
    """Open the file; it is made when it is not there."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, _OWNER_ONLY))
    connection = sqlite3.connect(path, timeout=_TIMEOUT, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, if they are not there.

    Raises:
        DatabaseError: It is a file of something else.
    """
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    names = [name for (name,) in tables if not name.startswith("sqlite_")]
    ours = _pragma(connection, "application_id") == _APPLICATION
    if names and not ours:
        connection.execute("ROLLBACK")
        msg = "it is a database of something else"
        raise sqlite3.DatabaseError(msg)
    if not names or _pragma(connection, "user_version") != _VERSION:
        for name in names:
            connection.execute(f'DROP TABLE "{name}"')
        for table in _TABLES:
            connection.execute(table)
        named = (secrets.token_hex(4), time.time())
        connection.execute("INSERT INTO journal VALUES (?, ?)", named)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute("COMMIT")


def write(
    connection: sqlite3.Connection,
    entries: Sequence[Written],
    worker: tuple[str, int],
    *,
    recent: int,
) -> None:
    """Write requests, and how a process is doing.

    Args:
        connection: Of the file.
        entries: Requests that are over.
        worker: The process, and how many requests it has not answered yet.
        recent: How many requests the file keeps.
    """
    now = time.time()
    sums: dict[int, Sums] = {}
    for entry, _ in entries:
        figures = figures_of(entry)
        for minute in (_ALL, minute_of(entry["at"] + entry["seconds"])):
            sums[minute] = added(sums.get(minute, NOTHING), figures)
    rows = [
        (entry["id"], namespace, json.dumps(entry))
        for entry, namespace in entries[-recent:]
    ]
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_ADD, [(at, *figures) for at, figures in sums.items()])
        connection.executemany(
            "INSERT INTO requests (id, namespace, entry) VALUES (?, ?, ?)", rows
        )
        connection.execute(
            "INSERT OR REPLACE INTO workers VALUES (?, ?, ?)", (*worker, now)
        )
        _forget(connection, now, recent)


def remembered(
    connection: sqlite3.Connection, after: int, *, alive: float
) -> Remembered:
    """Return what the file has.

    Args:
        connection: Of the file.
        after: The number behind which requests are told; beyond the newest, all.
        alive: The time since when a process must have been heard of.
    """
    with connection:
        connection.execute("BEGIN")
        name, since = connection.execute("SELECT name, since FROM journal").fetchone()
        rows = connection.execute(
            "SELECT number, entry FROM requests ORDER BY number DESC"
        ).fetchall()
        minutes = {row[0]: row[1:] for row in connection.execute(_MINUTES)}
        ((in_flight,),) = connection.execute(
            "SELECT COALESCE(SUM(in_flight), 0) FROM workers WHERE at >= ?", (alive,)
        )
    last = rows[0][0] if rows else 0
    behind = after if 0 <= after <= last else 0
    return Remembered(
        name=name,
        since=since,
        last=last,
        recent=[json.loads(entry) for number, entry in rows if number > behind],
        sums=minutes.pop(_ALL, NOTHING),
        minutes=minutes,
        in_flight=in_flight,
    )


def request(connection: sqlite3.Connection, name: str) -> Sequence[Written]:
    """Return the requests of an id; there is one at most, if ids are what they say."""
    rows = connection.execute(
        "SELECT entry, namespace FROM requests WHERE id = ?", (name,)
    )
    return [(cast("Entry", json.loads(entry)), place) for entry, place in rows]


def _forget(connection: sqlite3.Connection, now: float, recent: int) -> None:
    """Let go of what is too old."""
    connection.execute(
        "DELETE FROM requests WHERE number <= (SELECT MAX(number) FROM requests) - ?",
        (recent,),
    )
    connection.execute(
        "DELETE FROM minutes WHERE minute != ? AND minute <= ?",
        (_ALL, minute_of(now) - MINUTES),
    )
    connection.execute("DELETE FROM workers WHERE at < ?", (now - _SILENT,))


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
