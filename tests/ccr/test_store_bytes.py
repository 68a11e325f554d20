"""What is special about the store over stores of bytes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from backends import BYTE_BACKENDS, ByteStore, FileByteStore
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from langchain_core.stores import InMemoryByteStore

from headroom_langchain import AtRest, ByteStoreCCRStore, Original
from headroom_langchain.errors import ConfigurationError, StoreError
from headroom_langchain.testing.store_laws import SetClock

ANY_TEXT = st.text(st.characters(), max_size=40)
ORIGINAL = Original.of("a line of text\n" * 20, kind="logs", tool="shell")
PLACE = f"headroom/default/{ORIGINAL.key}"


@pytest.fixture(params=list(BYTE_BACKENDS))
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ByteStore]:
    """Each store of bytes in turn, empty."""
    with BYTE_BACKENDS[request.param](tmp_path) as store:
        yield store


class Counting(InMemoryByteStore):
    """A store that remembers which of its methods were called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        self.calls.append("mget")
        return super().mget(keys)

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        self.calls.append("mset")
        super().mset(key_value_pairs)

    async def amget(self, keys: Sequence[str]) -> list[bytes | None]:
        self.calls.append("amget")
        return super().mget(keys)

    async def amset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        self.calls.append("amset")
        super().mset(key_value_pairs)


class Converting(InMemoryByteStore):
    """A store that returns what it was given as something else."""

    def __init__(self, convert: Callable[[bytes], Any]) -> None:
        super().__init__()
        self._convert = convert

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        values = super().mget(keys)
        return [None if value is None else self._convert(value) for value in values]


class HalfWritten(InMemoryByteStore):
    """A store in which another writer is just at work when it is first read."""

    def __init__(self) -> None:
        super().__init__()
        self.busy = True

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        busy, self.busy = self.busy, False
        values = super().mget(keys)
        return [value and value[:40] for value in values] if busy else values


@settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=ANY_TEXT, kind=ANY_TEXT, tool=st.none() | ANY_TEXT, namespace=ANY_TEXT)
@example(content="\0\ud800", kind="\n", tool="\ud800\udc00", namespace="../\0\udfff.")
async def test_any_text_comes_back(
    backend: ByteStore, content: str, kind: str, tool: str | None, namespace: str
) -> None:
    """What comes back is what was put, whoever looks, with `await` or without."""
    store = ByteStoreCCRStore(backend)
    original = Original.of(content, kind=kind, tool=tool)
    # What an earlier example put has the same content and another kind.
    store.delete_many([original.key], namespace=namespace)
    await store.aput(original, namespace=namespace)
    other = ByteStoreCCRStore(backend)
    assert other.get(original.key, namespace=namespace) == original
    assert await other.aget(original.key, namespace=namespace) == original
    assert other.get(original.key, namespace=namespace + "x") is None


def test_keys_are_allowed_everywhere() -> None:
    """Keys have the characters that stores of files allow, and stay in their folder."""
    backend = InMemoryByteStore()
    store = ByteStoreCCRStore(backend, prefix="team/cache")
    for namespace in ("", "..", "a/b", "A.b", "\0", "é" * 300):
        store.put(ORIGINAL, namespace=namespace)
    keys = list(backend.yield_keys())
    assert len({key.lower() for key in keys}) == 6
    for key in keys:
        assert re.fullmatch(r"team/cache/[a-z0-9_-]{1,120}/[a-z0-9_-]{1,120}", key)


def test_places_in_one_store_are_apart(backend: ByteStore) -> None:
    """What is kept in one place, or by somebody else, is not seen from another."""
    prefixes = ["a", "a/b", "a/default", "ab"]
    stores = [ByteStoreCCRStore(backend, prefix=prefix) for prefix in prefixes]
    originals = [Original.of(prefix) for prefix in prefixes]
    for store, original in zip(stores, originals, strict=True):
        store.put(original)
    backend.mset([("a/default/note", b"{}"), ("a/note", b"somebody else's")])
    for store, original in zip(stores, originals, strict=True):
        assert [one.key for one in store.entries()] == [original.key]
        assert len(list(store.entries(namespace="default"))) == 1
        assert set(store.get_many([one.key for one in originals])) == {original.key}


def test_what_is_not_whole_is_missing_and_heals() -> None:
    """A value cut anywhere, or with any byte changed, is never returned."""
    backend = InMemoryByteStore()
    store = ByteStoreCCRStore(backend)
    store.put(ORIGINAL)
    (whole,) = backend.mget([PLACE])
    assert whole is not None
    head = whole.index(b"\n")
    places = [0, 1, head // 2, head, head + 1, head + 3, len(whole) - 1]
    damaged = [whole[:at] for at in places]
    damaged += [
        whole[:at] + bytes((whole[at] ^ 255,)) + whole[at + 1 :] for at in places
    ]
    backend.mset([(f"{PLACE}{at}", value) for at, value in enumerate(damaged)])
    keys = [f"{ORIGINAL.key}{at}" for at in range(len(damaged))]
    assert not store.get_many(keys)
    backend.mset([(PLACE, damaged[-1])])
    store.put(ORIGINAL)
    assert store.get(ORIGINAL.key) == ORIGINAL


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_what_is_being_written_is_looked_at_again(*, asynchronous: bool) -> None:
    """A value that another writer is just writing is not taken for missing."""
    backend = HalfWritten()
    ByteStoreCCRStore(backend).put(ORIGINAL)
    backend.busy = True
    store = ByteStoreCCRStore(backend)
    key = ORIGINAL.key
    assert (await store.aget(key) if asynchronous else store.get(key)) == ORIGINAL
    assert not backend.busy


def test_the_end_of_a_longer_value_does_no_harm() -> None:
    """Two writers in one file may leave the end of the longer value behind."""
    backend = InMemoryByteStore()
    store = ByteStoreCCRStore(backend)
    store.put(ORIGINAL)
    (value,) = backend.mget([PLACE])
    assert value is not None
    backend.mset([(PLACE, value + value[-7:])])
    assert store.get(ORIGINAL.key) == ORIGINAL


def test_a_value_in_another_place_is_missing() -> None:
    """A value that was copied to another key or namespace is not returned there."""
    backend = InMemoryByteStore()
    store = ByteStoreCCRStore(backend)
    store.put(ORIGINAL)
    (value,) = backend.mget([PLACE])
    assert value is not None
    other = "0" * 24
    backend.mset([(f"headroom/default/{other}", value)])
    backend.mset([(f"headroom/tenant/{ORIGINAL.key}", value)])
    assert store.get(other) is None
    assert store.get(ORIGINAL.key, namespace="tenant") is None
    assert [one.namespace for one in store.entries()] == ["default"]


def test_contents_are_encrypted_by_a_cipher() -> None:
    """Nothing in the store shows what a cipher wrote, and no other cipher reads it."""
    backend = InMemoryByteStore()
    secret = AtRest(cipher=Fernet(Fernet.generate_key()))
    ByteStoreCCRStore(backend, at_rest=secret).put(ORIGINAL)
    assert b"a line of text" not in b"".join(backend.store.values())
    assert ByteStoreCCRStore(backend, at_rest=secret).get(ORIGINAL.key) == ORIGINAL
    with pytest.raises(StoreError, match="no cipher"):
        ByteStoreCCRStore(backend).get(ORIGINAL.key)


async def test_calls_are_few_and_native() -> None:
    """To put costs two calls, to put again one, to get one; with `await` the async."""
    backend = Counting()
    store = ByteStoreCCRStore(backend)
    originals = [Original.of(str(number)) for number in range(9)]
    keys = [original.key for original in originals]
    store.put_many(originals)
    store.put_many(originals)
    store.get_many(keys)
    assert backend.calls == ["mget", "mset", "mget", "mget"]
    backend.calls.clear()
    await store.aput_many(originals, namespace="other")
    await store.aput_many(originals, namespace="other")
    await store.aget_many(keys, namespace="other")
    assert backend.calls == ["amget", "amset", "amget", "amget"]
    store.put_many([])
    store.get_many([])
    assert len(backend.calls) == 4


def test_a_use_is_noted_once_in_a_while() -> None:
    """Within a tenth of `ttl` a use writes nothing, after it once."""
    clock, backend = SetClock(), Counting()
    store = ByteStoreCCRStore(backend, ttl=100, clock=clock)
    store.put(ORIGINAL)
    for seconds, writes in ((9, 1), (1, 2), (9, 2), (90, 3), (100, 3)):
        clock.now += seconds
        store.get(ORIGINAL.key)
        assert backend.calls.count("mset") == writes


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_what_a_backend_raises_is_a_store_error(
    tmp_path: Path, *, asynchronous: bool
) -> None:
    """The error names the store, what it said and what to check, and has its cause."""
    (tmp_path / "headroom").write_text("a file where a folder should be")
    store = ByteStoreCCRStore(FileByteStore(tmp_path))
    with pytest.raises(StoreError, match="FileByteStore failed") as caught:
        await (
            store.aput(ORIGINAL)
            if asynchronous
            else asyncio.to_thread(store.put, ORIGINAL)
        )
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("prefix", ["", "/a", "a/", "a//b", "..", "a b", "é", "a\n"])
def test_a_prefix_must_be_allowed_everywhere(prefix: str) -> None:
    """A prefix that some store would refuse is refused at once, and named."""
    with pytest.raises(ConfigurationError, match="prefix="):
        ByteStoreCCRStore(InMemoryByteStore(), prefix=prefix)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_any_kind_of_bytes_is_read(kind: Callable[[bytes], object]) -> None:
    """A store may return bytes as a buffer of its own."""
    store = ByteStoreCCRStore(Converting(kind))
    store.put(ORIGINAL)
    assert store.get(ORIGINAL.key) == ORIGINAL
    assert [entry.key for entry in store.entries()] == [ORIGINAL.key]


def test_a_store_of_texts_is_told() -> None:
    """Reading and listing say that bytes were expected."""
    store = ByteStoreCCRStore(Converting(lambda value: value.decode("latin-1")))
    store.put(ORIGINAL)
    for call in (lambda: store.get(ORIGINAL.key), lambda: list(store.entries())):
        with pytest.raises(StoreError, match="bytes-like object is required"):
            call()
