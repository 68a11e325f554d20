"""Laws of sharing: several stores, at once or one after another, on the same data."""

from __future__ import annotations

from typing import Final

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.testing.store_laws.content import AWKWARD_TEXTS
from headroom_langchain.testing.store_laws.law import StoreLaw, Trial, expect, law
from headroom_langchain.testing.store_laws.subject import Capability


@law(Capability.SHARING)
async def finds_everything_when_opened_again(trial: Trial) -> None:
    """What was put is there after the store was closed and opened again."""
    folder = trial.folder()
    originals = [Original.of(text, kind=text, tool=text) for text in AWKWARD_TEXTS]
    async with trial.store(folder) as store:
        for place in ("one", "\ud800"):
            await store.put_many(originals, namespace=place)
    async with trial.store(folder) as store:
        for place in ("one", "\ud800"):
            found = await store.get_many(
                [original.key for original in originals], namespace=place
            )
            expected = {original.key: original for original in originals}
            expect(dict(found) == expected, f"it found {len(found)} in {place!r}")


@law(Capability.SHARING)
async def begins_empty_elsewhere(trial: Trial) -> None:
    """Stores of two folders share nothing."""
    original = Original.of("text")
    async with trial.store() as one, trial.store() as other:
        await one.put(original)
        expect(await other.get(original.key) is None, "another folder has it too")


@law(Capability.SHARING)
async def shares_with_a_second_store(trial: Trial) -> None:
    """What one of two open stores put, the other one gets at once."""
    folder = trial.folder()
    async with trial.store(folder) as one, trial.store(folder) as other:
        for number in range(5):
            original = Original.of(str(number))
            expect(await other.get(original.key) is None, "it is there too early")
            await one.put(original)
            expect(await other.get(original.key) == original, "it is not there")
            await other.put(original)
            expect(await one.get(original.key) == original, "it is gone")


@law(Capability.SHARING, Capability.EXPIRY)
async def expires_what_another_store_put(trial: Trial) -> None:
    """What one store put expires in another one of the same folder."""
    folder, original = trial.folder(), Original.of("text")
    async with trial.store(folder, ttl=10) as one:
        await one.put(original)
    async with trial.store(folder, ttl=10) as other:
        trial.clock.now += 5
        expect(await other.get(original.key) == original, "it expired too early")
        trial.clock.now += 10
        expect(await other.get(original.key) is None, "what expired was returned")


LAWS: Final[tuple[StoreLaw, ...]] = (
    finds_everything_when_opened_again,
    begins_empty_elsewhere,
    shares_with_a_second_store,
    expires_what_another_store_put,
)
