"""Whatever is done to a store in whatever order, it holds what a plain dict would."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from store_subjects import Spoken, each_store, spoken

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.testing.store_laws import (
    Capability,
    Face,
    Handle,
    StoreUnderTest,
    Wanted,
)

TTL = 2000.0
STEP = 201.0
"""Longer than any store waits until it notes a use again: so the order is defined."""
MAX_BYTES = 50
POOL = [
    Original.of(text * size, kind=f"kind {text}", tool={"a": None}.get(text, text))
    for text, size in [("a", 5), ("é", 10), ("\ud800", 10)]
]

QUICK = {"memory", "sqlite", "langgraph_memory", "bytes_memory"}
"""Stores of which more can be looked at in the same time."""

some_originals = st.lists(st.sampled_from(POOL), min_size=1, max_size=3)
namespaces = st.sampled_from(["one", "One"])
faces = st.sampled_from(Face)


@dataclass(slots=True)
class Model:
    """A store as a dict: places in the order of their last use."""

    wanted: Wanted
    used: dict[tuple[str, Original], float] = field(default_factory=dict)

    def put(self, place: str, original: Original) -> None:
        self.forget_expired()
        self.use(place, original)
        self.sweep(None, self.wanted.max_bytes or inf)

    def get(self, place: str, original: Original) -> Original | None:
        self.forget_expired()
        if (place, original) not in self.used:
            return None
        self.use(place, original)
        return original

    def use(self, place: str, original: Original) -> None:
        self.used.pop((place, original), None)
        self.used[place, original] = self.wanted.clock.now

    def sweep(self, place: str | None, limit: float) -> None:
        self.forget_expired()
        swept = [one for one in self.used if place in {None, one[0]}]
        while sum(size(original) for _, original in swept) > limit:
            del self.used[swept.pop(0)]

    def forget_expired(self) -> None:
        for one, used in list(self.used.items()):
            if self.wanted.clock.now - used >= (self.wanted.ttl or inf):
                del self.used[one]


def size(original: Original) -> int:
    """Return the bytes of a content."""
    return len(original.content.encode("utf-8", "surrogatepass"))


class StoreMachine(RuleBasedStateMachine):
    """Does the same to a store and to the model, and compares what they say."""

    subject: ClassVar[StoreUnderTest]
    ordered: ClassVar[bool]
    """Whether originals are put and got one at a time, so that each use has a time
    of its own, and the store evicts."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        limited = self.ordered and Capability.EVICTION in self.subject.supports
        self.wanted = Wanted(
            folder=Path(self.folder.name),
            ttl=None if limited else TTL,
            max_bytes=MAX_BYTES if limited else None,
        )
        self.model = Model(self.wanted)
        self.open()

    def open(self) -> None:
        self.manager = spoken(self.subject, self.wanted)
        self.store: Spoken = self.manager.__enter__()

    def close(self) -> None:
        self.manager.__exit__(None, None, None)

    def teardown(self) -> None:
        self.close()
        self.folder.cleanup()

    def speaking(self, face: Face) -> Handle:
        return Handle(self.store.handle.store, face)

    @rule(originals=some_originals, place=namespaces, face=faces)
    def put(self, originals: list[Original], place: str, face: Face) -> None:
        originals = originals[:1] if self.ordered else originals
        self.wanted.clock.now += STEP
        handle = self.speaking(face)
        self.store.run(handle.put_many(originals, namespace=place))
        for original in originals:
            self.model.put(place, original)

    @rule(originals=some_originals, place=namespaces, face=faces)
    def get(self, originals: list[Original], place: str, face: Face) -> None:
        originals = originals[:1] if self.ordered else originals
        self.wanted.clock.now += STEP
        handle = self.speaking(face)
        keys = [original.key for original in originals]
        found = self.store.run(handle.get_many(keys, namespace=place))
        there = [self.model.get(place, original) for original in originals]
        assert dict(found) == {one.key: one for one in there if one is not None}

    @rule(originals=some_originals, place=namespaces)
    def delete(self, originals: list[Original], place: str) -> None:
        keys = [original.key for original in originals]
        self.store.run(self.store.handle.delete_many(keys, namespace=place))
        for original in originals:
            self.model.used.pop((place, original), None)

    @rule(seconds=st.sampled_from([1, TTL / 2, TTL - 1, TTL]))
    def wait(self, seconds: float) -> None:
        self.wanted.clock.now += seconds

    @rule(place=st.none() | namespaces, face=faces)
    def sweep(self, place: str | None, face: Face) -> None:
        handle = self.speaking(face)
        self.store.run(handle.sweep(namespace=place))
        self.model.forget_expired()
        assert self.store.run(handle.stats(namespace=place)).expired == 0

    @precondition(lambda self: self.ordered)
    @rule(limit=st.sampled_from([0, 20, 40]), place=st.none() | namespaces, face=faces)
    def sweep_to_a_limit(self, limit: int, place: str | None, face: Face) -> None:
        handle = self.speaking(face)
        self.store.run(handle.sweep(namespace=place, max_bytes=limit))
        self.model.sweep(place, limit)

    @precondition(lambda self: Capability.SHARING in self.subject.supports)
    @rule()
    def reopen(self) -> None:
        self.close()
        self.open()

    @rule(place=st.none() | namespaces)
    def look(self, place: str | None) -> None:
        handle = self.store.handle
        self.model.forget_expired()
        expected = [
            (at, one.key, size(one), one.kind, one.tool, used)
            for (at, one), used in self.model.used.items()
            if place in {None, at}
        ]
        listed = [
            (one.namespace, one.key, one.size, one.kind, one.tool, one.used)
            for one in self.store.run(handle.entries(namespace=place))
            if not one.expired
        ]
        if self.ordered:
            assert listed == expected
        else:
            assert sorted(map(repr, listed)) == sorted(map(repr, expected))
        stats = self.store.run(handle.stats(namespace=place))
        assert stats.originals == len(expected)
        assert stats.bytes == sum(one[2] for one in expected)
        assert stats.namespaces == len({one[0] for one in expected})
        assert stats.oldest_use == min((one[-1] for one in expected), default=None)


@each_store
@pytest.mark.parametrize("one_at_a_time", [True, False])
def test_a_store_holds_what_a_dict_holds(
    subject: StoreUnderTest, *, one_at_a_time: bool
) -> None:
    """Puts, gets, deletes, sweeps, expiry, eviction and reopening are as in a dict."""

    class Machine(StoreMachine):
        ordered = one_at_a_time

    Machine.subject = subject
    run_state_machine_as_test(
        Machine,
        settings=settings(
            deadline=None,
            max_examples=15 if str(subject) in QUICK else 5,
            stateful_step_count=50,
        ),
    )
