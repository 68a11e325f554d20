"""The laws of a store, for anyone who writes one.

Each law takes a function that makes an empty store, and raises `AssertionError`
where the store breaks it:

```python
import pytest
from headroom_langchain.testing.store_laws import STORE_LAWS


@pytest.mark.parametrize("law", STORE_LAWS, ids=lambda law: law.__name__)
def test_my_store(law):
    law(MyStore)
```
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Final, TypeAlias

from headroom_langchain.ccr.store.base import CCRStore, Original
from headroom_langchain.errors import KeyCollisionError

MakeStore: TypeAlias = Callable[[], CCRStore]
"""Makes an empty store; it is closed when the law has been looked at."""

StoreLaw: TypeAlias = Callable[[MakeStore], None]
"""Raises `AssertionError` when the stores that are made break a law."""

AWKWARD_TEXTS: Final = (
    "",
    "plain",
    "windows\r\nlines\r\n",
    "old mac\rlines\r",
    "a\0b",
    "no line break at the end",
    "\ufeffbyte order mark",
    "lone \ud800 surrogate \udfff",
    '{"number": 1e3, "long": 123456789012345678901234567890}',
    "e\u0301 is not \u00e9",
    "日本語 😀",
)
"""Texts that are easily changed on the way through a store."""


def returns_exact_content(make: MakeStore) -> None:
    """What comes back is what was put, to the last character."""
    with make() as store:
        for content in AWKWARD_TEXTS:
            original = Original.of(content, kind="logs", tool="shell")
            key = store.put(original)
            _expect(store.get(key) == original, f"{content!r} came back changed")


def keeps_an_unknown_tool_unknown(make: MakeStore) -> None:
    """An original without the name of a tool comes back without one."""
    with make() as store:
        original = Original.of("text")
        _expect(store.get(store.put(original)) == original, "the tool changed")


def put_twice_is_put_once(make: MakeStore) -> None:
    """Putting the same original again changes nothing."""
    with make() as store:
        original = Original.of("text")
        store.put_many([original, original])
        store.put(original)
        _expect(store.get(original.key) == original, "the original changed")


def first_writer_wins_a_collision(make: MakeStore) -> None:
    """A different content under a key that is taken raises and changes nothing."""
    with make() as store:
        first = Original.of("first")
        store.put(first)
        try:
            store.put(Original(content="second", key=first.key))
        except KeyCollisionError:
            pass
        else:
            msg = "a collision did not raise KeyCollisionError"
            raise AssertionError(msg)
        _expect(store.get(first.key) == first, "a collision changed the first content")


def leaves_out_what_is_missing(make: MakeStore) -> None:
    """A key that was never put is left out, and no error."""
    with make() as store:
        original = Original.of("text")
        store.put(original)
        missing = Original.of("other").key
        found = store.get_many([missing, original.key, "", "\ud800"])
        _expect(dict(found) == {original.key: original}, "a missing key was answered")
        _expect(store.get(missing) is None, "a missing key was not None")
        _expect(not store.get_many([]), "no keys found something")


def takes_nothing(make: MakeStore) -> None:
    """Putting no originals is fine."""
    with make() as store:
        store.put_many([])


def keeps_namespaces_apart(make: MakeStore) -> None:
    """What was put in one namespace is not found in another."""
    with make() as store:
        original = Original.of("text")
        store.put(original, namespace="one")
        _expect(store.get(original.key) is None, "found in the default namespace")
        other = store.get(original.key, namespace="two")
        _expect(other is None, "found in another namespace")
        own = store.get(original.key, namespace="one")
        _expect(own == original, "lost in its own namespace")


def serves_several_threads(make: MakeStore) -> None:
    """Threads that put and get at the same time lose nothing and raise nothing."""
    failures: list[BaseException] = []
    with make() as store:

        def work(worker: int) -> None:
            try:
                for count in range(20):
                    own = Original.of(f"{worker}/{count}")
                    shared = Original.of(f"shared {count}")
                    store.put_many([own, shared])
                    _expect(store.get(own.key) == own, "an original was lost")
                    _expect(store.get(shared.key) == shared, "a shared one was lost")
            except BaseException as error:  # noqa: BLE001 (told to the main thread)
                failures.append(error)

        workers = [threading.Thread(target=work, args=(at,)) for at in range(4)]
        for thread in workers:
            thread.start()
        for thread in workers:
            thread.join()
    _expect(not failures, f"threads failed: {failures!r}")


def async_equals_sync(make: MakeStore) -> None:
    """The async methods see and write the same originals as the others."""

    async def look(store: CCRStore) -> None:
        there, new = Original.of("put before"), Original.of("put in async")
        store.put(there)
        _expect(await store.aget(there.key) == there, "aget did not find it")
        _expect(await store.aput(new) == new.key, "aput returned another key")
        await store.aput_many([there, new], namespace="one")
        found = await store.aget_many([new.key, there.key], namespace="one")
        keys = {there.key: there, new.key: new}
        _expect(dict(found) == keys, "aget_many found something else")

    with make() as store:
        asyncio.run(look(store))
        found = store.get(Original.of("put in async").key)
        _expect(found is not None, "get did not find what aput put")


def closes_twice(make: MakeStore) -> None:
    """Closing a store again is fine."""
    store = make()
    store.close()
    store.close()


def _expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 (it is an assertion)
    if not holds:
        raise AssertionError(otherwise)


STORE_LAWS: Final[tuple[StoreLaw, ...]] = (
    returns_exact_content,
    keeps_an_unknown_tool_unknown,
    put_twice_is_put_once,
    first_writer_wins_a_collision,
    leaves_out_what_is_missing,
    takes_nothing,
    keeps_namespaces_apart,
    serves_several_threads,
    async_equals_sync,
    closes_twice,
)
"""Every law of a store."""
