"""A store that keeps every law, in few lines that are easily broken."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, Original
from headroom_langchain.ccr.store.figures import Figures, Line, Topic
from headroom_langchain.ccr.store.inventory import Entry
from headroom_langchain.errors import KeyCollisionError, StoreError
from headroom_langchain.testing.store_laws import Wanted


@dataclass(slots=True)
class Row:
    """An original and when it was last used."""

    original: Original
    used: float


Place = tuple[str, str]
Rows = dict[Place, Row]
DISK: dict[Path, Rows] = {}
"""What stores of this process keep, by folder."""
Book = dict[tuple[str, Topic], Figures]
BOOKS: dict[Path, Book] = {}
"""What they count, by folder."""


class PlainStore(CCRStore):
    """Keeps every law; its rows stand in the order of their last use."""

    keeps_figures = True

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.rows = DISK.setdefault(wanted.folder, {})
        self.lock = threading.RLock()

    def put_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        with self.lock:
            for original in originals:
                self.put_one((self.place(namespace), original.key), original)

    def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        with self.lock:
            found = {}
            for key in keys:
                place = (self.place(namespace), key)
                row = self.alive(place)
                if row is not None:
                    self.got(place, row)
                    found[key] = self.read(row.original)
            return found

    def entries(self, *, namespace: str | None = None) -> Iterator[Entry]:
        with self.lock:
            rows = list(self.rows.items())
        for (place, key), row in rows:
            if namespace is None or place == self.place(namespace):
                yield Entry(
                    namespace=place,
                    key=key,
                    size=self.size(row.original),
                    used=row.used,
                    kind=row.original.kind,
                    tool=row.original.tool,
                    expired=self.expired(row),
                )

    def delete_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        with self.lock:
            for key in keys:
                self.rows.pop((self.place(namespace), key), None)

    @property
    def book(self) -> Book:
        return BOOKS.setdefault(self.wanted.folder, {})

    def add_figures(
        self,
        figures: Mapping[Topic, Figures],
        *,
        namespace: str = DEFAULT_NAMESPACE,
    ) -> None:
        with self.lock:
            for topic, new in figures.items():
                there = self.book.get((namespace, topic), Figures())
                self.book[namespace, topic] = self.added(there, new)

    def added(self, there: Figures, new: Figures) -> Figures:
        return there + new

    def figures(self, *, namespace: str | None = None) -> tuple[Line, ...]:
        with self.lock:
            return tuple(
                Line(namespace=place, day="", topic=topic, figures=figures)
                for (place, topic), figures in self.book.items()
                if namespace is None or place == namespace
            )

    def put_one(self, place: Place, original: Original) -> None:
        there = self.alive(place)
        if there is not None:
            if there.original.content != original.content:
                raise KeyCollisionError(original.key)
            self.put_again(place, there, original)
            return
        if self.too_large(original):
            raise StoreError(original.key)
        self.rows[place] = Row(original, self.wanted.clock())
        self.use(place, self.rows[place])
        self.evict()

    def alive(self, place: Place) -> Row | None:
        row = self.rows.get(place)
        return None if row is None or self.expired(row) else row

    def evict(self) -> None:
        limit = self.wanted.max_bytes
        while limit is not None and self.total() > limit:
            self.rows.pop(self.victim())

    def use(self, place: Place, row: Row) -> None:
        row.used = self.wanted.clock()
        self.rows[place] = self.rows.pop(place)

    def put_again(self, place: Place, row: Row, original: Original) -> None:
        self.use(place, row)

    def got(self, place: Place, row: Row) -> None:
        self.use(place, row)

    def place(self, namespace: str) -> str:
        return namespace

    def read(self, original: Original) -> Original:
        return original

    def size(self, original: Original) -> int:
        return len(original.content.encode("utf-8", "surrogatepass"))

    def too_large(self, original: Original) -> bool:
        limit = self.wanted.max_bytes
        return limit is not None and self.size(original) > limit

    def expired(self, row: Row) -> bool:
        return self.wanted.ttl is not None and self.age(row) >= self.wanted.ttl

    def age(self, row: Row) -> float:
        return self.wanted.clock() - row.used

    def total(self) -> int:
        return sum(self.size(row.original) for row in self.rows.values())

    def victim(self) -> Place:
        return next(iter(self.rows))
