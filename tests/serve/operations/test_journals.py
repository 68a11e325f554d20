"""What is remembered of requests, by one process and by several."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from watched import KEY, block, handled

from headroom_langchain.errors import StoreError
from headroom_langchain.serve.operations.entry import entry_of
from headroom_langchain.serve.operations.journal import Journal, MemoryJournal
from headroom_langchain.serve.operations.shared_journal import SharedJournal

KINDS = ("memory", "shared")


def opened(kind: str, folder: Path, recent: int = 200) -> Journal:
    if kind == "memory":
        return MemoryJournal(recent)
    return SharedJournal(folder / "journal.db", recent)


def note(journal: Journal, *numbers: int) -> None:
    for number in numbers:
        journal.began()
        entry = entry_of(handled(number, at=time.time(), blocks=(block(),)))
        journal.ended(entry, f"tenant {number}")
    if isinstance(journal, SharedJournal):
        assert journal.flush()


def numbers(journal: Journal, after: int = 0) -> list[int]:
    return [int(entry["id"], 16) for entry in journal.remembered(after).recent]


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_requests_are_remembered(kind: str, tmp_path: Path) -> None:
    """The newest comes first, old ones go, and sums hold all of them."""
    journal = opened(kind, tmp_path, recent=5)
    note(journal, *range(1, 9))
    assert numbers(journal) == [8, 7, 6, 5, 4]
    seen = journal.remembered()
    assert (seen.sums[0], seen.sums[3]) == (8, 8 * 9000)
    assert numbers(journal, after=seen.last - 1) == [8]
    assert numbers(journal, after=seen.last) == []
    assert numbers(journal, after=99) == numbers(journal, after=0)
    assert sum(sums[0] for sums in seen.minutes.values()) == 8
    journal.close()


@pytest.mark.parametrize("kind", KINDS)
def test_whose_an_original_is(kind: str, tmp_path: Path) -> None:
    """A key leads to the tenant of the request that hid it, and of no other."""
    journal = opened(kind, tmp_path)
    note(journal, 1, 2)
    assert journal.namespace(f"{2:032x}", KEY) == "tenant 2"
    assert journal.namespace(f"{2:032x}", "f" * 24) is None
    assert journal.namespace(f"{3:032x}", KEY) is None
    assert journal.namespace(f"{2:032x}", "") is None
    journal.close()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_open_is_in_flight(kind: str, tmp_path: Path) -> None:
    """Requests that have begun and are not over are counted."""
    journal = opened(kind, tmp_path)
    journal.began()
    note(journal, 1)
    assert journal.remembered().in_flight == 1
    journal.close()


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_journal_can_be_read(kind: str, tmp_path: Path) -> None:
    """Before the first request there is nothing, and no error."""
    journal = opened(kind, tmp_path)
    seen = journal.remembered()
    assert (seen.last, list(seen.recent), set(seen.sums)) == (0, [], {0})
    journal.close()


def test_minutes_are_forgotten_after_a_day() -> None:
    """A journal in memory has as many minutes as a day."""
    journal = MemoryJournal()
    for minute in range(1500):
        request = handled(at=1_790_000_000.0 + 60 * minute)
        journal.ended(entry_of(request), "")
    seen = journal.remembered()
    assert len(seen.minutes) == 24 * 60
    assert seen.sums[0] == 1500


def test_journals_share_a_file(tmp_path: Path) -> None:
    """What one process notes another one reads; the file outlives both."""
    one, other = opened("shared", tmp_path), opened("shared", tmp_path)
    note(one, 1)
    note(other, 2)
    assert numbers(one) == numbers(other) == [2, 1]
    one.began()
    note(one, 3)
    assert other.remembered().in_flight == 1
    name = one.remembered().name
    one.close()
    assert other.remembered().in_flight == 0
    other.close()
    again = opened("shared", tmp_path)
    assert again.remembered().name == name
    assert numbers(again) == [3, 2, 1]
    again.close()


_WORKER = """
import sys
from watched import block, handled
from headroom_langchain.serve.operations.entry import entry_of
from headroom_langchain.serve.operations.shared_journal import SharedJournal
journal = SharedJournal(sys.argv[1], 50)
for number in range(400):
    journal.began()
    journal.ended(entry_of(handled(number, blocks=(block(),))), "tenant")
journal.close()
"""


def test_processes_write_at_once(tmp_path: Path) -> None:
    """No request of any process is lost, and the file stays bounded."""
    file = tmp_path / "journal.db"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", _WORKER, str(file)]
    workers = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    journal = SharedJournal(file, 50)
    seen = journal.remembered()
    assert (seen.sums[0], seen.sums[3]) == (800, 800 * 9000)
    assert len(seen.recent) == 50
    journal.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_writes_for_itself(tmp_path: Path) -> None:
    """A worker that was forked notes its own requests, and not its parent's again."""
    journal = SharedJournal(tmp_path / "journal.db")
    note(journal, 1)
    process = os.fork()
    if process == 0:
        note(journal, 2)
        journal.close()
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0
    note(journal, 3)
    assert numbers(journal) == [3, 2, 1]
    journal.close()


def test_the_file_is_its_owners(tmp_path: Path) -> None:
    """Nobody else on the machine can read what was asked."""
    opened("shared", tmp_path).close()
    mode = stat.S_IMODE((tmp_path / "journal.db").stat().st_mode)
    assert mode & 0o077 == 0


def test_a_failed_write_is_a_line_of_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever cannot write says so once, and writes again when it can."""
    file = tmp_path / "journal.db"
    journal = SharedJournal(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("ALTER TABLE requests RENAME TO away")
        connection.commit()
    with caplog.at_level(logging.WARNING, "headroom_langchain.serve"):
        note(journal, 1)
        note(journal, 2)
    (record,) = caplog.records
    assert '"event": "journal not written"' in record.getMessage()
    with pytest.raises(StoreError, match="journal"):
        journal.remembered()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("ALTER TABLE away RENAME TO requests")
        connection.commit()
    note(journal, 3)
    assert numbers(journal) == [3]
    journal.close()


@pytest.mark.parametrize("content", ["text", "database", "folder"])
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, content: str) -> None:
    """What is no journal is refused by its name, and stays as it is."""
    file = tmp_path / "journal.db"
    if content == "text":
        file.write_text("a text that is no database\n" * 100)
    elif content == "folder":
        file.mkdir()
    else:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE theirs (name TEXT)")
            connection.commit()
    with pytest.raises(StoreError, match=r"journal\.db"):
        SharedJournal(file)
    if content == "database":
        with closing(sqlite3.connect(file)) as connection:
            (tables,) = connection.execute("SELECT COUNT(*) FROM theirs").fetchone()
        assert tables == 0


def test_a_journal_of_another_version_begins_anew(tmp_path: Path) -> None:
    """Figures of an older version are no reason not to start."""
    journal = opened("shared", tmp_path)
    note(journal, 1)
    name = journal.remembered().name
    journal.close()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    again = opened("shared", tmp_path)
    assert again.remembered().name != name
    assert numbers(again) == []
    again.close()
