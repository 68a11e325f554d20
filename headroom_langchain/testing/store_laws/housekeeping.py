"""Laws of housekeeping: listing, counting, forgetting, export and import."""

from __future__ import annotations

from typing import Final

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.inventory import StoreStats
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.testing.store_laws.content import AWKWARD_TEXTS
from headroom_langchain.testing.store_laws.handle import Handle
from headroom_langchain.testing.store_laws.law import StoreLaw, Trial, expect, law
from headroom_langchain.testing.store_laws.subject import Capability

_LONG: Final = 1000.0
"""Seconds after which every store notes a use again."""


@law(Capability.LISTING)
async def lists_what_is_kept(trial: Trial) -> None:
    """An entry tells key, kind, tool and the size as bytes of UTF-8."""
    originals = [
        Original.of(text, kind=f"kind {text}", tool=text or None)
        for text in AWKWARD_TEXTS
    ]
    async with trial.store() as store:
        expect(await store.entries() == [], "an empty store lists something")
        await store.put_many([*originals, originals[0]], namespace="one")
        listed = await store.entries()
    told = {(one.namespace, one.key): one for one in listed}
    expect(len(told) == len(listed) == len(originals), f"{len(listed)} were listed")
    for original in originals:
        entry = told["one", original.key]
        size = len(original.content.encode("utf-8", "surrogatepass"))
        expect(entry.size == size, f"the size of {original!r} is {entry.size}")
        expect(
            (entry.kind, entry.tool) == (original.kind, original.tool),
            f"{original!r} is listed as {entry!r}",
        )
        expect(not entry.expired, f"{original!r} is listed as expired")


@law(Capability.LISTING)
async def lists_the_oldest_first(trial: Trial) -> None:
    """Entries come in the order in which they were put, of whatever namespace."""
    originals = [Original.of(name) for name in "abcdef"]
    async with trial.store() as store:
        for number, original in enumerate(originals):
            await store.put(original, namespace="odd" if number % 2 else "even")
            trial.clock.now += _LONG
        keys = [entry.key for entry in await store.entries()]
    expect(keys == [original.key for original in originals], "the order is another")


@law(Capability.LISTING)
async def counts_what_is_kept(trial: Trial) -> None:
    """`stats` counts originals, their bytes and the namespaces."""
    async with trial.store() as store:
        expect(await store.stats() == _stats(0, 0, 0, None), "it counts what is not")
        await store.put_many([Original.of("four"), Original.of("é")], namespace="one")
        await store.put(Original.of("four"), namespace="two")
        everything, one = await store.stats(), await store.stats(namespace="one")
    expect(_counts(everything) == (3, 10, 2, 0), f"it counts {everything!r}")
    expect(_counts(one) == (2, 6, 1, 0), f"of one namespace it counts {one!r}")


@law(Capability.FORGETTING)
async def forgets_what_is_deleted(trial: Trial) -> None:
    """What is deleted is gone, the rest stays, and it can be put again."""
    a, b = Original.of("a"), Original.of("b")
    async with trial.store() as store:
        await store.delete_many([a.key])
        await store.put_many([a, b])
        await store.delete_many([])
        await store.delete_many([a.key, a.key, *AWKWARD_TEXTS])
        found = await store.get_many([a.key, b.key])
        expect(dict(found) == {b.key: b}, f"it found {found!r}")
        await store.put(a)
        expect(await store.get(a.key) == a, "it could not be put again")


@law(Capability.LISTING, Capability.FORGETTING)
async def sweeps_the_oldest_first(trial: Trial) -> None:
    """A sweep with `max_bytes` forgets what was not put for longest."""
    originals = [Original.of(name * 10) for name in "abcd"]
    async with trial.store() as store:
        for original in originals:
            await store.put(original)
            trial.clock.now += _LONG
        expect(await store.sweep() == 0, "a sweep without limit forgot something")
        swept = await store.sweep(max_bytes=25)
        found = await store.get_many([one.key for one in originals])
    kept = {one.key: one for one in originals[2:]}
    expect(swept == len(originals) - len(kept), f"it says that it forgot {swept}")
    expect(dict(found) == kept, f"it kept {found!r}")


@law(Capability.LISTING, Capability.FORGETTING)
async def sweeps_one_namespace(trial: Trial) -> None:
    """A sweep of one namespace leaves the others alone."""
    original = Original.of("text")
    async with trial.store() as store:
        await store.put(original, namespace="one")
        await store.put(original, namespace="two")
        swept = await store.sweep(namespace="one", max_bytes=0)
        expect(swept == 1, f"it forgot {swept}")
        kept = await store.get(original.key, namespace="two")
        expect(kept == original, "another namespace was swept too")


@law(Capability.LISTING)
async def exports_what_any_store_imports(trial: Trial) -> None:
    """What a store exported another one imports, to the last character."""
    path = trial.folder() / "export"
    originals = [Original.of(text, kind=text, tool="x") for text in AWKWARD_TEXTS]
    originals.append(Original.of("of an unknown tool"))
    async with trial.store() as store:
        await store.put_many(originals, namespace="one")
        await store.put(originals[1], namespace="\ud800")
        count = await store.export_to(path)
        expect(count == len(originals) + 1, f"it exported {count}")
        other = Handle(InMemoryCCRStore(), trial.face)
        expect(await other.import_from(path) == count, "not all could be imported")
        await _has(other, originals)
        alone = await store.export_to(path, namespace="one")
        expect(alone == len(originals), f"of one namespace it exported {alone}")


@law(Capability.LISTING)
async def imports_what_any_store_exports(trial: Trial) -> None:
    """What another store exported a store imports, and twice does no harm."""
    path = trial.folder() / "export"
    originals = [Original.of(text, kind=text, tool="x") for text in AWKWARD_TEXTS]
    other = InMemoryCCRStore()
    other.put_many(originals, namespace="one")
    other.put(originals[1], namespace="\ud800")
    count = other.export_to(path)
    async with trial.store() as store:
        for _ in range(2):
            imported = await store.import_from(path)
            expect(imported == count, f"it imported {imported} of {count}")
            await _has(store, originals)


async def _has(store: Handle, originals: list[Original]) -> None:
    found = await store.get_many([one.key for one in originals], namespace="one")
    expect(dict(found) == {one.key: one for one in originals}, "some were changed")
    found = await store.get_many([originals[1].key], namespace="\ud800")
    expect(list(found.values()) == [originals[1]], "a namespace was changed")


def _stats(
    originals: int, size: int, namespaces: int, oldest: float | None
) -> StoreStats:
    return StoreStats(
        originals=originals,
        bytes=size,
        namespaces=namespaces,
        expired=0,
        oldest_use=oldest,
    )


def _counts(stats: StoreStats) -> tuple[int, int, int, int]:
    return stats.originals, stats.bytes, stats.namespaces, stats.expired


LAWS: Final[tuple[StoreLaw, ...]] = (
    lists_what_is_kept,
    lists_the_oldest_first,
    counts_what_is_kept,
    forgets_what_is_deleted,
    sweeps_the_oldest_first,
    sweeps_one_namespace,
    exports_what_any_store_imports,
    imports_what_any_store_exports,
)
