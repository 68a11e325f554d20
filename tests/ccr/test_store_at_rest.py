"""What stands in a store's file: contents, compressed or encrypted as it was told."""

from __future__ import annotations

import pickle
import sqlite3
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet, MultiFernet
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain import Original, SqliteCCRStore, StoreError
from headroom_langchain.ccr.store.at_rest import AtRest
from headroom_langchain.testing.store_laws import SetClock

CIPHER = Fernet(Fernet.generate_key())
PLAIN = AtRest()
COMPRESSED = AtRest(compress=True)
ENCRYPTED = AtRest(cipher=CIPHER)
BOTH = AtRest(compress=True, cipher=CIPHER)
WAYS = {
    "plain": PLAIN,
    "compressed": COMPRESSED,
    "encrypted": ENCRYPTED,
    "both": BOTH,
}
SECRET = Original.of("the secret of the cabinet\r\n" * 400, kind="logs", tool="shell")

ways = pytest.mark.parametrize("at_rest", WAYS.values(), ids=WAYS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a store may be."""
    return tmp_path / "originals.db"


@ways
@settings(deadline=None, max_examples=50)
@given(content=st.binary(max_size=3000))
def test_any_content_comes_back(at_rest: AtRest, content: bytes) -> None:
    """What was sealed is opened to the same bytes, with its size known or not."""
    sealed = at_rest.seal(content)
    assert at_rest.open(sealed) == content
    assert at_rest.open(sealed, size=len(content)) == content


def test_only_what_becomes_smaller_is_compressed() -> None:
    """Compressing never makes a content longer than by the byte that says how."""
    noise = Fernet.generate_key()
    assert len(COMPRESSED.seal(noise)) == len(noise) + 1
    assert len(COMPRESSED.seal(noise * 100)) < len(noise) * 10


@pytest.mark.parametrize("at_rest", [COMPRESSED, ENCRYPTED, BOTH])
def test_every_damaged_byte_is_noticed(at_rest: AtRest) -> None:
    """Wherever one byte is changed or the end is cut off, opening says so."""
    content = b"a line like any other\n" * 30
    sealed = at_rest.seal(content)
    for at in range(len(sealed)):
        damaged = sealed[:at] + bytes((sealed[at] ^ 0x11,)) + sealed[at + 1 :]
        for broken in (damaged, sealed[:at]):
            with pytest.raises(StoreError):
                at_rest.open(broken, size=len(content))


@ways
@settings(deadline=None, max_examples=100)
@given(first=st.integers(0, 5), rest=st.binary(max_size=200))
def test_nothing_but_an_error_of_stores_is_raised(
    at_rest: AtRest, first: int, rest: bytes
) -> None:
    """Bytes that nobody sealed are refused, or opened to what they may have been."""
    with suppress(StoreError):
        assert at_rest.open(bytes((first,)) + rest) == rest


def test_a_content_does_not_become_larger_than_it_was() -> None:
    """Many zeros behind a size of ten bytes are refused before they take memory."""
    bomb = b"\1" + zlib.compress(bytes(2**24))
    tracemalloc.start()
    try:
        with pytest.raises(StoreError, match="damaged"):
            PLAIN.open(bomb, size=10)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20


def raw(path: Path) -> bytes:
    """What stands in the file."""
    with closing(sqlite3.connect(path)) as file:
        (body,) = file.execute("SELECT body FROM originals").fetchone()
    return bytes(body)


@ways
def test_a_store_returns_what_was_put(path: Path, at_rest: AtRest) -> None:
    """Whatever is done to it at rest, the original comes back after reopening."""
    with SqliteCCRStore(path, at_rest=at_rest) as store:
        store.put(SECRET)
        assert store.get(SECRET.key) == SECRET
    with SqliteCCRStore(path, at_rest=at_rest) as store:
        assert store.get(SECRET.key) == SECRET
        store.put(SECRET)
        assert store.stats().bytes == len(SECRET.content)


@ways
def test_the_file_has_what_was_asked_for(path: Path, at_rest: AtRest) -> None:
    """In clear only without a cipher, smaller only when compressed."""
    with SqliteCCRStore(path, at_rest=at_rest) as store:
        store.put(SECRET)
    body = raw(path)
    assert (b"secret" in body) == (at_rest is PLAIN)
    assert (len(body) < len(SECRET.content)) == at_rest.compress
    if at_rest.cipher is not None:
        assert b"secret" not in path.read_bytes()


@pytest.mark.parametrize(
    ("before", "after"),
    [pair for pair in product(WAYS, repeat=2) if pair[0] != pair[1]],
)
def test_settings_may_change(path: Path, before: str, after: str) -> None:
    """What was written otherwise is read, and a store without a cipher says so."""
    with SqliteCCRStore(path, at_rest=WAYS[before]) as store:
        store.put(SECRET)
    with SqliteCCRStore(path, at_rest=WAYS[after]) as store:
        if WAYS[before].cipher is not None and WAYS[after].cipher is None:
            with pytest.raises(StoreError, match="cipher"):
                store.get(SECRET.key)
        else:
            assert store.get(SECRET.key) == SECRET


@pytest.mark.parametrize(
    ("at_rest", "remedy"),
    [
        (PLAIN, r"has no cipher: make it with at_rest=AtRest\(cipher=\.\.\.\)"),
        (AtRest(cipher=Fernet(Fernet.generate_key())), "another cipher wrote it"),
    ],
)
def test_another_cipher_raises_and_forgets_nothing(
    path: Path, at_rest: AtRest, remedy: str
) -> None:
    """It is no damage: get and put say what to do, and the right cipher reads it."""
    with SqliteCCRStore(path, at_rest=ENCRYPTED) as store:
        store.put(SECRET)
    other = Original.of("in clear")
    with SqliteCCRStore(path, at_rest=at_rest) as store:
        store.put(other)
        with pytest.raises(StoreError, match=remedy):
            store.get(SECRET.key)
        with pytest.raises(StoreError, match=remedy):
            store.put(SECRET)
        assert set(store.get_many([SECRET.key, other.key])) == {other.key}
    with SqliteCCRStore(path, at_rest=ENCRYPTED) as store:
        assert store.get(SECRET.key) == SECRET


def test_what_has_expired_needs_no_cipher(path: Path) -> None:
    """An expired original that another cipher wrote is missing, and can be put."""
    clock = SetClock()
    with SqliteCCRStore(path, ttl=10, clock=clock, at_rest=ENCRYPTED) as store:
        store.put(SECRET)
    clock.now += 10
    with SqliteCCRStore(path, ttl=10, clock=clock) as store:
        assert store.get(SECRET.key) is None
        store.put(SECRET)
        assert store.get(SECRET.key) == SECRET


class Odd:
    """A cipher that returns what it is told to."""

    def __init__(self, result: Callable[[bytes], Any]) -> None:
        self._result = result

    def encrypt(self, data: bytes, /) -> Any:
        return self._result(data)

    def decrypt(self, token: bytes, /) -> Any:
        return self._result(token)


def unreachable(_: bytes) -> bytes:
    """Fail as a service of keys does."""
    msg = "no route to the keys"
    raise OSError(msg)


@pytest.mark.parametrize("result", [unreachable, str, len])
def test_a_cipher_that_fails_is_told(
    path: Path, result: Callable[[bytes], object]
) -> None:
    """A put and a get raise errors of stores, and what is there stays."""
    at_rest = AtRest(cipher=Odd(result))
    with SqliteCCRStore(path, at_rest=ENCRYPTED) as store:
        store.put(SECRET)
    with SqliteCCRStore(path, at_rest=at_rest) as store:
        with pytest.raises(StoreError, match="could not be encrypted"):
            store.put(Original.of("another"))
        with pytest.raises(StoreError, match="could not be decrypted"):
            store.get(SECRET.key)
    with SqliteCCRStore(path, at_rest=ENCRYPTED) as store:
        assert store.get(SECRET.key) == SECRET


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_a_cipher_may_return_any_bytes(
    path: Path, kind: Callable[[bytes], object]
) -> None:
    """Whatever kind of bytes it returns, the original comes back."""
    with SqliteCCRStore(path, at_rest=AtRest(cipher=Odd(kind))) as store:
        store.put(SECRET)
        assert store.get(SECRET.key) == SECRET


def test_a_cipher_may_be_replaced(path: Path) -> None:
    """With both ciphers, what the old one wrote is read and the new one writes."""
    new = Fernet(Fernet.generate_key())
    with SqliteCCRStore(path, at_rest=ENCRYPTED) as store:
        store.put(SECRET)
    both = AtRest(cipher=MultiFernet([new, CIPHER]))
    with SqliteCCRStore(path, at_rest=both) as store:
        assert store.get(SECRET.key) == SECRET


@pytest.mark.parametrize("at_rest", [COMPRESSED, ENCRYPTED, BOTH])
def test_a_damaged_row_counts_as_missing(path: Path, at_rest: AtRest) -> None:
    """Wherever its body is damaged, it is not returned and can be put again."""
    with SqliteCCRStore(path, at_rest=at_rest) as store:
        store.put(SECRET)
        with closing(sqlite3.connect(path)) as file:
            for at in (1, 2, 10, len(raw(path)) // 2, len(raw(path))):
                body = bytearray(raw(path))
                body[at - 1] ^= 0x40
                with file:
                    file.execute("UPDATE originals SET body = ?", (bytes(body),))
                assert store.get(SECRET.key) is None
                store.put(SECRET)
                assert store.get(SECRET.key) == SECRET


def test_a_copy_of_the_store_has_its_cipher(path: Path) -> None:
    """A pickled store reads what the store wrote."""
    with SqliteCCRStore(path, at_rest=BOTH) as store:
        store.put(SECRET)
        with pickle.loads(pickle.dumps(store)) as copy:  # noqa: S301 - made here
            assert copy.get(SECRET.key) == SECRET
