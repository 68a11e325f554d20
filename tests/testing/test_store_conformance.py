"""The suite of store laws notices what it is there for."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from broken_stores import BROKEN
from careless_stores import CARELESS
from miscounting_stores import MISCOUNTING
from plain_store import BOOKS, DISK, PlainStore

from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, Original
from headroom_langchain.errors import ConfigurationError, KeyCollisionError
from headroom_langchain.testing.store_laws import (
    STORE_LAWS,
    Capability,
    Outcome,
    StoreUnderTest,
    Trial,
    Wanted,
    acheck_store,
    check_store,
    expect,
    law,
    laws_of,
)

LAWS = {one.name: one for one in STORE_LAWS}
FAULTS = (*BROKEN, *CARELESS, *MISCOUNTING)
ONE_PROCESS = frozenset(Capability) - {Capability.PROCESSES}
PLAIN = StoreUnderTest(open=PlainStore, supports=ONE_PROCESS)


@pytest.fixture(autouse=True)
def _empty_disk() -> Iterator[None]:
    """Forget what the stores of a test kept."""
    yield
    DISK.clear()
    BOOKS.clear()


def test_a_store_that_keeps_every_law_passes() -> None:
    """The report of a store without faults passes, and says what ran."""
    report = check_store(PLAIN)
    report.raise_for_failures()
    assert report.passed
    assert not report.failures
    passed = {result.law.name for result in report.only(Outcome.PASSED)}
    assert passed == LAWS.keys() - {"serves_several_processes"}


@pytest.mark.parametrize(("broken", "name"), FAULTS)
def test_a_broken_store_breaks_its_law(broken: type[PlainStore], name: str) -> None:
    """A store that is broken in one way breaks the law that is about it."""
    subject = StoreUnderTest(open=broken, supports=frozenset(Capability))
    report = check_store(subject, laws=[LAWS[name]])
    assert not report.passed
    with pytest.raises(AssertionError, match=rf"{broken.__name__}[\s\S]*{name}"):
        report.raise_for_failures()


def test_every_law_can_be_broken() -> None:
    """There is no law that no store breaks."""
    assert {name for _, name in FAULTS} == LAWS.keys()


def test_looking_at_nothing_fails() -> None:
    """A report of no laws does not pass."""
    report = check_store(PLAIN, laws=[])
    assert not report.passed
    with pytest.raises(AssertionError, match="no law ran"):
        report.raise_for_failures()


def test_skipping_everything_fails() -> None:
    """A report of laws that were all skipped does not pass."""
    report = check_store(StoreUnderTest(open=PlainStore), laws=[LAWS["counts_bytes"]])
    assert report.only(Outcome.SKIPPED) == report.results != ()
    assert report.failures == ("no law ran",)


def test_a_capability_that_no_law_looked_at_fails() -> None:
    """What a store says that it can do must have been looked at."""
    report = check_store(PLAIN)
    ran = [one for one in report.results if Capability.EVICTION not in one.law.needs]
    missed = replace(report, results=tuple(ran))
    assert not missed.passed
    assert missed.failures == ("the store supports eviction, and no law of it ran",)


@pytest.mark.parametrize("capability", Capability)
def test_what_is_not_supported_is_skipped_by_name(capability: Capability) -> None:
    """A law that was skipped stands in the report with the capability it needs."""
    subject = StoreUnderTest(open=PlainStore, supports=ONE_PROCESS - {capability})
    report = check_store(subject)
    report.raise_for_failures()
    about = {one.name for one in STORE_LAWS if capability in one.needs}
    skipped = [one for one in report.only(Outcome.SKIPPED) if one.law.name in about]
    assert {one.law.name for one in skipped} == about
    for one in skipped:
        assert capability in one.reason
        assert f"skipped {one.law} " in str(report)


@pytest.mark.parametrize("capability", Capability)
def test_every_capability_has_a_law(capability: Capability) -> None:
    """Whatever a store can declare, some law looks at that alone or with listing."""
    others = frozenset({Capability.LISTING, Capability.SHARING})
    assert any(
        capability in one.needs and one.needs - others <= {capability}
        for one in STORE_LAWS
    )


def test_the_required_laws_ask_for_nothing_more_than_put_and_get() -> None:
    """A store that only implements `put_many` and `get_many` can pass."""

    class Narrow(CCRStore):
        def __init__(self) -> None:
            self.rows: dict[tuple[str, str], Original] = {}

        def put_many(
            self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
        ) -> None:
            for one in originals:
                there = self.rows.setdefault((namespace, one.key), one)
                if there.content != one.content:
                    raise KeyCollisionError(one.key)

        def get_many(
            self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
        ) -> Mapping[str, Original]:
            found = {key: self.rows.get((namespace, key)) for key in keys}
            return {key: one for key, one in found.items() if one is not None}

    report = check_store(StoreUnderTest(open=lambda wanted: Narrow(), name="Narrow"))
    report.raise_for_failures()
    assert str(report).startswith("Narrow: ")


def test_laws_can_be_asked_for_one_at_a_time() -> None:
    """Each law of what a store supports passes by itself."""
    subject = StoreUnderTest(
        open=PlainStore, supports=frozenset({Capability.FORGETTING})
    )
    laws = laws_of(subject)
    assert 0 < len(laws) < len(STORE_LAWS)
    for one in laws:
        check_store(subject, laws=[one]).raise_for_failures()


def test_a_law_of_ones_own_is_looked_at_like_the_others() -> None:
    """A law that somebody else wrote runs on both faces and can fail."""

    @law(Capability.LISTING)
    async def keeps_nothing(trial: Trial) -> None:
        """A store is always empty."""
        async with trial.store() as store:
            await store.put(Original.of("text"))
            expect(not await store.entries(), "it keeps something")

    report = check_store(PLAIN, laws=[keeps_nothing])
    assert report.failures == tuple(
        f"keeps_nothing ({face}): A store is always empty. Here it keeps something"
        for face in ("sync", "async")
    )


async def test_a_store_that_lives_on_the_event_loop_can_be_looked_at() -> None:
    """Without `await` such a store is called from other threads only."""
    home = asyncio.get_running_loop()

    class AtHome(PlainStore):
        def get_many(
            self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
        ) -> Mapping[str, Original]:
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), home).result(10)
            return super().get_many(keys, namespace=namespace)

        async def aget_many(
            self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
        ) -> Mapping[str, Original]:
            assert asyncio.get_running_loop() is home
            return super().get_many(keys, namespace=namespace)

    @asynccontextmanager
    async def open_store(wanted: Wanted) -> AsyncIterator[CCRStore]:
        assert asyncio.get_running_loop() is home
        yield AtHome(wanted)

    subject = StoreUnderTest(open=open_store, supports=ONE_PROCESS)
    (await acheck_store(subject)).raise_for_failures()


async def test_an_event_loop_is_not_started_in_another() -> None:
    """`check_store` on an event loop says what to await instead."""
    with pytest.raises(ConfigurationError, match="await acheck_store"):
        check_store(PLAIN)


def test_a_store_that_never_answers_fails() -> None:
    """A law that does not come to its end is broken, and the others still run."""
    never = asyncio.Event()

    class Waits(PlainStore):
        async def aget_many(
            self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
        ) -> Mapping[str, Original]:
            await never.wait()
            return {}

    subject = StoreUnderTest(open=Waits, timeout=0.1)
    report = check_store(subject, laws=[LAWS["keeps_many"], LAWS["closes_twice"]])
    (failure,) = report.failures
    assert "keeps_many (async)" in failure
    assert "did not come to its end within 0.1 seconds" in failure
    assert len(report.only(Outcome.PASSED)) == 3


def test_a_method_that_blocks_for_ever_fails() -> None:
    """The report is there while threads still wait, whose methods never came back."""
    never = threading.Event()
    came_back: list[bool] = []

    class Blocks(PlainStore):
        def get_many(
            self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
        ) -> Mapping[str, Original]:
            came_back.append(never.wait(10))
            return super().get_many(keys, namespace=namespace)

    subject = StoreUnderTest(open=Blocks, timeout=0.1)
    report = check_store(subject, laws=[LAWS["keeps_many"]])
    assert not came_back
    never.set()
    assert len(report.failures) == 2
    assert all("within 0.1 seconds" in failure for failure in report.failures)


def test_threads_that_wait_for_ever_are_told() -> None:
    """Threads that never come back break a law and do not keep the process alive."""
    never = threading.Event()

    class Waits(PlainStore):
        def get_many(
            self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
        ) -> Mapping[str, Original]:
            never.wait()
            return super().get_many(keys, namespace=namespace)

    subject = StoreUnderTest(open=Waits, timeout=0.2)
    report = check_store(subject, laws=[LAWS["serves_several_threads"]])
    never.set()
    (failure,) = report.failures
    assert "8 threads still wait after 0.1 seconds" in failure


def test_what_cannot_be_opened_elsewhere_is_told() -> None:
    """A store that other processes cannot open fails with what to do."""

    class Hidden(PlainStore):
        """Cannot be imported by its name."""

    subject = StoreUnderTest(open=Hidden, supports=frozenset(Capability))
    report = check_store(subject, laws=[LAWS["serves_several_processes"]])
    with pytest.raises(AssertionError, match="a function at the top of a module"):
        report.raise_for_failures()


def test_what_is_no_store_is_told() -> None:
    """The report says what `open` should have returned."""

    def nothing(_: Wanted) -> Any:
        return None

    report = check_store(StoreUnderTest(open=nothing), laws=[LAWS["keeps_many"]])
    assert all("return a CCRStore" in failure for failure in report.failures)
    assert len(report.failures) == 2


def test_the_cause_of_a_failure_is_shown() -> None:
    """What a store raised is the cause of the error that the report raises."""

    class Fails(PlainStore):
        def get_many(
            self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
        ) -> Mapping[str, Original]:
            raise OSError(28, "disk full")

    report = check_store(StoreUnderTest(open=Fails), laws=[LAWS["keeps_many"]])
    with pytest.raises(AssertionError, match=r"OSError: .*disk full") as raised:
        report.raise_for_failures()
    assert isinstance(raised.value.__cause__, OSError)


def test_nothing_of_pytest_is_needed() -> None:
    """The laws can be looked at where pytest is not installed."""
    program = (
        "import sys; sys.modules['pytest'] = None\n"
        "from headroom_langchain import InMemoryCCRStore\n"
        "from headroom_langchain.testing.store_laws import *\n"
        "subject = StoreUnderTest(open=lambda wanted: InMemoryCCRStore())\n"
        "report = check_store(subject)\n"
        "report.raise_for_failures()\n"
        "assert not {'langchain_core', 'langgraph'} & sys.modules.keys()\n"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
