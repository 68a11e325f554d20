"""Laws of limits: what a store forgets by itself, and when."""

from __future__ import annotations

from typing import Final

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.errors import KeyCollisionError, StoreError
from headroom_langchain.testing.store_laws.law import StoreLaw, Trial, expect, law
from headroom_langchain.testing.store_laws.subject import Capability

_TTL: Final = 1000.0
_LONG: Final = 1000.0
"""Seconds after which every store notes a use again."""


@law(Capability.EXPIRY)
async def keeps_what_has_not_expired(trial: Trial) -> None:
    """What was put less than `ttl` seconds ago is there."""
    original = Original.of("text")
    async with trial.store(ttl=_TTL) as store:
        await store.put(original)
        trial.clock.now += _TTL - 1
        expect(await store.get(original.key) == original, "it expired too early")


@law(Capability.EXPIRY)
async def never_returns_what_has_expired(trial: Trial) -> None:
    """What was not used for `ttl` seconds is not returned, though nothing swept."""
    originals = [Original.of(name) for name in "abc"]
    keys = [original.key for original in originals]
    async with trial.store(ttl=_TTL) as store:
        await store.put_many(originals, namespace="one")
        await store.put_many(originals)
        trial.clock.now += _TTL
        expect(not await store.get_many(keys), "what expired was returned")
        found = await store.get(keys[0], namespace="one")
        expect(found is None, "what expired in another namespace was returned")


@law(Capability.EXPIRY)
async def putting_again_starts_the_time_again(trial: Trial) -> None:
    """An original that is put again and again does not expire."""
    original = Original.of("text")
    async with trial.store(ttl=_TTL) as store:
        for _ in range(4):
            await store.put(original)
            trial.clock.now += _TTL * 0.6
        found = await store.get(original.key)
        expect(found == original, "it expired, put 0.6 ttl ago")


@law(Capability.EXPIRY)
async def getting_starts_the_time_again(trial: Trial) -> None:
    """An original that is got again and again does not expire."""
    original = Original.of("text")
    async with trial.store(ttl=_TTL) as store:
        await store.put(original)
        for _ in range(4):
            trial.clock.now += _TTL * 0.6
            found = await store.get(original.key)
            expect(found == original, "it expired, got 0.6 ttl ago")


@law(Capability.EXPIRY)
async def keeps_what_is_put_after_it_expired(trial: Trial) -> None:
    """An original that expired can be put again and is there for another `ttl`."""
    original = Original.of("text")
    async with trial.store(ttl=_TTL) as store:
        await store.put(original)
        trial.clock.now += _TTL * 2
        await store.put(original)
        trial.clock.now += _TTL - 1
        expect(await store.get(original.key) == original, "it was not kept again")


@law(Capability.EXPIRY, Capability.LISTING, Capability.FORGETTING)
async def sweeps_what_has_expired(trial: Trial) -> None:
    """What expired is counted as expired until a sweep forgets it."""
    old, new = Original.of("old"), Original.of("new")
    async with trial.store(ttl=_TTL) as store:
        await store.put(old)
        trial.clock.now += _TTL
        before = await store.stats()
        expect((before.originals, before.expired) == (0, 1), f"it counts {before!r}")
        swept = await store.sweep()
        expect(swept == 1, f"it forgot {swept} of which one expired")
        await store.put(new)
        after = await store.stats()
        expect((after.originals, after.expired) == (1, 0), f"it counts {after!r}")
        expect(await store.get(new.key) == new, "what did not expire is gone")


@law(Capability.EXPIRY, Capability.LISTING)
async def lists_what_was_used_last_at_the_end(trial: Trial) -> None:
    """Entries are listed by their last use, and both put and get are uses."""
    a, b, c = (Original.of(name) for name in "abc")
    async with trial.store(ttl=_TTL * 10) as store:
        for original in (a, b, c, a):
            await store.put(original)
            trial.clock.now += _TTL
        await store.get(b.key)
        keys = [entry.key for entry in await store.entries()]
    expect(keys == [c.key, a.key, b.key], "the order is another")


@law(Capability.EVICTION)
async def evicts_the_least_recently_used(trial: Trial) -> None:
    """Beyond `max_bytes` the original that was neither put nor got for longest goes."""
    a, b, c, d = (Original.of(name * 10) for name in "abcd")
    async with trial.store(max_bytes=35) as store:
        for original in (a, b, c, a):
            await store.put(original)
            trial.clock.now += _LONG
        expect(await store.get(b.key) == b, "it went before there was need")
        trial.clock.now += _LONG
        await store.put(d)
        kept = {one.key: one for one in (a, b, d)}
        found = await store.get_many([one.key for one in (a, b, c, d)])
        expect(dict(found) == kept, f"it kept {found!r}")


@law(Capability.EVICTION)
async def counts_bytes(trial: Trial) -> None:
    """`max_bytes` is in bytes of UTF-8: a character may have several."""
    async with trial.store(max_bytes=9) as store:
        three = Original.of("日本語")
        await store.put(three)
        expect(await store.get(three.key) == three, "nine bytes did not fit into nine")
        try:
            await store.put(Original.of("日本語!"))
        except StoreError:
            return
        expect(holds=False, otherwise="ten bytes fitted into nine")


@law(Capability.EVICTION)
async def refuses_what_never_fits(trial: Trial) -> None:
    """An original larger than the store raises and evicts nothing."""
    small = Original.of("small")
    async with trial.store(max_bytes=100) as store:
        await store.put(small)
        try:
            await store.put(Original.of("large" * 100))
        except KeyCollisionError as error:
            expect(holds=False, otherwise=f"it raised {error!r}")
        except StoreError:
            pass
        else:
            expect(holds=False, otherwise="it did not raise StoreError")
        expect(await store.get(small.key) == small, "it evicted what was there")


@law(Capability.EVICTION)
async def keeps_the_last_of_many(trial: Trial) -> None:
    """What was put last is there, however much was put before."""
    async with trial.store(max_bytes=100) as store:
        for number in range(50):
            original = Original.of(f"{number:010}")
            await store.put(original)
            trial.clock.now += _LONG
            expect(await store.get(original.key) == original, "the newest was evicted")
            trial.clock.now += _LONG
        keys = [Original.of(f"{number:010}").key for number in range(50)]
        found = await store.get_many(keys)
        expect(set(found) == set(keys[-10:]), f"of 50 it kept {len(found)}, not 10")


LAWS: Final[tuple[StoreLaw, ...]] = (
    keeps_what_has_not_expired,
    never_returns_what_has_expired,
    putting_again_starts_the_time_again,
    getting_starts_the_time_again,
    keeps_what_is_put_after_it_expired,
    sweeps_what_has_expired,
    lists_what_was_used_last_at_the_end,
    evicts_the_least_recently_used,
    counts_bytes,
    refuses_what_never_fits,
    keeps_the_last_of_many,
)
