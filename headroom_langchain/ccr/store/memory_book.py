"""The book of a store in memory: sums by tenant and topic, of all days together."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Final

from headroom_langchain.ccr.store.figures import Figures, Line, Topic
from headroom_langchain.ccr.store.forking import fork_safe_lock

MOST_LINES: Final = 10_000
"""Lines that are kept; those that were not added to for longest go first."""


class MemoryBook:
    """Adds figures up, for any number of threads."""

    def __init__(self) -> None:
        """Begin empty."""
        self._lock = fork_safe_lock()
        self._new: deque[tuple[str, dict[Topic, Figures]]] = deque()
        self._sums: OrderedDict[tuple[str, Topic], Figures] = OrderedDict()

    def add(self, figures: Mapping[Topic, Figures], namespace: str) -> None:
        """Add figures to the lines of a tenant, now or with those added next.

        It never waits: the garbage collector may end a call anywhere, also in a
        thread that has the lock.
        """
        self._new.append((namespace, dict(figures)))
        if self._lock.acquire(blocking=False):
            try:
                self._add_up()
            finally:
                self._lock.release()

    def lines(self, namespace: str | None) -> tuple[Line, ...]:
        """Return the lines of a tenant, `None` for those of all."""
        with self._lock:
            self._add_up()
            there = list(self._sums.items())
        return tuple(
            Line(namespace=place, day="", topic=topic, figures=figures)
            for (place, topic), figures in there
            if namespace is None or place == namespace
        )

    def _add_up(self) -> None:
        while self._new:
            namespace, figures = self._new.popleft()
            for topic, new in figures.items():
                place = (namespace, topic)
                there = self._sums.get(place)
                self._sums[place] = new if there is None else there + new
                self._sums.move_to_end(place)
        while len(self._sums) > MOST_LINES:
            self._sums.popitem(last=False)
