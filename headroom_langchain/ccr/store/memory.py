"""A store in the memory of this process."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, Original
from headroom_langchain.ccr.store.figures import Figures, Line, Topic
from headroom_langchain.ccr.store.forking import fork_safe_lock
from headroom_langchain.ccr.store.inventory import Entry, doomed
from headroom_langchain.ccr.store.limits import check_limits, collision, too_large
from headroom_langchain.ccr.store.memory_book import MemoryBook
from headroom_langchain.ccr.store.original import content_bytes

DEFAULT_MAX_BYTES: Final = 256 * 2**20
"""How many bytes of content a store in memory keeps unless told otherwise."""


@dataclass(slots=True)
class _Entry:
    original: Original
    size: int
    used: float


class InMemoryCCRStore(CCRStore):
    """Keeps originals in memory; what was not used for longest goes first.

    Its async methods run where they are called, without a thread, since nothing
    in them waits.
    """

    def __init__(
        self,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        ttl: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        keep_figures: bool = False,
    ) -> None:
        """Make an empty store.

        Args:
            max_bytes: Bytes of content that are kept at most, counted as UTF-8.
            ttl: Seconds after which an original that was neither put nor got is
                forgotten; `None` to keep it.
            clock: Returns the time in seconds.
            keep_figures: Whether each call adds what it saved to a book, which lives
                as long as the process and knows no days.

        Raises:
            ConfigurationError: `max_bytes` or `ttl` is not positive.
        """
        check_limits(max_bytes=max_bytes, ttl=ttl)
        self._max_bytes = max_bytes
        self._ttl = ttl
        self._clock = clock
        self._lock = fork_safe_lock()
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._bytes = 0
        self.keeps_figures = keep_figures
        self._book = MemoryBook()

    def __reduce__(self) -> tuple[Callable[[], InMemoryCCRStore], tuple[()]]:
        """Pickle the settings: in another process the store begins empty."""
        return partial(
            InMemoryCCRStore,
            max_bytes=self._max_bytes,
            ttl=self._ttl,
            keep_figures=self.keeps_figures,
        ), ()

    def __len__(self) -> int:
        """Return how many originals are kept, over all namespaces."""
        with self._lock:
            self._forget_expired(self._clock())
            return len(self._entries)

    def put_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Keep originals; see `CCRStore.put_many`.

        Raises:
            KeyCollisionError: A different content is stored under the same key.
            StoreError: An original is larger than `max_bytes`.
        """
        with self._lock:
            now = self._clock()
            self._forget_expired(now)
            for original in originals:
                self._put(namespace, original, now)

    def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        """Return the originals that are there; see `CCRStore.get_many`."""
        found: dict[str, Original] = {}
        with self._lock:
            now = self._clock()
            self._forget_expired(now)
            for key in keys:
                entry = self._entries.get((namespace, key))
                # Where the clock went back, not all that has expired comes first.
                if entry is not None and not self._expired(entry, now):
                    self._use((namespace, key), entry, now)
                    found[key] = entry.original
        return found

    def entries(self, *, namespace: str | None = None) -> Iterator[Entry]:
        """Return what is kept, least recently used first; see `CCRStore.entries`."""
        with self._lock:
            kept = list(self._entries.items())
        return self._listed(kept, namespace)

    def delete_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Forget originals; see `CCRStore.delete_many`."""
        with self._lock:
            for key in keys:
                self._forget((namespace, key))

    def sweep(
        self, *, namespace: str | None = None, max_bytes: int | None = None
    ) -> int:
        """Forget what has expired, then what was not used for longest.

        Nothing that is put or got in the meantime is forgotten; see `CCRStore.sweep`.
        """
        with self._lock:
            there = self._listed(self._entries.items(), namespace)
            going = list(doomed(there, max_bytes=max_bytes))
            for entry in going:
                self._forget((entry.namespace, entry.key))
        return len(going)

    async def aput_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Keep originals, without a thread."""
        self.put_many(originals, namespace=namespace)

    async def aget_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        """Return the originals that are there, without a thread."""
        return self.get_many(keys, namespace=namespace)

    def add_figures(
        self,
        figures: Mapping[Topic, Figures],
        *,
        namespace: str = DEFAULT_NAMESPACE,
    ) -> None:
        """Add what a call saved to the book; see `CCRStore.add_figures`."""
        if self.keeps_figures:
            self._book.add(figures, namespace)

    async def aadd_figures(
        self,
        figures: Mapping[Topic, Figures],
        *,
        namespace: str = DEFAULT_NAMESPACE,
    ) -> None:
        """Add what a call saved, without a thread."""
        self.add_figures(figures, namespace=namespace)

    def figures(self, *, namespace: str | None = None) -> tuple[Line, ...]:
        """Return the lines of the book; see `CCRStore.figures`."""
        if not self.keeps_figures:
            return super().figures(namespace=namespace)
        return self._book.lines(namespace)

    def _put(self, namespace: str, original: Original, now: float) -> None:
        place = (namespace, original.key)
        entry = self._entries.get(place)
        if entry is not None:
            if entry.original.content != original.content:
                raise collision(original.key)
            self._use(place, entry, now)
            return
        size = len(content_bytes(original.content))
        if size > self._max_bytes:
            raise too_large(original.key, size, self._max_bytes)
        self._entries[place] = _Entry(original, size, now)
        self._bytes += size
        while self._bytes > self._max_bytes:
            self._forget(next(iter(self._entries)))

    def _use(self, place: tuple[str, str], entry: _Entry, now: float) -> None:
        entry.used = now
        self._entries.move_to_end(place)

    def _listed(
        self, kept: Iterable[tuple[tuple[str, str], _Entry]], namespace: str | None
    ) -> Iterator[Entry]:
        now = self._clock()
        for (place, key), entry in kept:
            if namespace is None or place == namespace:
                yield Entry(
                    namespace=place,
                    key=key,
                    size=entry.size,
                    used=entry.used,
                    kind=entry.original.kind,
                    tool=entry.original.tool,
                    expired=self._expired(entry, now),
                )

    def _expired(self, entry: _Entry, now: float) -> bool:
        return self._ttl is not None and now - entry.used >= self._ttl

    def _forget_expired(self, now: float) -> None:
        while self._entries:
            oldest, entry = next(iter(self._entries.items()))
            if not self._expired(entry, now):
                return
            self._forget(oldest)

    def _forget(self, place: tuple[str, str]) -> None:
        entry = self._entries.pop(place, None)
        if entry is not None:
            self._bytes -= entry.size
