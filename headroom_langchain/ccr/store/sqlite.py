"""A store in a SQLite file, for one or several processes."""

from __future__ import annotations

import hashlib
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, Original
from headroom_langchain.ccr.store.limits import check_limits, collision, too_large
from headroom_langchain.ccr.store.sqlite_file import open_file, store_errors
from headroom_langchain.errors import StoreError

if TYPE_CHECKING:
    import os
    import sqlite3

_TOUCH_SECONDS: Final = 60.0
_TOUCHES_PER_TTL: Final = 10
_KEYS_PER_SELECT: Final = 500


class SqliteCCRStore(CCRStore):
    """Keeps originals in a SQLite file that only its owner can read.

    One connection serves all threads of the process, behind a lock; other
    processes may use the same file at the same time.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        ttl: float | None = None,
        max_bytes: int | None = None,
        timeout: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the file, or create it with mode 0600.

        Args:
            path: The file; its folder must exist.
            ttl: Seconds after which an original that was neither put nor got is
                forgotten; `None` to keep it.
            max_bytes: Bytes of content that are kept at most, over all namespaces;
                what was not used for longest goes first. `None` for no limit.
            timeout: Seconds to wait for another process that is writing.
            clock: Returns the time in seconds, the same for all processes.

        Raises:
            ConfigurationError: `max_bytes` or `ttl` is not positive.
            StoreError: The file cannot be opened or is no such store.
        """
        check_limits(max_bytes=max_bytes, ttl=ttl)
        self._path = Path(path)
        self._timeout = timeout
        self._ttl = ttl
        self._max_bytes = max_bytes
        self._clock = clock
        self._touch = min(_TOUCH_SECONDS, (ttl or 600.0) / _TOUCHES_PER_TTL)
        self._lock = threading.Lock()
        connection = open_file(self._path, timeout)
        self._connection: sqlite3.Connection | None = connection
        self._finalizer = weakref.finalize(self, connection.close)

    def __reduce__(self) -> tuple[Callable[[], SqliteCCRStore], tuple[()]]:
        """Pickle the settings: in another process the same file is opened."""
        same = partial(
            SqliteCCRStore,
            self._path.absolute(),
            ttl=self._ttl,
            max_bytes=self._max_bytes,
            timeout=self._timeout,
        )
        return same, ()

    def close(self) -> None:
        """Close the file; closing twice is fine, using it afterwards is an error."""
        with self._lock:
            self._connection = None
            self._finalizer()

    def put_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Keep originals, all of them or none; see `CCRStore.put_many`.

        Raises:
            KeyCollisionError: A different content is stored under the same key.
            StoreError: The file could not be written, or an original is larger
                than `max_bytes`.
        """
        rows = [_Row(original, namespace) for original in originals]
        for row in rows:
            if self._max_bytes is not None and row.size > self._max_bytes:
                raise too_large(row.original.key, row.size, self._max_bytes)
        with self._using() as connection:
            now = self._clock()
            if rows and not self._all_fresh(connection, rows, namespace, now):
                with _transaction(connection):
                    self._write(connection, rows, now)

    def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        """Return the originals that are there; see `CCRStore.get_many`.

        Raises:
            StoreError: The file could not be read.
        """
        found: dict[str, Original] = {}
        with self._using() as connection:
            now = self._clock()
            stale: list[bytes] = []
            columns = "key, used, kind, tool, content"
            for key, used, *rest in _select(connection, columns, keys, namespace):
                if self._expired(used, now):
                    continue
                name = _text(key)
                kind, tool, content = rest
                found[name] = Original(
                    content=_text(content),
                    key=name,
                    kind=_text(kind),
                    tool=None if tool is None else _text(tool),
                )
                if now - used > self._touch:
                    stale.append(key)
            if stale:
                with _transaction(connection):
                    connection.executemany(
                        _TOUCH, [(now, _raw(namespace), key) for key in stale]
                    )
        return found

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock, store_errors(self._path):
            if self._connection is None:
                msg = f"the store {str(self._path)!r} is closed; open it again"
                raise StoreError(msg)
            yield self._connection

    def _expired(self, used: float, now: float) -> bool:
        return self._ttl is not None and now - used >= self._ttl

    def _all_fresh(
        self,
        connection: sqlite3.Connection,
        rows: Sequence[_Row],
        namespace: str,
        now: float,
    ) -> bool:
        """Tell whether all originals are there, used less than a minute ago."""
        keys = [row.original.key for row in rows]
        fresh: dict[bytes, bytes] = {
            key: digest
            for key, digest, used in _select(
                connection, "key, digest, used", keys, namespace
            )
            if now - used <= self._touch and not self._expired(used, now)
        }
        for row in rows:
            if fresh.get(row.key, row.digest) != row.digest:
                raise collision(row.original.key)
        return all(row.key in fresh for row in rows)

    def _write(
        self, connection: sqlite3.Connection, rows: Sequence[_Row], now: float
    ) -> None:
        if self._ttl is not None:
            connection.execute(
                "DELETE FROM originals WHERE used <= ?", (now - self._ttl,)
            )
        for row in rows:
            there = connection.execute(
                "SELECT digest FROM originals WHERE namespace = ? AND key = ?",
                (row.namespace, row.key),
            ).fetchone()
            if there is None:
                connection.execute(_INSERT, row.values(now))
            elif there[0] != row.digest:
                raise collision(row.original.key)
            else:
                connection.execute(_TOUCH, (now, row.namespace, row.key))
        if self._max_bytes is not None:
            _evict(connection, self._max_bytes)


_INSERT: Final = (
    "INSERT INTO originals (namespace, key, digest, size, used, kind, tool, content)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_TOUCH: Final = "UPDATE originals SET used = ? WHERE namespace = ? AND key = ?"
_OLDEST: Final = "SELECT id, size FROM originals ORDER BY used, id"


class _Row:
    """An original as the file holds it."""

    __slots__ = ("content", "digest", "key", "namespace", "original", "size")

    def __init__(self, original: Original, namespace: str) -> None:
        self.original = original
        self.namespace = _raw(namespace)
        self.key = _raw(original.key)
        self.content = _raw(original.content)
        self.digest = hashlib.sha256(self.content).digest()
        self.size = len(self.content)

    def values(self, now: float) -> tuple[bytes | float | None, ...]:
        tool = self.original.tool
        return (
            self.namespace,
            self.key,
            self.digest,
            self.size,
            now,
            _raw(self.original.kind),
            None if tool is None else _raw(tool),
            self.content,
        )


def _raw(text: str) -> bytes:
    """Return the bytes of a text; lone surrogates, which TEXT cannot hold, stay."""
    return text.encode("utf-8", "surrogatepass")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _select(
    connection: sqlite3.Connection, columns: str, keys: Sequence[str], namespace: str
) -> Iterator[tuple[Any, ...]]:
    wanted = list(dict.fromkeys(map(_raw, keys)))
    for start in range(0, len(wanted), _KEYS_PER_SELECT):
        some = wanted[start : start + _KEYS_PER_SELECT]
        places = ",".join("?" * len(some))
        # Columns are fixed names of this module, places are question marks.
        query = (
            f"SELECT {columns} FROM originals "  # noqa: S608 (see above)
            f"WHERE namespace = ? AND key IN ({places})"
        )
        yield from connection.execute(query, (_raw(namespace), *some)).fetchall()


def _evict(connection: sqlite3.Connection, max_bytes: int) -> None:
    (total,) = connection.execute(
        "SELECT COALESCE(SUM(size), 0) FROM originals"
    ).fetchone()
    if total <= max_bytes:
        return
    doomed: list[tuple[int]] = []
    for row, size in connection.execute(_OLDEST):
        if total <= max_bytes:
            break
        doomed.append((row,))
        total -= size
    connection.executemany("DELETE FROM originals WHERE id = ?", doomed)
