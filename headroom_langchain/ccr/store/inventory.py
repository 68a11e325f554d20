"""What a store holds, told without the contents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An original in a store, without its content."""

    namespace: str
    key: str
    size: int
    """Bytes of the content as UTF-8, before anything is done to it at rest."""
    used: float
    """When it was last put or got, in seconds of the store's clock; some stores
    note it only once in a while."""
    kind: str
    """How it was understood when it was compressed, such as `logs`."""
    tool: str | None = None
    """The name of the tool that wrote it, if known."""
    expired: bool = False
    """Whether it outlived the store's `ttl`: no `get` returns it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStats:
    """What a store holds, in numbers; what has expired counts only as `expired`."""

    originals: int
    bytes: int
    """Bytes of their contents as UTF-8."""
    namespaces: int
    expired: int
    """Originals that wait for `sweep`."""
    oldest_use: float | None
    """When the original next to be evicted was last used, by the store's clock."""

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """Count entries."""
        originals = total = expired = 0
        namespaces: set[str] = set()
        oldest: float | None = None
        for entry in entries:
            if entry.expired:
                expired += 1
                continue
            originals += 1
            total += entry.size
            namespaces.add(entry.namespace)
            oldest = entry.used if oldest is None else min(oldest, entry.used)
        return cls(
            originals=originals,
            bytes=total,
            namespaces=len(namespaces),
            expired=expired,
            oldest_use=oldest,
        )


def doomed(entries: Iterable[Entry], *, max_bytes: int | None) -> Iterator[Entry]:
    """Yield what must go: what has expired, then what was not used for longest.

    Args:
        entries: What the store holds.
        max_bytes: Bytes of content that may stay; `None` for no limit. Of entries
            last used at the same time those listed first go first.
    """
    alive: list[Entry] = []
    for entry in entries:
        if entry.expired:
            yield entry
        else:
            alive.append(entry)
    if max_bytes is None:
        return
    total = sum(entry.size for entry in alive)
    for entry in sorted(alive, key=lambda entry: entry.used):
        if total <= max_bytes:
            return
        total -= entry.size
        yield entry
