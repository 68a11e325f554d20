"""Stores whose book is wrong in one way each, and the laws that notice."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from plain_store import Book, PlainStore

from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE
from headroom_langchain.ccr.store.figures import Figures, Line, Topic


class KeepsTheLastFigures(PlainStore):
    """Writes over what was there."""

    def added(self, there: Figures, new: Figures) -> Figures:
        return new


class HasOneBookForAll(PlainStore):
    """Shows a tenant the figures of all."""

    def figures(self, *, namespace: str | None = None) -> tuple[Line, ...]:
        return super().figures()


class ReadsThenWrites(PlainStore):
    """Takes no lock between reading a sum and writing it."""

    def add_figures(
        self,
        figures: Mapping[Topic, Figures],
        *,
        namespace: str = DEFAULT_NAMESPACE,
    ) -> None:
        for topic, new in figures.items():
            there = self.book.get((namespace, topic), Figures())
            time.sleep(0.001)
            self.book[namespace, topic] = there + new


class ForgetsFiguresToo(PlainStore):
    """Clears the book with the originals."""

    def delete_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        super().delete_many(keys, namespace=namespace)
        self.book.clear()


class HasABookOfItsOwn(PlainStore):
    """Shares originals with others, and no figures."""

    @property
    def book(self) -> Book:
        own: Book = self.__dict__.setdefault("own", {})
        return own


MISCOUNTING: Final[tuple[tuple[type[PlainStore], str], ...]] = (
    (KeepsTheLastFigures, "adds_figures_up"),
    (HasOneBookForAll, "keeps_the_figures_of_namespaces_apart"),
    (ReadsThenWrites, "adds_figures_of_several_threads"),
    (ForgetsFiguresToo, "keeps_figures_of_what_is_forgotten"),
    (HasABookOfItsOwn, "shares_figures_with_later_stores"),
)
