"""The store that the laws look at: how it is opened, and what it can do."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from headroom_langchain.ccr.store.base import CCRStore


class Capability(StrEnum):
    """What a store may be able to do beyond putting and getting."""

    LISTING = "listing"
    """`entries` lists what is kept, so `stats` and `export_to` work."""
    FORGETTING = "forgetting"
    """`delete_many` forgets, so with listing `sweep` works."""
    EXPIRY = "expiry"
    """What was neither put nor got for `ttl` seconds of the clock is gone."""
    EVICTION = "eviction"
    """Of more than `max_bytes`, what was not used for longest goes."""
    FIGURES = "figures"
    """`add_figures` adds what calls saved to a book that `figures` returns."""
    SHARING = "sharing"
    """Stores of one folder share what they keep, at once or one after another."""
    PROCESSES = "processes"
    """So do those of several processes."""


@dataclass(slots=True)
class SetClock:
    """A clock that stands still until it is set."""

    now: float = 1_000_000.0
    """The time in seconds."""

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The store that a law asks for."""

    folder: Path
    """Stands for the data: a new one is an empty store, the same one the same data.
    It exists, is empty at first, and its last part is a name that was never used."""
    clock: SetClock = field(default_factory=SetClock)
    """The time in seconds; only stores that forget by time need it."""
    ttl: float | None = None
    """Seconds after which what was not used is gone; only asked of stores with
    `Capability.EXPIRY`."""
    max_bytes: int | None = None
    """Bytes that are kept at most; only asked of stores with
    `Capability.EVICTION`."""


OpenStore: TypeAlias = Callable[
    [Wanted],
    AbstractContextManager[CCRStore] | AbstractAsyncContextManager[CCRStore],
]
"""Opens the store that is wanted: returns it, or a context manager that gives it,
synchronous or asynchronous. A store that lives on an event loop needs the latter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreUnderTest:
    """How a store is opened, and what it says it can do."""

    open: OpenStore
    """Opens the store. With `Capability.PROCESSES` a function at the top of a
    module, since other processes call it too."""
    supports: AbstractSet[Capability] = frozenset()
    """What it can do; the laws of anything else are skipped."""
    name: str = ""
    """Its name in the report; that of `open` if it is empty."""
    timeout: float = 60.0
    """Seconds after which a law that has not come to its end is broken."""

    def __str__(self) -> str:
        """Return the name of the store."""
        return self.name or getattr(self.open, "__name__", repr(self.open))
