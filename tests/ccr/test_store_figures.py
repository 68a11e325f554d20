"""The book that stores keep of what calls saved, beyond the laws of every store."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom_langchain import (
    CCRStore,
    InMemoryCCRStore,
    Original,
    SqliteCCRStore,
    StoreError,
)
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE
from headroom_langchain.ccr.store.figures import Figures, Line, Topic, summed
from headroom_langchain.ccr.store.memory_book import MOST_LINES
from headroom_langchain.ccr.store.sqlite.schema import MIGRATIONS

DAY = 86_400.0
LOGS = Topic(model="m", tool="shell", kind="logs")
ONE = Figures(calls=1, tokens_before=10, tokens_after=4)

ADDER = """
import sys
from headroom_langchain.ccr.store.figures import Figures, Topic
from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore

print("ready", flush=True)
sys.stdin.readline()
with SqliteCCRStore(sys.argv[1]) as store:
    for _ in range(50):
        store.add_figures({Topic(): Figures(calls=1)})
"""

counts = st.integers(min_value=-(2**40), max_value=2**40)
figures = st.builds(Figures, calls=counts, tokens_before=counts, plain_output=counts)


class TwoMethods(CCRStore):
    """What a user has written before there was a book."""

    def put_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        pass

    def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        return {}


@given(figures, figures, figures)
def test_sums_do_not_depend_on_the_order(a: Figures, b: Figures, c: Figures) -> None:
    """Adding is associative and commutative, and nothing changes nothing."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Figures() == a


def test_what_was_saved_is_what_compression_took_away() -> None:
    """Saved is before less after; net is told by the call, since it knows the rest."""
    assert ONE.tokens_saved == 6
    assert (ONE + ONE).tokens_saved == 12


def test_a_store_without_a_book_says_so(store: CCRStore) -> None:
    """Adding does nothing there, and asking names what to do."""
    store.add_figures({LOGS: ONE})
    if store.keeps_figures:
        assert [line.figures for line in store.figures()] == [ONE]
    else:
        with pytest.raises(StoreError, match=r"keeps no figures.*SqliteCCRStore"):
            store.figures()


async def test_a_store_of_two_methods_goes_on_working() -> None:
    """It need not know of figures."""
    store = TwoMethods()
    assert not store.keeps_figures
    store.add_figures({LOGS: ONE})
    await store.aadd_figures({LOGS: ONE})
    with pytest.raises(StoreError, match="TwoMethods keeps no figures"):
        store.figures()


def test_a_store_in_memory_keeps_so_many_lines() -> None:
    """The lines that were not added to for longest go first."""
    store = InMemoryCCRStore(keep_figures=True)
    store.add_figures({LOGS: ONE}, namespace="old")
    store.add_figures({LOGS: ONE}, namespace="used")
    for number in range(MOST_LINES - 2):
        store.add_figures({Topic(tool=str(number)): ONE})
    store.add_figures({LOGS: ONE}, namespace="used")
    store.add_figures({LOGS: ONE}, namespace="new")
    assert not store.figures(namespace="old")
    assert store.figures(namespace="used")[0].figures == ONE + ONE
    assert len(store.figures()) == MOST_LINES


def test_a_file_tells_the_days_apart(tmp_path: Path) -> None:
    """Figures belong to the day, in UTC, on which they were added."""
    clock = [1_800_000_000.0]
    with SqliteCCRStore(tmp_path / "s.db", clock=lambda: clock[0]) as store:
        for _ in range(3):
            store.add_figures({LOGS: ONE})
            clock[0] += DAY / 2
        days = summed(store.figures(), lambda line: line.day)
    assert days == {"2027-01-15": ONE + ONE, "2027-01-16": ONE}


def test_a_file_keeps_no_figures_when_told_so(tmp_path: Path) -> None:
    """With `keep_figures=False` nothing is added, and what is there is read."""
    path = tmp_path / "s.db"
    with SqliteCCRStore(path) as store:
        store.add_figures({LOGS: ONE})
    with SqliteCCRStore(path, keep_figures=False) as store:
        assert not store.keeps_figures
        store.add_figures({LOGS: ONE})
        assert [line.figures for line in store.figures()] == [ONE]


def test_several_processes_add_to_one_file(tmp_path: Path) -> None:
    """None of their figures is lost."""
    path = tmp_path / "s.db"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    adders = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", ADDER, str(path)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for adder in adders:
        assert adder.stdout is not None
        assert adder.stdout.readline() == b"ready\n"
    for adder in adders:
        adder.communicate(b"go\n")
        assert adder.returncode == 0
    with SqliteCCRStore(path) as store:
        assert [line.figures.calls for line in store.figures()] == [150]


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_an_older_file_gets_a_book(tmp_path: Path, version: int) -> None:
    """A file of any version before is opened, and figures are added to it."""
    path = tmp_path / "s.db"
    with closing(sqlite3.connect(path)) as file, file:
        for migration in MIGRATIONS[:version]:
            file.executescript(migration)
        file.execute(f"PRAGMA user_version = {version}")
    with SqliteCCRStore(path) as store:
        assert store.figures() == ()
        store.add_figures({LOGS: ONE})
        store.put(Original.of("text"))
    with SqliteCCRStore(path) as store:
        assert [line.figures for line in store.figures()] == [ONE]
        assert store.get(Original.of("text").key) is not None


def test_a_damaged_line_is_left_out(tmp_path: Path) -> None:
    """The other lines are still told."""
    path = tmp_path / "s.db"
    with SqliteCCRStore(path) as store:
        store.add_figures({LOGS: ONE, Topic(): ONE})
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE figures SET calls = 'many' WHERE tool = ?", (b"shell",))
    with SqliteCCRStore(path) as store:
        assert [line.topic for line in store.figures()] == [Topic()]


def test_a_file_that_its_own_thread_uses_is_not_waited_for(tmp_path: Path) -> None:
    """The garbage collector may end a call anywhere; it is told, and never waits."""
    with SqliteCCRStore(tmp_path / "s.db") as store:
        with store._file, pytest.raises(StoreError, match="same thread"):
            store.add_figures({LOGS: ONE})
        store.add_figures({LOGS: ONE})
        assert [line.figures for line in store.figures()] == [ONE]


def test_another_process_is_not_waited_for_long(tmp_path: Path) -> None:
    """Who writes for long costs the figures of a call; originals wait as told."""
    path = tmp_path / "s.db"
    with SqliteCCRStore(path, timeout=3600) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="another process writes for long"):
                store.add_figures({LOGS: ONE})
        with store._file as connection:
            waits = connection.execute("PRAGMA busy_timeout").fetchone()
        store.add_figures({LOGS: ONE})
        assert waits == (3_600_000,)
        assert [line.figures for line in store.figures()] == [ONE]


def test_a_book_in_memory_waits_for_nobody() -> None:
    """What is added while it is in use is added up when it is free."""
    store = InMemoryCCRStore(keep_figures=True)
    with store._book._lock:
        store.add_figures({LOGS: ONE})
        store.add_figures({LOGS: ONE})
    assert [line.figures for line in store.figures()] == [ONE + ONE]


def test_figures_stay_when_originals_are_exported(tmp_path: Path) -> None:
    """An export has originals only."""
    store, other = (
        InMemoryCCRStore(keep_figures=True),
        InMemoryCCRStore(keep_figures=True),
    )
    store.put(Original.of("text"))
    store.add_figures({LOGS: ONE})
    store.export_to(tmp_path / "export")
    other.import_from(tmp_path / "export")
    assert len(other) == 1
    assert other.figures() == ()


def test_lines_are_added_up_by_what_is_asked_for() -> None:
    """`summed` returns one sum for each value that lines share."""
    lines = [Line(namespace=place, day="", topic=LOGS, figures=ONE) for place in "abca"]
    sums = summed(lines, lambda line: line.namespace)
    assert sums == {"a": ONE + ONE, "b": ONE, "c": ONE}
