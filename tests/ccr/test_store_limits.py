"""What a store forgets, and when."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest

from headroom_langchain.ccr.store.base import CCRStore, Original
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.ccr.store.sqlite import SqliteCCRStore
from headroom_langchain.errors import ConfigurationError, StoreError


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        """Start at some time."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


class Make(Protocol):
    """Makes a store with limits."""

    def __call__(self, *, max_bytes: int = 10**6, ttl: float | None = None) -> CCRStore:
        """Make the store."""
        ...


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Make:
    """Make stores of one kind with limits and the clock of the test."""
    numbers = count()

    def make_store(*, max_bytes: int = 10**6, ttl: float | None = None) -> CCRStore:
        if request.param == "memory":
            return InMemoryCCRStore(max_bytes=max_bytes, ttl=ttl, clock=clock)
        path = tmp_path / f"{next(numbers)}.db"
        return SqliteCCRStore(path, max_bytes=max_bytes, ttl=ttl, clock=clock)

    return make_store


def original(letter: str, size: int = 10) -> Original:
    """Return an original of so many bytes."""
    return Original.of(letter * size)


def test_the_least_recently_used_goes_first(make: Make, clock: Clock) -> None:
    """Beyond `max_bytes` the original that was neither put nor got longest goes."""
    with make(max_bytes=25) as store:
        a, b, c = original("a"), original("b"), original("c")
        store.put(a)
        clock.now += 100
        store.put(b)
        clock.now += 100
        assert store.get(a.key) == a
        clock.now += 100
        store.put(c)
        assert store.get(b.key) is None
        assert store.get(a.key) == a
        assert store.get(c.key) == c


def test_putting_again_counts_as_use(make: Make, clock: Clock) -> None:
    """An original that is put again is not the next one to go."""
    with make(max_bytes=25) as store:
        a, b = original("a"), original("b")
        for one in (a, b, a):
            store.put(one)
            clock.now += 100
        store.put(original("c"))
        assert store.get(a.key) == a
        assert store.get(b.key) is None


def test_size_is_counted_in_bytes(make: Make) -> None:
    """A character of three bytes counts three."""
    with make(max_bytes=9) as store:
        store.put(Original.of("日本語"))
        with pytest.raises(StoreError):
            store.put(Original.of("日本語!"))


def test_too_large_names_sizes_and_remedy(make: Make) -> None:
    """An original larger than the store raises with both sizes and what to do."""
    with (
        make(max_bytes=1000) as store,
        pytest.raises(StoreError, match=r"2,000.*1,000.*max_bytes=2000"),
    ):
        store.put(original("a", 2000))


def test_idle_time_forgets(make: Make, clock: Clock) -> None:
    """What was not used for `ttl` seconds is not there any more."""
    with make(ttl=30) as store:
        a = original("a")
        store.put(a)
        clock.now += 30
        assert store.get(a.key) is None


@pytest.mark.parametrize("use", ["put", "get"])
def test_use_starts_the_idle_time_again(make: Make, clock: Clock, use: str) -> None:
    """Putting or getting an original within its time keeps it for another."""
    with make(ttl=30) as store:
        a = original("a")
        store.put(a)
        for _ in range(5):
            clock.now += 20
            if use == "put":
                store.put(a)
            else:
                assert store.get(a.key) == a
        assert store.get(a.key) == a


def test_an_expired_original_can_be_put_again(make: Make, clock: Clock) -> None:
    """What expired comes back when it is put again."""
    with make(ttl=30) as store:
        a = original("a")
        store.put(a)
        clock.now += 100
        store.put(a)
        assert store.get(a.key) == a


@pytest.mark.parametrize(
    "broken",
    [
        lambda make: make(max_bytes=0),
        lambda make: make(ttl=0),
        lambda make: make(ttl=-1),
        lambda make: make(ttl=float("nan")),
    ],
)
def test_limits_that_keep_nothing_are_refused(
    make: Make, broken: Callable[[Make], CCRStore]
) -> None:
    """A limit that is not positive is a broken configuration."""
    with pytest.raises(ConfigurationError):
        broken(make)
