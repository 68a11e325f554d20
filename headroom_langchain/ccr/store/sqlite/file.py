"""The file of a SQLite store: opened, shared by threads, not carried over a fork."""

from __future__ import annotations

import atexit
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.store.forking import fork_safe_lock, no_fork
from headroom_langchain.ccr.store.sqlite.errors import (
    cannot_write,
    explained,
    is_busy,
    is_read_only,
    opened_for_reading,
)
from headroom_langchain.ccr.store.sqlite.reading import open_for_reading
from headroom_langchain.ccr.store.sqlite.schema import migrate, refuse_others
from headroom_langchain.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

_RETRY_SECONDS: Final = 0.02
_EXIT_SECONDS: Final = 1.0
"""How long the end of the process waits for a daemon thread that uses the file."""
_OWNER_ONLY: Final = 0o600


class StoreFile:
    """A file and the one connection that serves all threads of this process.

    Used in a `with` statement, which gives the connection to one thread at a time
    and turns errors of SQLite into `StoreError`.
    """

    def __init__(self, path: Path, timeout: float) -> None:
        """Open the file, with its tables at their newest version.

        A file that can be read but not written is opened for reading.

        Args:
            path: The file; it is created readable by its owner only.
            timeout: Seconds to wait for another process that is writing.

        Raises:
            StoreError: The file cannot be opened, is no SQLite file, is a database
                of something else, or was written by a newer version of this package.
        """
        self._path = path
        self._timeout = timeout
        self._lock = fork_safe_lock()
        self._users: set[int] = set()
        self._closed = False
        self._read_only = False
        self._connection: sqlite3.Connection | None = None
        self._finalizer: weakref.finalize[..., StoreFile] | None = None
        with no_fork, self:
            _open_files.add(self)

    def __enter__(self) -> sqlite3.Connection:
        """Wait for the connection and return it."""
        self._users.add(threading.get_ident())
        self._lock.acquire()
        if self._connection is not None:
            return self._connection
        try:
            return self._open()
        except (sqlite3.Error, OSError) as error:
            self._release()
            raise explained(error, self._path) from error
        except BaseException:  # whoever interrupts must not leave it locked
            self._release()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the next thread have the connection."""
        self._release()
        if isinstance(error, (sqlite3.Error, OSError)):
            self._read_only = self._read_only or is_read_only(error)
            raise explained(error, self._path) from error

    @property
    def read_only(self) -> bool:
        """Whether the file could not be written when that was tried last."""
        return self._read_only

    @property
    def in_use_here(self) -> bool:
        """Whether this very thread has the connection, so that it would wait for ever.

        That is so in what the garbage collector calls at any moment.
        """
        return threading.get_ident() in self._users

    @contextmanager
    def transaction(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Write all or nothing.

        Raises:
            OperationalError: The file could only be opened for reading.
        """
        if self._read_only:
            raise opened_for_reading()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:  # an interrupted transaction must end, too
            # When the disk is full SQLite has gone back already.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    @contextmanager
    def waiting(self, connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
        """Wait no longer than this for another process that is writing."""
        if self._timeout <= seconds:
            yield
            return
        connection.execute(f"PRAGMA busy_timeout = {int(1000 * seconds)}")
        try:
            yield
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(1000 * self._timeout)}")

    def retry_writing(self) -> None:
        """Open the file again if it could not be written: perhaps it can be now."""
        if self._read_only:
            with self._lock:
                self._drop()

    def close(self) -> None:
        """Close the file; using it afterwards is an error."""
        with self._lock:
            self._closed = True
            self._drop()

    def _release(self) -> None:
        self._lock.release()
        self._users.discard(threading.get_ident())

    def _open(self) -> sqlite3.Connection:
        if self._closed:
            msg = f"the store {str(self._path)!r} is closed; open it again"
            raise StoreError(msg)
        try:
            connection = _open_for_writing(self._path, self._timeout)
            self._read_only = False
        except (sqlite3.Error, OSError) as error:
            readable = open_for_reading(self._path) if cannot_write(error) else None
            if readable is None:
                raise
            connection, self._read_only = readable, True
        self._connection = connection
        self._finalizer = weakref.finalize(self, connection.close)
        # It asks nobody whether a thread still uses the connection; `_at_exit` does.
        self._finalizer.atexit = False
        return connection

    def _drop(self) -> None:
        self._connection = None
        if self._finalizer is not None:
            self._finalizer()

    def _close_at_exit(self) -> None:
        if self._lock.acquire(timeout=_EXIT_SECONDS):
            try:
                self._drop()
            finally:
                self._lock.release()

    def _leave_to_parent(self) -> None:
        self._users.clear()
        if self._connection is not None and self._finalizer is not None:
            self._finalizer.detach()
            _inherited.append(self._connection)
            self._connection = None


_open_files: Final[weakref.WeakSet[StoreFile]] = weakref.WeakSet()
_inherited: Final[list[sqlite3.Connection]] = []
"""Connections of the parent: SQLite allows a child neither to use nor to close them."""


def _at_exit() -> None:
    # Daemon threads run on: what SQLite is doing for one must not be closed under it.
    for file in list(_open_files):
        file._close_at_exit()


atexit.register(_at_exit)


def _in_child() -> None:
    # No thread was in the middle of SQLite: the lock of each file is a fork-safe one.
    for file in list(_open_files):
        file._leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


def _open_for_writing(path: Path, timeout: float) -> sqlite3.Connection:
    _create(path)
    connection = sqlite3.connect(
        path, timeout=timeout, isolation_level=None, check_same_thread=False
    )
    try:
        refuse_others(connection, path)
        _use_wal(connection, timeout)
        migrate(connection, path)
    except BaseException:  # nobody else would close it, whatever happened
        connection.close()
        raise
    return connection


def _create(path: Path) -> None:
    """Create an empty file with narrow rights; SQLite gives them to -wal and -shm."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _OWNER_ONLY))


def _use_wal(connection: sqlite3.Connection, timeout: float) -> None:
    """Switch to write-ahead logging.

    SQLite does not wait by itself when two processes do this at the same moment.
    """
    end = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > end:
                raise
            time.sleep(_RETRY_SECONDS)
    connection.execute("PRAGMA synchronous = NORMAL")
