"""The law of processes: several of them use the same data at the same time."""

from __future__ import annotations

import asyncio
import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pickle import PicklingError
from typing import Final

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.testing.store_laws.handle import Face, opened
from headroom_langchain.testing.store_laws.law import StoreLaw, Trial, expect, law
from headroom_langchain.testing.store_laws.subject import (
    Capability,
    OpenStore,
    Wanted,
)

_PROCESSES: Final = 4
_ROUNDS: Final = 15
_READY: Final = "ready"
_DONE: Final = ""


@law(Capability.PROCESSES, faces=(Face.SYNC,))
async def serves_several_processes(trial: Trial) -> None:
    """Processes that put and get at the same time lose nothing.

    Half of them use the methods without `await`, half of them those with it.
    """
    wanted = trial.wanted()
    workers = [*map(str, range(_PROCESSES)), "shared"]
    originals = [
        Original.of(f"{worker}/{count}")
        for worker in workers
        for count in range(_ROUNDS)
    ]
    expected = {original.key: original for original in originals}
    # Opened before the others are: many stores must be set up once.
    async with trial.store(wanted.folder) as store:
        await asyncio.to_thread(
            _in_processes, trial.subject.open, wanted, trial.subject.timeout / 2
        )
        found = await store.get_many(list(expected))
    lost = len(expected) - len(found)
    expect(dict(found) == expected, f"{lost} of {len(expected)} were lost")


def _in_processes(open_store: OpenStore, wanted: Wanted, seconds: float) -> None:
    """Put and get in processes that begin at the same time."""
    context = multiprocessing.get_context("spawn")
    started: list[tuple[Connection, SpawnProcess]] = []
    try:
        for worker in range(_PROCESSES):
            here, there = context.Pipe()
            process = context.Process(
                target=_process, args=(open_store, wanted, worker, there), daemon=True
            )
            _start(process)
            there.close()
            started.append((here, process))
        for here, _ in started:
            _hear(here, _READY, seconds)
        for here, _ in started:
            here.send(_READY)
        for here, _ in started:
            _hear(here, _DONE, seconds)
    finally:
        for here, process in started:
            here.close()
            process.kill()
            process.join()


def _start(process: SpawnProcess) -> None:
    try:
        process.start()
    except (AttributeError, PicklingError) as error:
        msg = (
            f"the store cannot be opened in another process ({error}): make `open` "
            "a function at the top of a module"
        )
        raise AssertionError(msg) from error


def _hear(here: Connection, expected: str, seconds: float) -> None:
    expect(here.poll(seconds), f"a process still waits after {seconds:g} seconds")
    try:
        said = here.recv()
    except EOFError:
        said = "it died"
    expect(said == expected, f"a process failed: {said}")


def _process(
    open_store: OpenStore, wanted: Wanted, worker: int, there: Connection
) -> None:
    try:
        asyncio.run(_put_and_get(open_store, wanted, worker, there))
    except Exception as error:  # noqa: BLE001 - told to the process that waits
        there.send(f"{type(error).__name__}: {error}")
    else:
        there.send(_DONE)


async def _put_and_get(
    open_store: OpenStore, wanted: Wanted, worker: int, there: Connection
) -> None:
    there.send(_READY)
    there.recv()
    face = Face.ASYNC if worker % 2 else Face.SYNC
    async with opened(open_store, wanted, face) as store:
        for count in range(_ROUNDS):
            own = Original.of(f"{worker}/{count}")
            shared = Original.of(f"shared/{count}")
            await store.put_many([own, shared])
            found = await store.get_many([own.key, shared.key])
            expect(found.get(own.key) == own, f"{own!r} was lost")
            expect(found.get(shared.key) == shared, f"{shared!r} was lost")


LAWS: Final[tuple[StoreLaw, ...]] = (serves_several_processes,)
