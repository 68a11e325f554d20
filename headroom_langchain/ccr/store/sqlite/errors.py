"""What can go wrong with the file of a store, and what to do about it."""

from __future__ import annotations

import errno
import sqlite3
from typing import TYPE_CHECKING, Final

from headroom_langchain.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

_PRIMARY: Final = 0xFF
"""SQLite notes in the higher bits what exactly went wrong."""

_READ_ONLY: Final = (
    "it is read-only: make the file and its folder writable, or name another file"
)
_FULL: Final = "free some room on its disk"
_DAMAGED: Final = (
    "it is damaged: move it away, together with its -wal and -shm, and an empty one is "
    "made in its place; what calls need is stored again"
)
_NO_STORE: Final = (
    "check that the file is a store: name another one, or if it was one, move it away "
    "together with its -wal and -shm"
)
_REMEDIES: Final = {
    sqlite3.SQLITE_BUSY: "another process writes for long: give a longer `timeout`",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_NOTADB: _NO_STORE,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
}
_REMEDIES_OF_FILES: Final = {
    errno.EACCES: _READ_ONLY,
    errno.ENOSPC: _FULL,
    errno.EPERM: _READ_ONLY,
    errno.EROFS: _READ_ONLY,
}
_OTHERWISE: Final = (
    "check that the file is a store, that its folder exists and can be written, and "
    "that the disk is not full"
)
_UNWRITABLE: Final = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)


def explained(error: sqlite3.Error | OSError, path: Path) -> StoreError:
    """Return the error that names the file and the remedy."""
    if isinstance(error, OSError):
        remedy = _REMEDIES_OF_FILES.get(error.errno or 0, _OTHERWISE)
    else:
        remedy = _REMEDIES.get(_code(error), _OTHERWISE)
    return StoreError(f"the store {str(path)!r} failed: {error}; {remedy}")


def opened_for_reading() -> sqlite3.OperationalError:
    """Return what SQLite raises when a file that can only be read is to be written."""
    error = sqlite3.OperationalError("attempt to write a readonly database")
    error.sqlite_errorcode = sqlite3.SQLITE_READONLY
    return error


def is_read_only(error: sqlite3.Error | OSError) -> bool:
    """Tell whether a connection can only read."""
    return isinstance(error, sqlite3.Error) and _code(error) == sqlite3.SQLITE_READONLY


def cannot_write(error: sqlite3.Error | OSError) -> bool:
    """Tell whether the file may be readable all the same."""
    if isinstance(error, OSError):
        return error.errno in _REMEDIES_OF_FILES
    return _code(error) in _UNWRITABLE


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether another process keeps this one out for a moment."""
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _code(error: sqlite3.Error) -> int:
    """Return the primary code, -1 for an error of Python's module."""
    code: int = getattr(error, "sqlite_errorcode", -1)
    return code if code < 0 else code & _PRIMARY
