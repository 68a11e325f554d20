"""Laws of content: what comes back is what was put."""

from __future__ import annotations

from typing import Final

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.errors import KeyCollisionError
from headroom_langchain.testing.store_laws.law import StoreLaw, Trial, expect, law

AWKWARD_TEXTS: Final = (
    "",
    " ",
    "plain",
    "windows\r\nlines\r\n",
    "old mac\rlines\r",
    "a\0b",
    "\0",
    "no line break at the end",
    "spaces at the end  \n\n\n",
    "\ufeffbyte order mark",
    "lone \ud800 surrogate \udfff",
    '{"number": 1e3, "long": 123456789012345678901234567890}',
    "e\u0301 is not \u00e9",
    "日本語 😀",
    "' \" ` \\ % _ * ? : / ; -- ${x} {y}",
)
"""Texts that are easily changed on the way through a store."""

_MEGABYTE: Final = 2**20
_MANY: Final = 1001


@law()
async def returns_exact_content(trial: Trial) -> None:
    """What comes back is what was put, to the last character."""
    async with trial.store() as store:
        for content in AWKWARD_TEXTS:
            original = Original.of(content, kind="logs", tool="shell")
            key = await store.put(original)
            expect(key == original.key, f"put returned {key!r}")
            found = await store.get(key)
            expect(found == original, f"{content!r} came back changed")


@law()
async def returns_large_content(trial: Trial) -> None:
    """An original of a megabyte comes back as it was put."""
    line = "2026-01-01T00:00:00Z INFO one line of a large log \u00e9\r\n"
    original = Original.of(line * (_MEGABYTE // len(line) + 1))
    async with trial.store() as store:
        await store.put(original)
        expect(await store.get(original.key) == original, "it came back changed")


@law()
async def returns_exact_kind_and_tool(trial: Trial) -> None:
    """Any text can be a kind or the name of a tool, and a tool may be unknown."""
    async with trial.store() as store:
        for number, text in enumerate(AWKWARD_TEXTS):
            original = Original.of(str(number), kind=text, tool=text)
            found = await store.get(await store.put(original))
            expect(found == original, f"{text!r} came back changed: {found!r}")
        unknown = Original.of("text")
        found = await store.get(await store.put(unknown))
        expect(found == unknown, f"a tool that is unknown became {found!r}")


@law()
async def keeps_many(trial: Trial) -> None:
    """Many originals can be put and got in one call."""
    originals = {one.key: one for one in map(Original.of, map(str, range(_MANY)))}
    async with trial.store() as store:
        await store.put_many(list(originals.values()))
        found = await store.get_many([*originals, *originals])
        expect(dict(found) == originals, f"{len(found)} of {_MANY} came back")


@law()
async def put_twice_is_put_once(trial: Trial) -> None:
    """Putting a content again changes nothing: its first kind and tool stay."""
    first = Original.of("text", kind="logs", tool="shell")
    async with trial.store() as store:
        await store.put_many([first, first])
        await store.put(first)
        expect(await store.get(first.key) == first, "the original changed")
        await store.put(Original.of("text", kind="other", tool="another"))
        found = await store.get(first.key)
        expect(found == first, f"the second put changed it to {found!r}")


@law()
async def first_writer_wins_a_collision(trial: Trial) -> None:
    """A different content under a key that is taken raises and changes nothing."""
    first = Original.of("first")
    async with trial.store() as store:
        await store.put(first)
        try:
            await store.put(Original(content="second", key=first.key))
        except KeyCollisionError:
            pass
        else:
            expect(holds=False, otherwise="it did not raise KeyCollisionError")
        expect(await store.get(first.key) == first, "the first content changed")


@law()
async def leaves_out_what_is_missing(trial: Trial) -> None:
    """A key that was never put is left out, and no error."""
    original, missing = Original.of("text"), Original.of("other").key
    async with trial.store() as store:
        expect(await store.get(missing) is None, "an empty store found something")
        await store.put(original)
        found = await store.get_many([missing, original.key, *AWKWARD_TEXTS])
        expect(dict(found) == {original.key: original}, f"it found {found!r}")
        expect(await store.get(missing) is None, "a missing key was not None")


@law()
async def takes_nothing(trial: Trial) -> None:
    """Putting no originals and asking for no keys is fine."""
    async with trial.store() as store:
        await store.put_many([])
        expect(not await store.get_many([]), "no keys found something")


@law()
async def closes_twice(trial: Trial) -> None:
    """Closing a store again is fine."""
    async with trial.store() as store:
        await store.put(Original.of("text"))
        store.store.close()
        store.store.close()


LAWS: Final[tuple[StoreLaw, ...]] = (
    returns_exact_content,
    returns_large_content,
    returns_exact_kind_and_tool,
    keeps_many,
    put_twice_is_put_once,
    first_writer_wins_a_collision,
    leaves_out_what_is_missing,
    takes_nothing,
    closes_twice,
)
