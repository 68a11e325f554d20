"""A store in a SQLite file, for one or several processes."""

from __future__ import annotations

import logging
import math
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.store.at_rest import AtRest
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, Original
from headroom_langchain.ccr.store.figures import Figures, Line, Topic
from headroom_langchain.ccr.store.inventory import Entry, StoreStats, doomed
from headroom_langchain.ccr.store.limits import check_limits, collision, too_large
from headroom_langchain.ccr.store.original import content_bytes
from headroom_langchain.ccr.store.sqlite import book
from headroom_langchain.ccr.store.sqlite.file import StoreFile
from headroom_langchain.ccr.store.sqlite.listing import counted, listed
from headroom_langchain.ccr.store.sqlite.rows import (
    Row,
    Sealed,
    delete,
    evict,
    find,
    insert,
    seal,
    touch,
)
from headroom_langchain.errors import StoreError

if TYPE_CHECKING:
    import os

_TOUCH_SECONDS: Final = 60.0
_TOUCHES_PER_TTL: Final = 10

_BOOK_SECONDS: Final = 1.0
"""How long another process that is writing may hold up an answer for its figures."""

_FORGET_EXPIRED: Final = "DELETE FROM originals WHERE used <= ?"

_log = logging.getLogger(__name__)


class SqliteCCRStore(CCRStore):
    """Keeps originals in a SQLite file that only its owner can read.

    One connection serves all threads of the process, behind a lock; other
    processes may use the same file at the same time, children of a fork too.

    What `put` has returned for outlives the death of the process. A power cut may
    take the last puts with it, never a part of one; as long as the originals are in
    messages, the next call with them stores them again.

    A content that was damaged in the file is never returned: it counts as missing,
    is logged and removed, and can be put again. A file that cannot be written is
    read all the same.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        ttl: float | None = None,
        max_bytes: int | None = None,
        timeout: float = 10.0,
        at_rest: AtRest = AtRest(),  # noqa: B008 - it is frozen
        keep_figures: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the file, or create it with mode 0600.

        Args:
            path: The file; its folder must exist.
            ttl: Seconds after which an original that was neither put nor got is
                forgotten; `None` to keep it.
            max_bytes: Bytes of content that are kept at most, over all namespaces
                and before compression. What was not used for longest goes first,
                of several what was put first; uses are noted once a minute, or
                ten times per `ttl`. `None` for no limit.
            timeout: Seconds to wait for another process that is writing.
            at_rest: How contents are written; what was written otherwise before
                is read as long as it is in clear or of the same cipher.
            keep_figures: Whether each call adds what it saved to a table of sums,
                after its answer; they are in clear.
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
        self._at_rest = at_rest
        self._clock = clock
        self.keeps_figures = keep_figures
        self._touch = min(_TOUCH_SECONDS, (ttl or 600.0) / _TOUCHES_PER_TTL)
        self._file = StoreFile(self._path, timeout)

    def __reduce__(self) -> tuple[Callable[[], SqliteCCRStore], tuple[()]]:
        """Pickle the settings: in another process the same file is opened."""
        same = partial(
            SqliteCCRStore,
            self._path.absolute(),
            ttl=self._ttl,
            max_bytes=self._max_bytes,
            timeout=self._timeout,
            at_rest=self._at_rest,
            keep_figures=self.keeps_figures,
        )
        return same, ()

    def close(self) -> None:
        """Close the file; closing twice is fine, using it afterwards is an error."""
        self._file.close()

    def put_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Keep originals, all of them or none; see `CCRStore.put_many`.

        Raises:
            KeyCollisionError: A different content is stored under the same key.
            StoreError: The file could not be written, an original is larger than
                `max_bytes`, or one is there but encrypted by another cipher.
        """
        self._refuse_too_large(originals)
        self._file.retry_writing()
        place = content_bytes(namespace)
        with self._file as connection:
            now = self._clock()
            end = self._end(now)
            sealed: list[Sealed | None] = []
            stale = False
            for original in originals:
                row = find(connection, place, original.key, self._at_rest, end)
                there = _holds(row, original)
                sealed.append(None if there else seal(original, self._at_rest))
                stale = stale or (row is not None and now - row.used > self._touch)
            try:
                if stale or any(sealed):
                    pairs = zip(originals, sealed, strict=True)
                    self._write(connection, place, pairs, now)
            except sqlite3.Error:
                # That something was used again is not worth an error.
                if any(sealed):
                    raise

    def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        """Return the originals that are there; see `CCRStore.get_many`.

        Those that cannot be read are left out, and logged.

        Raises:
            StoreError: Nothing of what is there could be read.
        """
        place = content_bytes(namespace)
        found: dict[str, Original] = {}
        stale: list[str] = []
        failure: Exception | None = None
        with self._file as connection:
            now = self._clock()
            end = self._end(now)
            for key in dict.fromkeys(keys):
                try:
                    row = find(connection, place, key, self._at_rest, end)
                except (sqlite3.Error, StoreError) as error:
                    failure = error
                    _log.warning("%s: %s could not be read: %s", self._path, key, error)
                    continue
                if row is None or row.used <= end:
                    continue
                if row.original is None:
                    _log.warning("%s: %s is damaged, so it is missing", self._path, key)
                else:
                    found[key] = row.original
                if row.original is None or now - row.used > self._touch:
                    stale.append(key)
            if stale:
                self._look_after(connection, place, stale, now)
            if failure is not None and not found:
                raise failure
        return found

    def delete_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Forget originals, all of them or none; see `CCRStore.delete_many`."""
        self._file.retry_writing()
        place = content_bytes(namespace)
        with self._file as connection, self._file.transaction(connection):
            for key in keys:
                delete(connection, place, key)

    def entries(self, *, namespace: str | None = None) -> Iterator[Entry]:
        """Return what is kept, least recently used first; see `CCRStore.entries`."""
        with self._file as connection:
            return iter(listed(connection, namespace, self._end(self._clock())))

    def stats(self, *, namespace: str | None = None) -> StoreStats:
        """Count what is kept; see `CCRStore.stats`."""
        with self._file as connection:
            return counted(connection, namespace, self._end(self._clock()))

    def sweep(
        self, *, namespace: str | None = None, max_bytes: int | None = None
    ) -> int:
        """Forget what has expired, then what was not used for longest.

        Nothing that is put or got in the meantime is forgotten; see `CCRStore.sweep`.
        """
        self._file.retry_writing()
        with self._file as connection, self._file.transaction(connection):
            there = listed(connection, namespace, self._end(self._clock()))
            going = list(doomed(there, max_bytes=max_bytes))
            for entry in going:
                delete(connection, content_bytes(entry.namespace), entry.key)
        return len(going)

    def add_figures(
        self,
        figures: Mapping[Topic, Figures],
        *,
        namespace: str = DEFAULT_NAMESPACE,
    ) -> None:
        """Add what a call saved to the sums of today; see `CCRStore.add_figures`.

        A file that can only be read stays as it is, until a `put` can write it again.

        Raises:
            StoreError: The file could not be written, or this thread is just using
                it, as when the garbage collector ends a call in between.
        """
        if not self.keeps_figures or self._file.read_only:
            return
        if self._file.in_use_here:
            msg = f"the store {str(self._path)!r} is in use by the same thread"
            raise StoreError(msg)
        with (
            self._file as connection,
            self._file.waiting(connection, _BOOK_SECONDS),
            self._file.transaction(connection),
        ):
            book.add(connection, figures, namespace, self._clock())

    def figures(self, *, namespace: str | None = None) -> tuple[Line, ...]:
        """Return the lines of the book; see `CCRStore.figures`."""
        with self._file as connection:
            return tuple(book.lines(connection, namespace))

    def _refuse_too_large(self, originals: Sequence[Original]) -> None:
        if self._max_bytes is None:
            return
        for original in originals:
            size = len(content_bytes(original.content))
            if size > self._max_bytes:
                raise too_large(original.key, size, self._max_bytes)

    def _end(self, now: float) -> float:
        """Return the time of the last use of what expires now."""
        return -math.inf if self._ttl is None else now - self._ttl

    def _write(
        self,
        connection: sqlite3.Connection,
        place: bytes,
        originals: Iterable[tuple[Original, Sealed | None]],
        now: float,
    ) -> None:
        end = self._end(now)
        with self._file.transaction(connection):
            if self._ttl is not None:
                connection.execute(_FORGET_EXPIRED, (end,))
            for original, sealed in originals:
                key = original.key
                # Another process may have written it or forgotten it just now.
                row = find(connection, place, key, self._at_rest, end)
                if _holds(row, original):
                    touch(connection, place, key, now)
                    continue
                if row is not None:
                    delete(connection, place, key)
                new = sealed or seal(original, self._at_rest)
                insert(connection, place, key, new, now)
            if self._max_bytes is not None:
                evict(connection, self._max_bytes)

    def _look_after(
        self,
        connection: sqlite3.Connection,
        place: bytes,
        keys: Sequence[str],
        now: float,
    ) -> None:
        """Note that originals were used and remove damaged ones, if that can be."""
        end = self._end(now)
        with suppress(sqlite3.Error), self._file.transaction(connection):
            for key in keys:
                # Another process may have stored it again.
                row = find(connection, place, key, self._at_rest, end)
                if row is not None and row.original is None:
                    delete(connection, place, key)
                else:
                    touch(connection, place, key, now)


def _holds(row: Row | None, original: Original) -> bool:
    """Tell whether a row has an original, intact and not expired.

    Raises:
        KeyCollisionError: It has another one.
    """
    if row is None or row.original is None:
        return False
    if row.original.content != original.content:
        raise collision(original.key)
    return True
