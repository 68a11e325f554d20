"""Where originals are kept, by the hash of their content.

A store implements two methods, `put_many` and `get_many`; all the others follow
from them. Stores know nothing of messages or models.
"""

from __future__ import annotations

import asyncio
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

KEY_LENGTH = 24
"""Hex digits of a key: 96 bits of SHA-256."""

DEFAULT_NAMESPACE = "default"
"""The namespace of callers that name none."""


def content_key(content: str) -> str:
    """Return the key of a content: 24 hex digits of the SHA-256 of its bytes."""
    raw = content.encode("utf-8", "surrogatepass")
    return hashlib.sha256(raw).hexdigest()[:KEY_LENGTH]


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A text as the tool wrote it."""

    content: str
    """The text, to the last byte: line ends, NUL and lone surrogates included."""
    key: str
    """The key of the content, see `content_key`."""
    kind: str = "text"
    """How it was understood when it was compressed, such as `logs`."""
    tool: str | None = None
    """The name of the tool that wrote it, if known."""

    @classmethod
    def of(cls, content: str, *, kind: str = "text", tool: str | None = None) -> Self:
        """Make the original of a content, with its key."""
        return cls(content=content, key=content_key(content), kind=kind, tool=tool)


class CCRStore(ABC):
    """Keeps originals by namespace and key.

    `put_many` and `get_many` are all that a store must implement, and they must
    be safe to call from several threads at once. A namespace separates tenants:
    what was put in one is not found in another.
    """

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

    def close(self) -> None:  # noqa: B027 - a store without files has nothing to close
        """Let go of files and connections; closing twice is fine."""

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Return the store itself: copies of a model share what it kept."""
        return self

    def __enter__(self) -> Self:
        """Use the store in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store at the end of the block."""
        self.close()
