"""A journal that several processes keep in one SQLite file.

Requests are handed to a thread of the journal, which writes all that has gathered in
one transaction. When a write fails, what it should have written is gone, and a line of
the log says so: no request waits for the journal, or fails with it.
"""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from headroom_langchain.errors import StoreError
from headroom_langchain.serve.operations import journal_file
from headroom_langchain.serve.operations.entry import Entry
from headroom_langchain.serve.operations.journal import RECENT, Remembered, has_hidden
from headroom_langchain.serve.operations.journal_file import Written
from headroom_langchain.serve.operations.request_log import log_event

_GATHER: Final = 0.1
"""Seconds that requests gather before they are written."""
_HEARTBEAT: Final = 5.0
"""Seconds after which a process with open requests says that it is alive."""
_WAITING: Final = 5000
"""Requests that may wait to be written; older ones are dropped."""
_CLOSING: Final = 2.0
"""Seconds that the end of a process waits for its last requests."""


class SharedJournal:
    """A journal in a file, shared by all processes that name it."""

    def __init__(self, path: str | os.PathLike[str], recent: int = RECENT) -> None:
        """Open the file, which is made if need be.

        Args:
            path: The file; its folder must be there. Only its owner can read it.
            recent: How many requests it remembers one by one.

        Raises:
            StoreError: It cannot be written, or is a file of something else.
        """
        self._path = Path(path)
        self._recent = recent
        self._waiting: deque[Written | threading.Event] = deque(maxlen=_WAITING)
        self._wake, self._hurry = threading.Event(), threading.Event()
        self._in_flight = 0
        self._closed = False
        self._failing = False
        self._thread: threading.Thread | None = None
        self._process = 0
        self._worker = ""
        try:
            with closing(journal_file.opened(self._path)) as connection:
                journal_file.prepare(connection)
        except (sqlite3.Error, OSError) as error:
            raise self._explained(error) from error

    def began(self) -> None:
        """Note that a request has come."""
        self._here()
        self._in_flight += 1
        self._written_soon()

    def ended(self, entry: Entry, namespace: str) -> None:
        """Note that it is over."""
        self._here()
        self._in_flight -= 1
        self._waiting.append((entry, namespace))
        self._written_soon()

    def remembered(self, after: int = 0) -> Remembered:
        """Return what is remembered of all processes.

        Raises:
            StoreError: The file could not be read.
        """
        try:
            with closing(journal_file.opened(self._path)) as connection:
                alive = time.time() - 3 * _HEARTBEAT
                return journal_file.remembered(connection, after, alive=alive)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise self._explained(error) from error

    def namespace(self, request: str, key: str) -> str | None:
        """Return whose original a request hid under a key.

        Raises:
            StoreError: The file could not be read.
        """
        try:
            with closing(journal_file.opened(self._path)) as connection:
                found = journal_file.request(connection, request)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise self._explained(error) from error
        return next(
            (place for one, place in found if has_hidden(one, request, key)), None
        )

    def flush(self, seconds: float = _CLOSING) -> bool:
        """Wait until what has come so far is written; returns whether it is."""
        self._here()
        done = threading.Event()
        self._waiting.append(done)
        self._hurry.set()
        self._written_soon()
        return done.wait(seconds)

    def close(self) -> None:
        """Write down what is not yet written, and end."""
        if self._thread is not None and self._process == os.getpid():
            self.flush()
            self._closed = True
            self._written_soon()
            self._thread.join(_CLOSING)

    def _written_soon(self) -> None:
        if not self._wake.is_set():
            self._wake.set()

    def _here(self) -> None:
        """Begin to write in this process, when it has not yet begun.

        Threads are not carried over a fork, and what waits is the parent's to write.
        """
        process = os.getpid()
        if self._process == process:
            return
        self._process = process
        self._worker = f"{process}-{secrets.token_hex(4)}"
        self._waiting.clear()
        self._wake, self._hurry = threading.Event(), threading.Event()
        self._in_flight = 0
        self._thread = threading.Thread(
            target=self._write_on, name="headroom-journal", daemon=True
        )
        self._thread.start()

    def _write_on(self) -> None:
        connection: sqlite3.Connection | None = None
        while not self._closed:
            self._wake.wait(_HEARTBEAT if self._in_flight else None)
            self._hurry.wait(_GATHER)
            self._wake.clear()
            self._hurry.clear()
            gathered = [self._waiting.popleft() for _ in range(len(self._waiting))]
            entries = [one for one in gathered if isinstance(one, tuple)]
            connection = self._written(connection, entries)
            for one in gathered:
                if isinstance(one, threading.Event):
                    one.set()
        if connection is not None:
            connection.close()

    def _written(
        self, connection: sqlite3.Connection | None, entries: Sequence[Written]
    ) -> sqlite3.Connection | None:
        """Write requests; returns the connection, unless it is of no more use."""
        try:
            connection = connection or journal_file.opened(self._path)
            doing = (self._worker, 0 if self._closed else self._in_flight)
            journal_file.write(connection, entries, doing, recent=self._recent)
        except (sqlite3.Error, OSError) as error:
            # One line for a disk that is full, not ten in a second.
            if not self._failing:
                told = str(self._explained(error))
                log_event(logging.WARNING, "journal not written", told)
            self._failing = True
            if connection is not None:
                connection.close()
            return None
        self._failing = False
        return connection

    def _explained(self, error: Exception) -> StoreError:
        told = f"the journal {str(self._path)!r} cannot be used: {error}"
        return StoreError(f"{told}; name another file, or move this one away")
