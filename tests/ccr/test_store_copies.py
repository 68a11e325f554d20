"""Copies of a store, what a child of the process has of it, and what its end does."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from store_subjects import each_store, spoken

from headroom_langchain.ccr.store.base import CCRStore, Original
from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore
from headroom_langchain.testing.store_laws import StoreUnderTest, Wanted

FORKER = """
import os
import signal
import threading
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.memory import InMemoryCCRStore

SECONDS = 20
store = InMemoryCCRStore()
before = Original.of("before")
store.put(before)
many = [Original.of(f"{number} " * 2000) for number in range(200)]
done = threading.Event()

def work():
    while not done.is_set():
        store.put_many(many)
        store.delete_many([original.key for original in many])

busy = [threading.Thread(target=work) for _ in range(3)]
for thread in busy:
    thread.start()
children = []
for _ in range(20):
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        assert store.get(before.key) == before
        os._exit(0)
    children.append(child)
results = [os.waitpid(child, 0)[1] for child in children]
done.set()
for thread in busy:
    thread.join()
assert results == [0] * 20
"""


ENDER = """
import sys
import threading
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore

store = SqliteCCRStore(sys.argv[1])
store.put(Original.of("0"))
begun = threading.Event()

def work():
    count = 0
    while True:
        store.put(Original.of(str(count)))
        count += 1
        if count == 50:
            begun.set()

threading.Thread(target=work, daemon=True).start()
begun.wait(20)
"""


def test_a_process_may_end_while_a_daemon_thread_puts(tmp_path: Path) -> None:
    """It ends as any other does, and the file has what was put."""
    path = tmp_path / "originals.db"
    for _ in range(5):
        command = [sys.executable, "-c", ENDER, str(path)]
        assert subprocess.run(command, check=False, timeout=60).returncode == 0
    with SqliteCCRStore(path) as store:
        keys = [Original.of(str(count)).key for count in range(50)]
        assert len(store.get_many(keys)) == 50


def test_a_store_in_memory_answers_after_a_fork() -> None:
    """Children that are forked while threads put find what was there, and return."""
    command = [sys.executable, "-c", FORKER]
    assert subprocess.run(command, check=False, timeout=60).returncode == 0


@each_store
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_the_same_store(
    subject: StoreUnderTest, tmp_path: Path, copied: Callable[[CCRStore], CCRStore]
) -> None:
    """What is put in a store is found in its copy."""
    original = Original.of("text")
    with spoken(subject, Wanted(folder=tmp_path)) as store:
        store.run(store.handle.put(original))
        store.handle.store = copied(store.handle.store)
        assert store.run(store.handle.get(original.key)) == original
