"""Laws of concurrency: threads and tasks of one process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Final

from headroom_langchain.ccr.store.base import CCRStore, Original
from headroom_langchain.testing.store_laws.handle import Face, Handle
from headroom_langchain.testing.store_laws.law import StoreLaw, Trial, expect, law
from headroom_langchain.testing.store_laws.threads import at_once

_THREADS: Final = 8
_TASKS: Final = 200
_ROUNDS: Final = 10


@law()
async def async_equals_sync(trial: Trial) -> None:
    """What was put with `await` is got without, and the other way round."""
    other_face = Face.SYNC if trial.face is Face.ASYNC else Face.ASYNC
    one, two = Original.of("put by one half"), Original.of("put by the other")
    async with trial.store() as store:
        other = Handle(store.store, other_face)
        key = await store.put(one)
        expect(await other.get(key) == one, "put, and not found by the other half")
        await other.put_many([one, two], namespace="n")
        found = await store.get_many([one.key, two.key], namespace="n")
        both = {one.key: one, two.key: two}
        expect(dict(found) == both, f"it found {found!r}")
        expect(await other.get(two.key) is None, "another namespace has it too")


@law(faces=(Face.SYNC,))
async def serves_several_threads(trial: Trial) -> None:
    """Threads that put and get at the same time lose nothing and mix up nothing."""
    async with trial.store() as store:
        await at_once(_works(store.store), seconds=trial.subject.timeout / 2)
        await _has_all(store, _THREADS)


@law(faces=(Face.ASYNC,))
async def serves_many_tasks(trial: Trial) -> None:
    """Tasks that put and get at the same time lose nothing and mix up nothing."""

    async def work(worker: int) -> None:
        own, shared = _own(worker, 0), _shared(0)
        place = _namespace(worker)
        await store.put_many([own, shared], namespace=place)
        found = await store.get_many([own.key, shared.key], namespace=place)
        expect(found.get(own.key) == own, "a task lost its own original")
        expect(found.get(shared.key) == shared, "a task lost a shared original")

    async with trial.store() as store:
        async with asyncio.TaskGroup() as group:
            for worker in range(_TASKS):
                group.create_task(work(worker))
        await _has_all(store, _TASKS, rounds=1)


@law(faces=(Face.ASYNC,))
async def serves_tasks_and_threads(trial: Trial) -> None:
    """Tasks and threads can use a store at the same time."""
    async with trial.store() as store:
        threads = asyncio.create_task(
            at_once(_works(store.store), seconds=trial.subject.timeout / 2)
        )
        for number in count():
            original = Original.of(f"put by a task {number}")
            await store.put(original)
            expect(await store.get(original.key) == original, "a task lost one")
            if threads.done():
                break
            await asyncio.sleep(0)
        await threads
        await _has_all(store, _THREADS)


def _works(store: CCRStore) -> list[Callable[[], None]]:
    return [partial(_put_and_get, store, worker) for worker in range(_THREADS)]


def _put_and_get(store: CCRStore, worker: int) -> None:
    place = _namespace(worker)
    for number in range(_ROUNDS):
        own, shared = _own(worker, number), _shared(number)
        store.put_many([own, shared], namespace=place)
        found = store.get_many([shared.key, own.key], namespace=place)
        expect(found.get(own.key) == own, f"a thread lost {own!r}")
        expect(found.get(shared.key) == shared, f"a thread lost {shared!r}")


async def _has_all(store: Handle, workers: int, *, rounds: int = _ROUNDS) -> None:
    """Look whether everything that the workers put is still there."""
    for place in map(_namespace, range(2)):
        mine = [number for number in range(workers) if _namespace(number) == place]
        originals = [_own(worker, at) for worker in mine for at in range(rounds)]
        originals += [_shared(at) for at in range(rounds)]
        expected = {original.key: original for original in originals}
        found = await store.get_many(list(expected), namespace=place)
        lost = len(expected) - len(found)
        expect(dict(found) == expected, f"{lost} of {len(expected)} were lost")


def _own(worker: int, number: int) -> Original:
    return Original.of(f"{worker}/{number}", tool=f"tool {worker}")


def _shared(number: int) -> Original:
    return Original.of(f"shared {number}")


def _namespace(worker: int) -> str:
    return "odd" if worker % 2 else "even"


LAWS: Final[tuple[StoreLaw, ...]] = (
    async_equals_sync,
    serves_several_threads,
    serves_many_tasks,
    serves_tasks_and_threads,
)
