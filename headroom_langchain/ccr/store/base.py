"""Where originals are kept, by the hash of their content.

A store implements `put_many` and `get_many`, which are all that a call of a model
needs, and `entries` and `delete_many`, from which all housekeeping follows. Stores
know nothing of messages or models.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

from headroom_langchain.ccr.store.figures import Figures, Line, Topic
from headroom_langchain.ccr.store.inventory import Entry, StoreStats, doomed
from headroom_langchain.ccr.store.original import (
    KEY_LENGTH,
    NOTE_PREFIX,
    Original,
    content_key,
)
from headroom_langchain.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    import os

    from headroom_langchain.ccr.store.archive import Placed

__all__ = [
    "DEFAULT_NAMESPACE",
    "KEY_LENGTH",
    "CCRStore",
    "Original",
    "check_store",
    "content_key",
]

DEFAULT_NAMESPACE: Final = "default"
"""The namespace of callers that name none."""

_T = TypeVar("_T")

_BATCH: Final = 50
"""Originals that are read or written at once for an archive, at most."""
_BATCH_SIZE: Final = 4 * 2**20
"""How much of them, in bytes or characters; one that is larger goes alone."""


class CCRStore(ABC):
    """Keeps originals by namespace and key.

    `put_many` and `get_many` are all that a store must implement, and they must
    be safe to call from several threads at once. With `entries` and `delete_many`
    it can also be counted, swept and exported. A namespace separates tenants:
    what was put in one is not found in another.

    A store may also keep a book of what calls saved: with `add_figures` and
    `figures`, and `keeps_figures` true.
    """

    keeps_figures: bool = False
    """Whether calls shall tell the store what they saved."""

    @abstractmethod
    def put_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Keep originals; those that are already there count as used again.

        Raises:
            KeyCollisionError: A different content is stored under the same key.
            StoreError: The store could not be written.
        """

    @abstractmethod
    def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        """Return the originals that are there, by key; missing keys are left out.

        Raises:
            StoreError: The store could not be read.
        """

    def entries(
        self,
        *,
        namespace: str | None = None,  # noqa: ARG002 - for stores that can list
    ) -> Iterator[Entry]:
        """Yield what is kept, least recently used first, expired ones included.

        Args:
            namespace: Whose originals; `None` for those of all.

        Raises:
            StoreError: The store could not be read, or cannot list what it keeps.
        """
        msg = f"{type(self).__name__} cannot list what it keeps: implement `entries`"
        raise StoreError(msg)

    def delete_many(
        self,
        keys: Sequence[str],  # noqa: ARG002 - for stores that can forget
        *,
        namespace: str = DEFAULT_NAMESPACE,  # noqa: ARG002 - likewise
    ) -> None:
        """Forget originals; keys that are not there are no error.

        Raises:
            StoreError: The store could not be written, or cannot forget.
        """
        msg = f"{type(self).__name__} cannot forget: implement `delete_many`"
        raise StoreError(msg)

    def put(self, original: Original, *, namespace: str = DEFAULT_NAMESPACE) -> str:
        """Keep one original and return its key."""
        self.put_many([original], namespace=namespace)
        return original.key

    def get(self, key: str, *, namespace: str = DEFAULT_NAMESPACE) -> Original | None:
        """Return one original, or `None` when it is not there."""
        return self.get_many([key], namespace=namespace).get(key)

    async def aput_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Like `put_many`, in a worker thread unless the store does better."""
        await asyncio.to_thread(self.put_many, originals, namespace=namespace)

    async def aget_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        """Like `get_many`, in a worker thread unless the store does better."""
        return await asyncio.to_thread(self.get_many, keys, namespace=namespace)

    async def aput(
        self, original: Original, *, namespace: str = DEFAULT_NAMESPACE
    ) -> str:
        """Keep one original and return its key."""
        await self.aput_many([original], namespace=namespace)
        return original.key

    async def aget(
        self, key: str, *, namespace: str = DEFAULT_NAMESPACE
    ) -> Original | None:
        """Return one original, or `None` when it is not there."""
        return (await self.aget_many([key], namespace=namespace)).get(key)

    def stats(self, *, namespace: str | None = None) -> StoreStats:
        """Count what is kept.

        Args:
            namespace: Whose originals; `None` for those of all.

        Raises:
            StoreError: See `entries`.
        """
        return StoreStats.of(self.entries(namespace=namespace))

    def sweep(
        self, *, namespace: str | None = None, max_bytes: int | None = None
    ) -> int:
        """Forget what has expired, then what was not used for longest.

        A `get` never returns what has expired; sweeping frees its place.

        Args:
            namespace: Whose originals; `None` for those of all.
            max_bytes: Bytes of content that may stay; `None` for no limit.

        Returns:
            How many originals were forgotten.

        Raises:
            StoreError: See `entries` and `delete_many`.
        """
        going = doomed(self.entries(namespace=namespace), max_bytes=max_bytes)
        by_namespace: dict[str, list[str]] = {}
        for entry in going:
            by_namespace.setdefault(entry.namespace, []).append(entry.key)
        for place, keys in by_namespace.items():
            self.delete_many(keys, namespace=place)
        return sum(len(keys) for keys in by_namespace.values())

    def add_figures(  # noqa: B027 - a store without a book has nothing to do
        self,
        figures: Mapping[Topic, Figures],
        *,
        namespace: str = DEFAULT_NAMESPACE,
    ) -> None:
        """Add what a call saved to the book; a store without one does nothing.

        Args:
            figures: By topic.
            namespace: Whose call it was.

        Raises:
            StoreError: The store could not be written.
        """

    def figures(
        self,
        *,
        namespace: str | None = None,  # noqa: ARG002 - for stores with a book
    ) -> tuple[Line, ...]:
        """Return the lines of the book; `summed` adds them up.

        Args:
            namespace: Whose calls; `None` for those of all.

        Raises:
            StoreError: The store could not be read, or has no book.
        """
        msg = (
            f"{type(self).__name__} keeps no figures of what calls saved: use a "
            "SqliteCCRStore, an InMemoryCCRStore(keep_figures=True), or implement "
            "`add_figures` and `figures`"
        )
        raise StoreError(msg)

    async def aadd_figures(
        self,
        figures: Mapping[Topic, Figures],
        *,
        namespace: str = DEFAULT_NAMESPACE,
    ) -> None:
        """Add as `add_figures` does, in a worker thread unless the store does better.

        Raises:
            StoreError: The store could not be written.
        """
        await asyncio.to_thread(self.add_figures, figures, namespace=namespace)

    def export_to(
        self, path: str | os.PathLike[str], *, namespace: str | None = None
    ) -> int:
        """Write the originals to a file that `import_from` of any store reads.

        Each of them counts as used by that. Figures of what calls saved stay behind.

        Args:
            path: The file; it is replaced once the export is complete, and only
                its owner can read it. Contents stand in it in clear.
            namespace: Whose originals; `None` for those of all.

        Returns:
            How many originals were written.

        Raises:
            StoreError: The store could not be read or the file not be written.
        """
        from headroom_langchain.ccr.store.archive import write_archive

        return write_archive(Path(path), self._placed(namespace))

    def import_from(self, path: str | os.PathLike[str]) -> int:
        """Put the originals of a file that `export_to` wrote; twice does no harm.

        Returns:
            How many originals were put.

        Raises:
            StoreError: The file is damaged, and nothing was put, or the store could
                not be written.
        """
        from headroom_langchain.ccr.store.archive import read_archive

        checked = sum(1 for _ in read_archive(Path(path)))
        placed = read_archive(Path(path))
        for batch in _batches((one, len(one[1].content)) for one in placed):
            for place, group in groupby(batch, key=lambda one: one[0]):
                self.put_many([original for _, original in group], namespace=place)
        return checked

    async def astats(self, *, namespace: str | None = None) -> StoreStats:
        """Count what is kept, in a worker thread."""
        return await asyncio.to_thread(self.stats, namespace=namespace)

    async def asweep(
        self, *, namespace: str | None = None, max_bytes: int | None = None
    ) -> int:
        """Forget as `sweep` does, in a worker thread."""
        return await asyncio.to_thread(
            self.sweep, namespace=namespace, max_bytes=max_bytes
        )

    def _placed(self, namespace: str | None) -> Iterator[Placed]:
        """Yield what is kept, some originals at a time; notes are none."""
        listed = [
            entry
            for entry in self.entries(namespace=namespace)
            if not entry.key.startswith(NOTE_PREFIX)
        ]
        for place, group in groupby(listed, key=lambda entry: entry.namespace):
            for keys in _batches((entry.key, entry.size) for entry in group):
                found = self.get_many(keys, namespace=place)
                yield from ((place, original) for original in found.values())

    def close(self) -> None:  # noqa: B027 - a store without files has nothing to close
        """Let go of files and connections; closing twice is fine."""

    def __copy__(self) -> Self:
        """Return the store itself, as for a deep copy."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Return the store itself: copies of a model share what it kept."""
        return self

    def __enter__(self) -> Self:
        """Use the store in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store at the end of the block."""
        self.close()


def _batches(sized: Iterable[tuple[_T, int]]) -> Iterator[list[_T]]:
    """Yield what comes with its size, not too many nor too much of it at a time."""
    batch: list[_T] = []
    total = 0
    for one, size in sized:
        if batch and (len(batch) == _BATCH or total + size > _BATCH_SIZE):
            yield batch
            batch, total = [], 0
        batch.append(one)
        total += size
    if batch:
        yield batch


def check_store(store: object) -> None:
    """Refuse what is given for a store and is none.

    Args:
        store: What was given; `None` stands for no store.

    Raises:
        ConfigurationError: It is no `CCRStore`, as when a LangGraph store is given
            as it is.
    """
    if store is None or isinstance(store, CCRStore):
        return
    msg = (
        f"store={type(store).__name__} is no CCRStore: give a LangGraph store as "
        "LangGraphCCRStore(store), a store of bytes as ByteStoreCCRStore(store)"
    )
    raise ConfigurationError(msg)
