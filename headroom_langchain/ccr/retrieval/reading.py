"""Originals, read so that they can be searched; those asked for lately only once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from headroom_langchain.ccr.retrieval.search import Index
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.memo import Memo
from headroom_langchain.structure.passages import read_document

Read: TypeAlias = Callable[[Original], Index]
"""Reads an original."""

_CHARACTERS: Final = 4 * 2**20


def read_index(original: Original) -> Index:
    """Read an original."""
    return Index(read_document(original.content))


class RememberedIndexes:
    """Reads originals, and those asked for lately only once."""

    def __init__(self) -> None:
        """Start with none; at most 4 Mi characters of originals are remembered."""
        self._indexes: Memo[Index] = Memo(max_size=_CHARACTERS)

    def __call__(self, original: Original) -> Index:
        """Return the index of an original."""
        index = self._indexes.get(original.key)
        if index is None:
            index = read_index(original)
            size = len(original.content)
            self._indexes.put(original.key, index, size=size)
        return index
