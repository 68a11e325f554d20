"""What is remembered of requests: the last ones, and sums by minute."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from headroom_langchain.serve.operations.entry import Entry
from headroom_langchain.serve.operations.figures import (
    MINUTES,
    NOTHING,
    Sums,
    added,
    figures_of,
    minute_of,
)

RECENT: Final = 200
"""Requests that are remembered one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What a journal has."""

    name: str
    """Of the journal: with another name, its numbers begin anew."""
    since: float
    """When it began, in seconds since 1970."""
    last: int
    """The number of the newest request; 0 when there was none."""
    recent: Sequence[Entry]
    """The last requests behind a number, the newest first."""
    sums: Sums
    minutes: Mapping[int, Sums]
    """Sums by minute, of a day at most."""
    in_flight: int


class Journal(Protocol):
    """Remembers requests."""

    def began(self) -> None:
        """Note that a request has come."""
        ...

    def ended(self, entry: Entry, namespace: str) -> None:
        """Note that it is over.

        Args:
            entry: What is remembered of it.
            namespace: Whose originals it has.
        """
        ...

    def remembered(self, after: int = 0) -> Remembered:
        """Return what is remembered; it may read a file.

        Args:
            after: The number behind which requests are told; beyond the newest, all.

        Raises:
            StoreError: It could not be read.
        """
        ...

    def namespace(self, request: str, key: str) -> str | None:
        """Return whose original a request hid under a key; `None` when it did not.

        Raises:
            StoreError: It could not be read.
        """
        ...

    def close(self) -> None:
        """Write down what is not yet written."""
        ...


class MemoryJournal:
    """A journal of one process."""

    def __init__(self, recent: int = RECENT) -> None:
        """Begin with nothing.

        Args:
            recent: How many requests are remembered one by one.
        """
        self._name = secrets.token_hex(4)
        self._since = time.time()
        self._lock = threading.Lock()
        self._recent: deque[tuple[Entry, str]] = deque(maxlen=recent)
        self._last = 0
        self._sums = NOTHING
        self._minutes: dict[int, Sums] = {}
        self._in_flight = 0

    def began(self) -> None:
        """Note that a request has come."""
        with self._lock:
            self._in_flight += 1

    def ended(self, entry: Entry, namespace: str) -> None:
        """Note that it is over."""
        figures = figures_of(entry)
        minute = minute_of(entry["at"] + entry["seconds"])
        with self._lock:
            self._in_flight -= 1
            self._last += 1
            self._recent.append((entry, namespace))
            self._sums = added(self._sums, figures)
            self._minutes[minute] = added(self._minutes.get(minute, NOTHING), figures)
            if len(self._minutes) > MINUTES:
                del self._minutes[min(self._minutes)]

    def remembered(self, after: int = 0) -> Remembered:
        """Return what is remembered."""
        with self._lock:
            new = self._last - after if 0 <= after <= self._last else self._last
            entries = [entry for entry, _ in reversed(self._recent)][:new]
            return Remembered(
                name=self._name,
                since=self._since,
                last=self._last,
                recent=entries,
                sums=self._sums,
                minutes=dict(self._minutes),
                in_flight=self._in_flight,
            )

    def namespace(self, request: str, key: str) -> str | None:
        """Return whose original a request hid under a key."""
        with self._lock:
            kept = list(self._recent)
        return next(
            (place for entry, place in kept if has_hidden(entry, request, key)), None
        )

    def close(self) -> None:
        """Do nothing: there is nothing to write."""


def has_hidden(entry: Entry, request: str, key: str) -> bool:
    """Tell whether an entry is of a request that hid an original under a key."""
    return entry["id"] == request and any(
        hidden["key"] == key for hidden in entry["hidden"]
    )
