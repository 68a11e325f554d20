"""What is special about the store in a file."""

from __future__ import annotations

import contextlib
import gc
import os
import sqlite3
import stat
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore
from headroom_langchain.errors import KeyCollisionError, StoreError

WRITER = """
import sys
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore

path, worker = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
with SqliteCCRStore(path, timeout=60) as store:
    for count in range(60):
        store.put_many([Original.of(f"{worker}/{count}"), Original.of(f"both/{count}")])
"""

FORKER = """
import os
import sys
import threading
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore

store = SqliteCCRStore(sys.argv[1])
before = Original.of("before")
store.put(before)
done = threading.Event()

def work():
    while not done.is_set():
        store.put(Original.of("busy" * 100_000))
        store.delete_many([Original.of("busy" * 100_000).key])

busy = threading.Thread(target=work)
busy.start()
children = []
for number in range(8):
    child = os.fork()
    if child == 0:
        assert store.get(before.key) == before
        for count in range(20):
            store.put(Original.of(f"{number}/{count}"))
        if number % 2:
            store.close()
        sys.exit(0)
    children.append(child)
    store.put(Original.of(f"parent/{number}"))
results = [os.waitpid(child, 0)[1] for child in children]
done.set()
busy.join()
assert results == [0] * 8
store.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a store may be."""
    return tmp_path / "originals.db"


def test_reopening_finds_what_was_put(path: Path) -> None:
    """Originals outlive the store object."""
    original = Original.of("text\r\n", kind="logs", tool="shell")
    with SqliteCCRStore(path) as store:
        store.put(original)
    with SqliteCCRStore(path) as store:
        assert store.get(original.key) == original


def test_a_string_is_a_path_too(path: Path) -> None:
    """The path may be a string."""
    with SqliteCCRStore(str(path)) as store:
        store.put(Original.of("text"))
    assert path.exists()


def test_only_the_owner_can_read_the_files(path: Path) -> None:
    """The file and what SQLite keeps beside it have mode 0600, whatever the umask."""
    before = os.umask(0)
    try:
        with SqliteCCRStore(path) as store:
            store.put(Original.of("text"))
            files = sorted(path.parent.iterdir())
            modes = {stat.S_IMODE(file.stat().st_mode) for file in files}
    finally:
        os.umask(before)
    assert [file.name for file in files] == [
        "originals.db",
        "originals.db-shm",
        "originals.db-wal",
    ]
    assert modes == {0o600}


def test_two_processes_write_to_one_file(path: Path) -> None:
    """Processes that write at the same time lose nothing."""
    command = [sys.executable, "-W", "error", "-c", WRITER, str(path)]
    writers = [
        subprocess.Popen(
            [*command, worker], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for worker in ("one", "two")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    expected = [
        Original.of(f"{worker}/{count}")
        for worker in ("one", "two", "both")
        for count in range(60)
    ]
    with SqliteCCRStore(path) as store:
        found = store.get_many([original.key for original in expected])
    assert dict(found) == {original.key: original for original in expected}


def test_a_store_is_used_on_both_sides_of_a_fork(path: Path) -> None:
    """Children that are forked while a thread writes find and keep everything."""
    command = [sys.executable, "-c", FORKER, str(path)]
    assert subprocess.run(command, check=False, timeout=60).returncode == 0
    names = [f"{number}/{count}" for number in range(8) for count in range(20)]
    names += [f"parent/{number}" for number in range(8)]
    with SqliteCCRStore(path) as store:
        for name in names:
            assert store.get(Original.of(name).key) is not None
    with contextlib.closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_putting_what_is_there_writes_nothing(path: Path) -> None:
    """A put of known originals does not wait for another process that writes."""
    original = Original.of("text")
    with SqliteCCRStore(path, timeout=0, clock=lambda: 1000.0) as store:
        store.put(original)
        other = sqlite3.connect(path, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            store.put_many([original, original])
            with pytest.raises(StoreError, match="locked"):
                store.put(Original.of("new"))
            other.execute("ROLLBACK")
        finally:
            other.close()


def test_a_failed_put_stores_nothing(path: Path) -> None:
    """When one of several originals cannot be stored, none of them is."""
    first, new = Original.of("first"), Original.of("new")
    with SqliteCCRStore(path) as store:
        store.put(first)
        with pytest.raises(StoreError):
            store.put_many([new, Original(content="other", key=first.key)])
        assert store.get(new.key) is None


def test_two_contents_with_one_key_in_one_put_collide(path: Path) -> None:
    """Neither is stored in the place of the other."""
    first = Original.of("first")
    with SqliteCCRStore(path) as store:
        with pytest.raises(KeyCollisionError):
            store.put_many([first, Original(content="other", key=first.key)])
        assert store.get(first.key) is None


def test_reading_does_not_fail_because_another_process_writes(path: Path) -> None:
    """That an original was used is noted another time."""
    original = Original.of("text")
    times = count(0, 1000)
    with SqliteCCRStore(path, timeout=0, clock=lambda: next(times)) as store:
        store.put(original)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert store.get(original.key) == original
            store.put(original)
            other.execute("ROLLBACK")
        (entry,) = store.entries()
        store.get(original.key)
        (later,) = store.entries()
    assert entry.used < later.used


def test_of_several_used_at_once_the_first_put_goes_first(path: Path) -> None:
    """Eviction has one order, over all namespaces."""
    originals = [Original.of(letter * 10) for letter in "zayb"]
    with SqliteCCRStore(path, max_bytes=25, clock=lambda: 1000.0) as store:
        for place, original in zip("mnmn", originals, strict=True):
            store.put(original, namespace=place)
        assert [entry.key for entry in store.entries()] == [
            original.key for original in originals[2:]
        ]


def test_many_keys_at_once(path: Path) -> None:
    """More keys than one statement of SQLite takes are no problem."""
    originals = [Original.of(str(number)) for number in range(1200)]
    with SqliteCCRStore(path) as store:
        store.put_many(originals)
        assert len(store.get_many([original.key for original in originals])) == 1200


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A path in a folder that does not exist raises an error with the path."""
    with pytest.raises(StoreError, match=r"no-such-folder.*originals\.db"):
        SqliteCCRStore(tmp_path / "no-such-folder" / "originals.db")


def test_another_kind_of_file_is_refused(path: Path) -> None:
    """A file that is no store raises and stays as it was."""
    path.write_bytes(b"this is not a database, it is a text\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"originals\.db"):
        SqliteCCRStore(path)
    assert path.read_bytes() == before


def test_a_newer_version_is_refused(path: Path) -> None:
    """A file of a later version of this package is left alone."""
    SqliteCCRStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="upgrade headroom-langchain"):
        SqliteCCRStore(path)


def test_a_closed_store_says_so(path: Path) -> None:
    """Using a store after closing it raises an error that says what to do."""
    store = SqliteCCRStore(path)
    store.close()
    with pytest.raises(StoreError, match="closed; open it again"):
        store.get("0" * 24)


def test_a_forgotten_store_closes_itself(path: Path) -> None:
    """A store that nobody closes leaves no connection open and gives no warning."""
    store = SqliteCCRStore(path)
    store.put(Original.of("text"))
    del store
    gc.collect()
    assert not path.with_name("originals.db-wal").exists()


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """A file that has tables but is no store is refused and not changed."""
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(StoreError, match="bookmarks"):
        SqliteCCRStore(path).put(Original.of("x"))
    with contextlib.closing(sqlite3.connect(path)) as other:
        names = other.execute("SELECT name FROM sqlite_master").fetchall()
        (mode,) = other.execute("PRAGMA journal_mode").fetchone()
    assert names == [("bookmarks",)]
    assert mode == "delete"
