"""Whatever kills a process, what its store acknowledged is there afterwards."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import IO

import killed_writer

from headroom_langchain import SqliteCCRStore

KILLS = 200


@dataclass(slots=True)
class Writers:
    """The program, and what its writers were told."""

    rounds: IO[str]
    said: IO[str]
    acknowledged: list[tuple[int, int]] = field(default_factory=list)
    """Number and round of each original that a store has acknowledged."""

    def kill_one(self, round_: int, after: int, then: int) -> None:
        """Start a writer and kill it a little after it has put so many originals."""
        self.rounds.write(f"{round_}\n")
        self.rounds.flush()
        pid = int(self.said.readline())
        for _ in range(after):
            self.acknowledged.append((int(self.said.readline()), round_))
        sum(range(then))
        os.kill(pid, signal.SIGKILL)
        while (word := self.said.readline().strip()) != "dead":
            self.acknowledged.append((int(word), round_))


@contextmanager
def writers(path: Path) -> Iterator[Writers]:
    """Run the program."""
    process = subprocess.Popen(
        [sys.executable, killed_writer.__file__, str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        yield Writers(rounds=process.stdin, said=process.stdout)
        process.stdin.close()
    assert process.returncode == 0


def expect_all(path: Path, writer: Writers) -> None:
    """Every acknowledged original comes back byte for byte."""
    with SqliteCCRStore(path) as store:
        for number, round_ in writer.acknowledged:
            expected = killed_writer.original(number, round_)
            assert store.get(expected.key) == expected, (number, round_)


def test_writers_killed_at_any_point_lose_nothing_acknowledged(tmp_path: Path) -> None:
    """A writer is killed 200 times: what was acknowledged is there, the file whole."""
    path = tmp_path / "originals.db"
    chance = Random(5)  # noqa: S311 - no secret
    with writers(path) as writer:
        for round_ in range(KILLS):
            puts = chance.choice((0, 0, 1, 2, 5, 12))
            writer.kill_one(round_, after=puts, then=chance.randrange(60_000))
            # Most of the time the next writer has to clear up, not this process.
            if round_ % 20 == 0:
                expect_all(path, writer)
    assert len(writer.acknowledged) > KILLS
    expect_all(path, writer)
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
