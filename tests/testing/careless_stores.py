"""Stores that forget, list or share wrongly in one way each, and what notices."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from plain_store import DISK, Place, PlainStore, Row

from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, Original
from headroom_langchain.ccr.store.inventory import Entry, StoreStats
from headroom_langchain.testing.store_laws import Wanted


class CountsCharacters(PlainStore):
    """Takes characters for bytes."""

    def size(self, original: Original) -> int:
        return len(original.content)


class ListsTheNewestFirst(PlainStore):
    """Lists in the wrong order."""

    def entries(self, *, namespace: str | None = None) -> Iterator[Entry]:
        return reversed(list(super().entries(namespace=namespace)))


class CountsOneNamespace(PlainStore):
    """Counts wrongly."""

    def stats(self, *, namespace: str | None = None) -> StoreStats:
        return replace(super().stats(namespace=namespace), namespaces=1)


class NeverForgets(PlainStore):
    """Deletes nothing."""

    def delete_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        pass


class SweepsTheNewest(PlainStore):
    """Forgets what was used last."""

    def entries(self, *, namespace: str | None = None) -> Iterator[Entry]:
        for entry in super().entries(namespace=namespace):
            yield replace(entry, used=-entry.used)


class SweepsEverything(PlainStore):
    """Sweeps the namespaces of others."""

    def sweep(
        self, *, namespace: str | None = None, max_bytes: int | None = None
    ) -> int:
        return super().sweep(max_bytes=max_bytes)


class ExportsWithoutTools(PlainStore):
    """Forgets the tool on the way out."""

    def export_to(
        self, path: str | os.PathLike[str], *, namespace: str | None = None
    ) -> int:
        count = super().export_to(path, namespace=namespace)
        text = Path(path).read_text(encoding="ascii")
        Path(path).write_text(text.replace('"tool":"x"', '"tool":null'), "ascii")
        return count


class ImportsIntoOneNamespace(PlainStore):
    """Forgets the namespace on the way in."""

    def import_from(self, path: str | os.PathLike[str]) -> int:
        count = super().import_from(path)
        self.rows.update({("one", key): row for (_, key), row in self.rows.items()})
        for place in [place for place in self.rows if place[0] != "one"]:
            del self.rows[place]
        return count


class ExpiresTooEarly(PlainStore):
    """Forgets after half the time."""

    def age(self, row: Row) -> float:
        return super().age(row) * 2


class NeverExpires(PlainStore):
    """Returns what has expired."""

    def age(self, row: Row) -> float:
        return 0


class ExpiresAlthoughPutAgain(PlainStore):
    """Notes the first put only."""

    def put_again(self, place: Place, row: Row, original: Original) -> None:
        pass


class ExpiresAlthoughGot(PlainStore):
    """Notes puts only."""

    def got(self, place: Place, row: Row) -> None:
        pass


class StaysExpired(PlainStore):
    """Never takes back what has expired."""

    def put_one(self, place: Place, original: Original) -> None:
        if place not in self.rows or self.alive(place):
            super().put_one(place, original)


class SweepsNothingThatExpired(PlainStore):
    """Counts what has expired as kept."""

    def entries(self, *, namespace: str | None = None) -> Iterator[Entry]:
        for entry in super().entries(namespace=namespace):
            yield replace(entry, expired=False)


class EvictsTheNewest(PlainStore):
    """Has no place for anything new."""

    def victim(self) -> Place:
        return list(self.rows)[-1]


class EvictsTheFirst(PlainStore):
    """Evicts by first use, not by last."""

    def use(self, place: Place, row: Row) -> None:
        row.used = self.wanted.clock()


class EmptiesForWhatNeverFits(PlainStore):
    """Evicts everything before it gives up."""

    def too_large(self, original: Original) -> bool:
        if super().too_large(original):
            self.rows.clear()
            return True
        return False


class BeginsAgain(PlainStore):
    """Opens empty."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__(wanted)
        self.rows = {}


class HasOnePlaceForAll(PlainStore):
    """Opens the same data everywhere."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__(wanted)
        self.rows = DISK.setdefault(Path(), {})


class RemembersWhatWasMissing(PlainStore):
    """Never looks again for what was missing."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__(wanted)
        self.missing: set[Place] = set()

    def alive(self, place: Place) -> Row | None:
        row = None if place in self.missing else super().alive(place)
        if row is None:
            self.missing.add(place)
        return row


class ExpiresOnlyItsOwn(PlainStore):
    """Returns what another one put, however long ago."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__(wanted)
        self.own: set[Place] = set()

    def use(self, place: Place, row: Row) -> None:
        super().use(place, row)
        self.own.add(place)

    def alive(self, place: Place) -> Row | None:
        return super().alive(place) if place in self.own else self.rows.get(place)

    def got(self, place: Place, row: Row) -> None:
        row.used = self.wanted.clock()


CARELESS: Final[tuple[tuple[type[PlainStore], str], ...]] = (
    (CountsCharacters, "lists_what_is_kept"),
    (ListsTheNewestFirst, "lists_the_oldest_first"),
    (CountsOneNamespace, "counts_what_is_kept"),
    (NeverForgets, "forgets_what_is_deleted"),
    (SweepsTheNewest, "sweeps_the_oldest_first"),
    (SweepsEverything, "sweeps_one_namespace"),
    (ExportsWithoutTools, "exports_what_any_store_imports"),
    (ImportsIntoOneNamespace, "imports_what_any_store_exports"),
    (ExpiresTooEarly, "keeps_what_has_not_expired"),
    (NeverExpires, "never_returns_what_has_expired"),
    (ExpiresAlthoughPutAgain, "putting_again_starts_the_time_again"),
    (ExpiresAlthoughGot, "getting_starts_the_time_again"),
    (StaysExpired, "keeps_what_is_put_after_it_expired"),
    (SweepsNothingThatExpired, "sweeps_what_has_expired"),
    (ExpiresAlthoughGot, "lists_what_was_used_last_at_the_end"),
    (EvictsTheFirst, "evicts_the_least_recently_used"),
    (EvictsTheNewest, "keeps_the_last_of_many"),
    (CountsCharacters, "counts_bytes"),
    (EmptiesForWhatNeverFits, "refuses_what_never_fits"),
    (BeginsAgain, "finds_everything_when_opened_again"),
    (HasOnePlaceForAll, "begins_empty_elsewhere"),
    (RemembersWhatWasMissing, "shares_with_a_second_store"),
    (ExpiresOnlyItsOwn, "expires_what_another_store_put"),
)
"""Each store with a law that it breaks."""
