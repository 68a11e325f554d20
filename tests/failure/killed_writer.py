"""A program that writes to a store until it is killed, again and again.

It forks a writer for each line on its standard input, which names a round. The writer
prints its process id, then the number of each original that the store has
acknowledged; when it is dead the program prints `dead`.
"""

from __future__ import annotations

import os
import sys
from itertools import count
from pathlib import Path
from random import Random

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore


def original(number: int, round_: int) -> Original:
    """Return what a writer puts; some take many pages of the file."""
    size = Random(1000 * round_ + number).choice((10, 3_000, 9_000, 120_000))  # noqa: S311 - no secret
    text = f"{round_}/{number} "
    return Original.of((text * (size // len(text) + 1))[:size] + text)


def say(word: object) -> None:
    """Write a line at once."""
    os.write(sys.stdout.fileno(), f"{word}\n".encode())


def write(path: Path, round_: int) -> None:
    """Put originals for as long as the process lives."""
    say(os.getpid())
    store = SqliteCCRStore(path)
    for number in count():
        store.put(original(number, round_))
        say(number)


def main() -> None:
    """Fork a writer for each round and wait for its end."""
    path = Path(sys.argv[1])
    for line in sys.stdin:
        writer = os.fork()
        if writer == 0:
            write(path, int(line))
        os.waitpid(writer, 0)
        say("dead")


if __name__ == "__main__":
    main()
