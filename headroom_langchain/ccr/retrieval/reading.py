"""Originals, read so that they can be searched; each one once in a process.

An index is found by the content of its original, so only who holds the content
reaches it: tenants share the work for a text that both have, and see no other.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeAlias

from headroom_langchain.ccr.retrieval.index import Index
from headroom_langchain.ccr.store.base import Original

Read: TypeAlias = Callable[[Original], Index]
"""Reads an original."""

_CHARACTERS: Final = 16 * 2**20


def read_index(original: Original) -> Index:
    """Read an original."""
    # Texts are read for nothing but searching them.
    from headroom_langchain.structure.passages import read_document

    return Index(read_document(original.content))


class RememberedIndexes:
    """Reads originals, and those asked for lately only once; safe between threads."""

    def __init__(self, *, max_characters: int = _CHARACTERS) -> None:
        """Start with none.

        Args:
            max_characters: Characters of all originals whose indexes are remembered,
                16 Mi by default; an index takes up to 12 bytes for each. The one
                asked for last is remembered, however large it is.
        """
        self._max_characters = max_characters
        self.forget()

    def forget(self) -> None:
        """Start again with none."""
        self._lock = threading.Lock()
        self._characters = 0
        self._readings: OrderedDict[str, _Reading] = OrderedDict()

    def __call__(self, original: Original) -> Index:
        """Return the index of an original; who asks while it is read waits for it.

        Raises:
            Exception: It could not be read. The next who asks tries again.
        """
        while True:
            reading, is_new = self._reading(original)
            if is_new:
                return self._read(original, reading)
            if reading.content != original.content:
                # Another text with the same hash.
                return read_index(original)
            index = reading.index.result()
            if index is not None:
                return index

    def _reading(self, original: Original) -> tuple[_Reading, bool]:
        """Return who reads an original, and whether that is yet to be done."""
        with self._lock:
            reading = self._readings.get(original.key)
            if reading is not None:
                self._readings.move_to_end(original.key)
                return reading, False
            reading = self._readings[original.key] = _Reading(original.content)
            self._characters += len(original.content)
            while self._characters > self._max_characters and len(self._readings) > 1:
                self._drop(next(iter(self._readings)))
            return reading, True

    def _read(self, original: Original, reading: _Reading) -> Index:
        index: Index | None = None
        try:
            index = read_index(original)
        finally:
            if index is None:
                with self._lock:
                    if self._readings.get(original.key) is reading:
                        self._drop(original.key)
            reading.index.set_result(index)
        return index

    def _drop(self, key: str) -> None:
        self._characters -= len(self._readings.pop(key).content)


class _Reading:
    """An original that is being read or was."""

    def __init__(self, content: str) -> None:
        self.content = content
        self.index: Future[Index | None] = Future()
        """The index, or `None` where reading failed."""


INDEXES: Final = RememberedIndexes()
"""The indexes of this process."""

if hasattr(os, "register_at_fork"):
    # A child has no thread that would finish what is being read.
    os.register_at_fork(after_in_child=INDEXES.forget)
