"""A file that an older version of the store wrote is read, and written from then on."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from disks import protectable, read_only

from headroom_langchain import Original, SqliteCCRStore, StoreError

VERSION_1 = """
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
PRAGMA user_version = 1;
PRAGMA journal_mode = WAL;
"""
INSERT = (
    "INSERT INTO originals (namespace, key, digest, size, used, kind, tool, content)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
SELECT = "SELECT content FROM originals"

OLD = [Original.of(f"old\r\n\0{number} " * 1000, tool="shell") for number in range(30)]

OPENER = """
import sys
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore

path, worker, *keys = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
with SqliteCCRStore(path) as store:
    assert len(store.get_many(keys)) == len(keys)
    store.put(Original.of(f"new of {worker}"))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file that version 1 wrote."""
    path = tmp_path / "originals.db"
    with closing(sqlite3.connect(path)) as file, file:
        file.executescript(VERSION_1)
        for original in OLD:
            content = original.content.encode()
            digest = hashlib.sha256(content).digest()
            key = original.key.encode()
            row = (b"default", key, digest, len(content), 1e9, b"text", b"shell")
            file.execute(INSERT, (*row, content))
    return path


def test_old_rows_are_read_and_new_ones_written(path: Path) -> None:
    """One file holds what both versions put."""
    new = Original.of("new")
    with SqliteCCRStore(path) as store:
        assert [store.get(original.key) for original in OLD] == OLD
        store.put_many([new, *OLD])
        assert store.stats().originals == len(OLD) + 1
    with SqliteCCRStore(path) as store:
        assert [store.get(original.key) for original in (*OLD, new)] == [*OLD, new]


def test_a_damaged_old_row_is_noticed(path: Path) -> None:
    """Rows that have no checksum yet are told by their hash."""
    at = path.read_bytes().index(b"old\r\n\0007 ")
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"new")
    with SqliteCCRStore(path) as store:
        assert store.get(OLD[7].key) is None
        assert store.get(OLD[8].key) == OLD[8]


def test_two_processes_open_an_old_file_at_once(path: Path) -> None:
    """Both read what is there and write; the file becomes a new one once."""
    keys = [original.key for original in OLD]
    command = [sys.executable, "-W", "error", "-c", OPENER, str(path)]
    workers = ("one", "two", "three")
    openers = [
        subprocess.Popen(
            [*command, worker, *keys],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for worker in workers
    ]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == b"ready\n"
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write(b"go\n")
        opener.stdin.flush()
    for opener in openers:
        opener.communicate()
        assert opener.returncode == 0
    with SqliteCCRStore(path) as store:
        for worker in workers:
            assert store.get(Original.of(f"new of {worker}").key) is not None
        assert [store.get(original.key) for original in OLD] == OLD


def test_old_code_does_not_take_new_rows_for_its_own(path: Path) -> None:
    """It refuses to open the file, and fails if it had opened it before."""
    with closing(sqlite3.connect(path)) as old:
        assert len(old.execute(SELECT).fetchall()) == len(OLD)
        with SqliteCCRStore(path) as store:
            store.put(Original.of("new"))
        with pytest.raises(sqlite3.OperationalError, match="content"):
            old.execute(SELECT)
        assert old.execute("PRAGMA user_version").fetchone() > (1,)


def test_an_old_file_that_cannot_be_written_is_read(path: Path, tmp_path: Path) -> None:
    """It stays as it is, and what it holds is returned."""
    with protectable(tmp_path / "disk") as disk:
        copy = Path(shutil.copy(path, disk))
        with read_only(disk), SqliteCCRStore(copy) as store:
            assert [store.get(original.key) for original in OLD] == OLD
            assert store.stats().originals == len(OLD)
            with pytest.raises(StoreError, match="read-only"):
                store.put(Original.of("new"))


def test_a_later_version_is_refused_where_it_cannot_be_written(
    path: Path, tmp_path: Path
) -> None:
    """The error says what to do about the version, not about the disk."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 99")
    with protectable(tmp_path / "disk") as disk:
        copy = Path(shutil.copy(path, disk))
        with (
            read_only(disk),
            pytest.raises(StoreError, match=r"version 99.*upgrade headroom-langchain"),
        ):
            SqliteCCRStore(copy)
