"""What a store says when its limits make no sense, or something does not fit them."""

from __future__ import annotations

from math import inf, nan
from pathlib import Path

import pytest
from store_subjects import SUBJECTS, each_store, spoken

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore
from headroom_langchain.errors import ConfigurationError, StoreError
from headroom_langchain.testing.store_laws import (
    Capability,
    SetClock,
    StoreUnderTest,
    Wanted,
)

each_limited_store = pytest.mark.parametrize(
    "subject",
    [one for one in SUBJECTS if Capability.EVICTION in one.supports],
    ids=str,
)


@each_store
@pytest.mark.parametrize("ttl", [0, -1, nan])
def test_a_time_that_keeps_nothing_is_refused(
    subject: StoreUnderTest, tmp_path: Path, ttl: float
) -> None:
    """A `ttl` that is not positive is a broken configuration."""
    with (
        pytest.raises(ConfigurationError, match=r"ttl=.* keeps nothing"),
        spoken(subject, Wanted(folder=tmp_path, ttl=ttl)),
    ):
        pass


@each_store
@pytest.mark.parametrize("ttl", [inf, 1e300, 1e12])
def test_a_time_without_end_is_no_limit(
    subject: StoreUnderTest, tmp_path: Path, ttl: float
) -> None:
    """What is kept for ever or for thousands of years is kept, whatever the store."""
    original = Original.of("text")
    with spoken(subject, Wanted(folder=tmp_path, ttl=ttl)) as store:
        store.run(store.handle.put(original))
        assert store.run(store.handle.get(original.key)) == original


@each_store
def test_what_is_listed_as_expired_is_not_returned(
    subject: StoreUnderTest, tmp_path: Path
) -> None:
    """Also where the clock went back, and what expires first was put last."""
    wanted = Wanted(folder=tmp_path, ttl=40)
    later, sooner = Original.of("later"), Original.of("sooner")
    with spoken(subject, wanted) as store:
        store.run(store.handle.put(later))
        wanted.clock.now -= 50
        store.run(store.handle.put(sooner))
        wanted.clock.now += 45
        listed = store.run(store.handle.entries())
        found = store.run(store.handle.get_many([later.key, sooner.key]))
    assert {one.key for one in listed if not one.expired} == {later.key}
    assert dict(found) == {later.key: later}


@each_limited_store
@pytest.mark.parametrize("max_bytes", [0, -1])
def test_a_size_that_keeps_nothing_is_refused(
    subject: StoreUnderTest, tmp_path: Path, max_bytes: int
) -> None:
    """A `max_bytes` that is not positive is a broken configuration."""
    with (
        pytest.raises(ConfigurationError, match=r"max_bytes=.* keeps nothing"),
        spoken(subject, Wanted(folder=tmp_path, max_bytes=max_bytes)),
    ):
        pass


@each_limited_store
def test_too_large_names_sizes_and_remedy(
    subject: StoreUnderTest, tmp_path: Path
) -> None:
    """An original larger than the store raises with both sizes and what to do."""
    with (
        spoken(subject, Wanted(folder=tmp_path, max_bytes=1000)) as store,
        pytest.raises(StoreError, match=r"2,000.*1,000.*max_bytes=2000"),
    ):
        store.run(store.handle.put(Original.of("a" * 2000)))


def test_a_limit_that_shrank_evicts_at_the_next_put(tmp_path: Path) -> None:
    """A file that is opened again with less room keeps what was used last."""
    originals = [Original.of(letter * 10) for letter in "abc"]
    clock = SetClock()
    path = tmp_path / "originals.db"
    with SqliteCCRStore(path, clock=clock) as store:
        for original in originals[:2]:
            store.put(original)
            clock.now += 100
    with SqliteCCRStore(path, max_bytes=20, clock=clock) as store:
        store.put(originals[2])
        keys = [original.key for original in originals]
        assert set(store.get_many(keys)) == set(keys[1:])
