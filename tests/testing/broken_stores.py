"""Stores that are broken in one way each, and the required laws that notice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from plain_store import Place, PlainStore, Row

from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, Original
from headroom_langchain.ccr.store.inventory import Entry
from headroom_langchain.errors import StoreError


class ChangesLineEnds(PlainStore):
    """Reads lines as on another system."""

    def read(self, original: Original) -> Original:
        return replace(original, content=original.content.replace("\r\n", "\n"))


class CutsLargeContents(PlainStore):
    """Returns the first 64 KiB."""

    def read(self, original: Original) -> Original:
        return replace(original, content=original.content[: 2**16])


class InventsTools(PlainStore):
    """Names a tool that is unknown."""

    def read(self, original: Original) -> Original:
        return replace(original, tool=original.tool or "")


class GetsAThousand(PlainStore):
    """Leaves out what it cannot ask for at once."""

    def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        return super().get_many(keys[:1000], namespace=namespace)


class TakesTheSecondKind(PlainStore):
    """Lets a second put change what the first one said."""

    def put_again(self, place: Place, row: Row, original: Original) -> None:
        row.original = original


class IgnoresCollisions(PlainStore):
    """Says nothing of a second content."""

    def put_one(self, place: Place, original: Original) -> None:
        if self.alive(place) is None:
            super().put_one(place, original)


class LastWriterWins(PlainStore):
    """Replaces what is there."""

    def put_one(self, place: Place, original: Original) -> None:
        self.rows.pop(place, None)
        super().put_one(place, original)


class RaisesForWhatIsMissing(PlainStore):
    """Makes an error of a missing key."""

    def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        found = super().get_many(keys, namespace=namespace)
        return {key: found[key] for key in keys}


class WantsSomething(PlainStore):
    """Fails without originals."""

    def put_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        super().put_many([originals[0], *originals], namespace=namespace)


class ClosesOnce(PlainStore):
    """Fails when it is closed again."""

    closed = False

    def close(self) -> None:
        if self.closed:
            raise StoreError
        self.closed = True


class ForgetsNamespaces(PlainStore):
    """Has one namespace for all."""

    def place(self, namespace: str) -> str:
        return ""


class FoldsCase(PlainStore):
    """Takes two namespaces for one."""

    def place(self, namespace: str) -> str:
        return namespace.lower()


class FirstKindForAll(PlainStore):
    """Mixes up what namespaces say of a content."""

    def read(self, original: Original) -> Original:
        first = next(iter(self.rows.values())).original
        return replace(original, kind=first.kind)


class ListsAllNamespaces(PlainStore):
    """Lists what was not asked for."""

    def entries(self, *, namespace: str | None = None) -> Iterator[Entry]:
        return super().entries()


class DeletesEverywhere(PlainStore):
    """Forgets in all namespaces."""

    def delete_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        for place in [place for place in self.rows if place[1] in keys]:
            del self.rows[place]


class HasTwoHalves(PlainStore):
    """Keeps apart what was put with `await`."""

    async def aput_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        self.put_many(originals, namespace=f"async {namespace}")

    async def aget_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        return self.get_many(keys, namespace=f"async {namespace}")


class KeepsForEachThread(PlainStore):
    """What a thread puts only that thread finds."""

    def place(self, namespace: str) -> str:
        return f"{threading.get_ident()} {super().place(namespace)}"


class LosesUnderTasks(PlainStore):
    """What others put between the reading and the writing of a task is lost."""

    async def aput_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        before = dict(self.rows)
        await asyncio.sleep(0)
        self.put_many(originals, namespace=namespace)
        with self.lock:
            mine = [(self.place(namespace), one.key) for one in originals]
            before |= {place: self.rows[place] for place in mine if place in self.rows}
            self.rows.clear()
            self.rows.update(before)


BROKEN: Final[tuple[tuple[type[PlainStore], str], ...]] = (
    (ChangesLineEnds, "returns_exact_content"),
    (CutsLargeContents, "returns_large_content"),
    (InventsTools, "returns_exact_kind_and_tool"),
    (GetsAThousand, "keeps_many"),
    (TakesTheSecondKind, "put_twice_is_put_once"),
    (IgnoresCollisions, "first_writer_wins_a_collision"),
    (LastWriterWins, "first_writer_wins_a_collision"),
    (RaisesForWhatIsMissing, "leaves_out_what_is_missing"),
    (WantsSomething, "takes_nothing"),
    (ClosesOnce, "closes_twice"),
    (ForgetsNamespaces, "keeps_namespaces_apart"),
    (FoldsCase, "keeps_namespaces_apart"),
    (FirstKindForAll, "has_an_original_of_its_own_in_each"),
    (ListsAllNamespaces, "lists_one_namespace"),
    (DeletesEverywhere, "forgets_in_one_namespace"),
    (HasTwoHalves, "async_equals_sync"),
    (KeepsForEachThread, "serves_several_threads"),
    (LosesUnderTasks, "serves_many_tasks"),
    (HasTwoHalves, "serves_tasks_and_threads"),
    (PlainStore, "serves_several_processes"),
)
"""Each store with a law that it breaks."""
