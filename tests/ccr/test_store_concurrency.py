"""Stores lose nothing and mix up nothing, whoever uses them at the same time.

Beyond the laws that every store must keep these are written as laws too, so that they
are looked at with and without `await`, and end when a store never answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from store_subjects import SUBJECTS, needed

from headroom_langchain.ccr.store.base import CCRStore, Original
from headroom_langchain.errors import KeyCollisionError
from headroom_langchain.testing.store_laws import (
    Capability,
    Face,
    StoreLaw,
    StoreUnderTest,
    Trial,
    at_once,
    check_store,
    expect,
    law,
)

SECONDS = 30.0
TASKS = 40


def putting(store: CCRStore, originals: list[Original]) -> Callable[[], None]:
    """Return work that puts and gets originals, one after another."""

    def work() -> None:
        for original in originals:
            store.put(original)
            expect(store.get(original.key) == original, f"{original!r} was lost")

    return work


@law(Capability.SHARING, Capability.EXPIRY, faces=(Face.SYNC,))
async def opposite_orders_do_not_wait_for_each_other(trial: Trial) -> None:
    """Stores that put the same originals in opposite orders all come to an end."""
    folder = trial.folder()
    originals = [Original.of(str(number)) for number in range(300)]
    async with (
        trial.store(folder, ttl=1000) as one,
        trial.store(folder, ttl=1000) as other,
    ):
        works = [
            partial(one.store.put_many, originals),
            partial(other.store.put_many, originals[::-1]),
        ]
        for _ in range(5):
            await at_once(works * 2, seconds=SECONDS)
            # The next puts are uses that every store notes.
            trial.clock.now += 500
        found = await one.get_many([original.key for original in originals])
        expect(len(found) == len(originals), f"only {len(found)} are there")


@law(faces=(Face.ASYNC,))
async def large_contents_are_not_mixed_up(trial: Trial) -> None:
    """Each of many tasks gets its own large content back, to the last character."""

    async def work(number: int) -> None:
        original = Original.of(f"{number:05}\r\n" * 10_000, tool=str(number))
        await store.put(original)
        expect(await store.get(original.key) == original, "it came back changed")

    async with trial.store() as store, asyncio.TaskGroup() as group:
        for number in range(TASKS):
            group.create_task(work(number))


@law(Capability.LISTING, Capability.FORGETTING, Capability.EXPIRY, faces=(Face.SYNC,))
async def housekeeping_takes_nothing_that_is_in_use(trial: Trial) -> None:
    """Sweeping and counting while threads put and get loses nothing."""
    mine = [[Original.of(f"{who}/{at}") for at in range(12)] for who in range(6)]

    def tidy() -> None:
        for _ in range(6):
            expect(store.store.sweep() == 0, "it swept what has not expired")
            stats = store.store.stats()
            expect(stats.originals <= 72, f"it counts {stats!r}")

    async with trial.store(ttl=1000) as store:
        await at_once(
            [*(putting(store.store, one) for one in mine), tidy, tidy], seconds=SECONDS
        )
        stats = await store.stats()
    expect(stats.originals == 72, f"it counts {stats!r}")


@law(Capability.FORGETTING, faces=(Face.SYNC,))
async def what_is_put_after_a_deletion_stays(trial: Trial) -> None:
    """Threads may delete what others put; what is put in the end is there."""
    original = Original.of("text")

    def put() -> None:
        for _ in range(10):
            store.store.put(original)
            found = store.store.get(original.key)
            expect(found in {None, original}, f"it found {found!r}")

    def delete() -> None:
        for _ in range(10):
            store.store.delete_many([original.key])

    async with trial.store() as store:
        await at_once([put, delete] * 4, seconds=SECONDS)
        await store.put(original)
        expect(await store.get(original.key) == original, "it is not there")


@law(Capability.SHARING, faces=(Face.SYNC,))
async def two_stores_of_one_folder_serve_threads(trial: Trial) -> None:
    """Threads that use two stores of the same data lose nothing."""
    folder = trial.folder()
    mine = [[Original.of(f"{who % 6}/{at}") for at in range(10)] for who in range(8)]
    async with trial.store(folder) as one, trial.store(folder) as other:
        stores = [one.store, other.store] * 4
        await at_once(map(putting, stores, mine), seconds=SECONDS)
        expected = {original.key: original for each in mine for original in each}
        for store in (one, other):
            found = await store.get_many(list(expected))
            expect(
                dict(found) == expected, f"{len(found)} of {len(expected)} are there"
            )


@law(Capability.EVICTION, Capability.LISTING, faces=(Face.SYNC,))
async def threads_do_not_exceed_the_limit(trial: Trial) -> None:
    """However many threads put, no more than `max_bytes` is kept."""

    def put(who: int) -> None:
        for at in range(20):
            original = Original.of(f"{who}/{at}".ljust(10))
            store.store.put(original)
            found = store.store.get(original.key)
            expect(found in {None, original}, f"it found {found!r}")
            size = store.store.stats().bytes
            expect(size <= 100, f"it keeps {size} bytes")

    async with trial.store(max_bytes=100) as store:
        await at_once((partial(put, who) for who in range(8)), seconds=SECONDS)
        size = (await store.stats()).bytes
    expect(size == 100, f"it keeps {size} bytes")


@law(faces=(Face.SYNC,))
async def one_of_several_colliding_threads_wins(trial: Trial) -> None:
    """Of different contents under one key one is kept, and all others are told."""
    key = Original.of("text").key
    kept: list[Original] = []

    def put(number: int) -> None:
        mine = Original(content=f"content {number}", key=key)
        try:
            store.store.put(mine)
        except KeyCollisionError:
            return
        kept.append(mine)

    async with trial.store() as store:
        await at_once((partial(put, number) for number in range(8)), seconds=SECONDS)
        expect(len(kept) == 1, f"{len(kept)} contents were kept under one key")
        expect(await store.get(key) == kept[0], "another content is there")


EVERYWHERE = (
    opposite_orders_do_not_wait_for_each_other,
    large_contents_are_not_mixed_up,
    housekeeping_takes_nothing_that_is_in_use,
    what_is_put_after_a_deletion_stays,
    two_stores_of_one_folder_serve_threads,
    threads_do_not_exceed_the_limit,
)
ATOMIC = [one for one in SUBJECTS if str(one) in {"memory", "sqlite"}]
"""Stores that compare and write in one step; others say that they do not."""

TIDYING = (
    housekeeping_takes_nothing_that_is_in_use,
    what_is_put_after_a_deletion_stays,
)
UNLOCKED = {"langgraph_memory", "bytes_memory", "bytes_sealed"}
"""Stores over dicts of others, which cannot be listed or deleted from while a thread
puts: they have no lock."""

CASES = [
    pytest.param(subject, each, marks=needed(subject), id=f"{subject}-{each}")
    for subject in SUBJECTS
    for each in EVERYWHERE
    if each.needs <= subject.supports
    and not (each in TIDYING and str(subject) in UNLOCKED)
]


@pytest.mark.parametrize(("subject", "each"), CASES)
def test_at_the_same_time(subject: StoreUnderTest, each: StoreLaw) -> None:
    """The law holds for the store."""
    check_store(subject, laws=[each]).raise_for_failures()


@pytest.mark.parametrize("subject", ATOMIC, ids=str)
def test_collisions_at_the_same_time(subject: StoreUnderTest) -> None:
    """Of threads that put different contents under one key, one succeeds."""
    collisions = one_of_several_colliding_threads_wins
    check_store(subject, laws=[collisions]).raise_for_failures()
