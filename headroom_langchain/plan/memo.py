"""Results that were computed before, the least recently used forgotten first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memo(Generic[T]):
    """Remembers results by key, up to a total size; safe between threads."""

    def __init__(self, *, max_size: int = 64 * 2**20) -> None:
        """Start empty.

        Args:
            max_size: Sum of the sizes that may be remembered, 64 Mi by default.
        """
        self._max_size = max_size
        self._size = 0
        self._entries: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        """Return what is remembered under a key, or `None`."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: Hashable, value: T, *, size: int) -> None:
        """Remember a value; one larger than the whole memory is not kept."""
        if size > self._max_size:
            return
        with self._lock:
            if key in self._entries:
                self._size -= self._entries.pop(key)[1]
            self._entries[key] = (value, size)
            self._size += size
            while self._size > self._max_size:
                _, (_, freed) = self._entries.popitem(last=False)
                self._size -= freed
