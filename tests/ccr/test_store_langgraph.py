"""What is special about the store over LangGraph's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from backends import LANGGRAPH_BACKENDS, opened
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from langgraph.store.base import BaseStore, GetOp, PutOp
from langgraph.store.memory import InMemoryStore

from headroom_langchain import AtRest, LangGraphCCRStore, Original
from headroom_langchain.ccr.store.elsewhere.round_trips import RoundTrips
from headroom_langchain.errors import ConfigurationError, StoreError
from headroom_langchain.testing.store_laws import SetClock

ANY_TEXT = st.text(st.characters(), max_size=40)
MANY_TENANTS = [
    *("default", "Default", "", "_", ".", "a", "a.b", "a/b", "a.b.c", "é", "e\u0301"),
    *("\0", "*", "%", "a%", "\ud800\udc00", "\U00010000", "x" * 500, "x" * 501),
]


@pytest.fixture(params=LANGGRAPH_BACKENDS)
async def backend(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[BaseStore]:
    """Each LangGraph store in turn, empty."""
    async with opened(request.param, tmp_path) as store:
        yield store


class Recording(InMemoryStore):
    """A store that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[Any]] = []
        self.writable = True

    def batch(self, ops: Iterable[Any]) -> list[Any]:
        self.batches.append(list(ops))
        if not self.writable and self.shapes()[-1] == {PutOp}:
            raise PermissionError
        return super().batch(self.batches[-1])

    def shapes(self) -> list[set[type]]:
        """Return what kinds of operations each batch had."""
        return [{type(op) for op in batch} for batch in self.batches]


@settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=ANY_TEXT, kind=ANY_TEXT, tool=st.none() | ANY_TEXT, namespace=ANY_TEXT)
@example(content="\0\ud800", kind="\0", tool="\ud800\udc00", namespace="\0\udfff.")
async def test_any_text_comes_back(
    backend: BaseStore, content: str, kind: str, tool: str | None, namespace: str
) -> None:
    """What comes back is what was put, whoever looks, with `await` or without."""
    store = LangGraphCCRStore(backend)
    original = Original.of(content, kind=kind, tool=tool)
    # What an earlier example put has the same content and another kind.
    await asyncio.to_thread(store.delete_many, [original.key], namespace=namespace)
    await store.aput(original, namespace=namespace)
    other = LangGraphCCRStore(backend)
    assert await other.aget(original.key, namespace=namespace) == original
    get = other.get
    assert await asyncio.to_thread(get, original.key, namespace=namespace) == original


async def test_namespaces_cannot_read_each_other(backend: BaseStore) -> None:
    """Whatever tenants are called, each finds and lists its own originals only."""
    store = LangGraphCCRStore(backend)
    own = {tenant: Original.of(f"of {tenant!r}") for tenant in MANY_TENANTS}
    for tenant, original in own.items():
        await store.aput(original, namespace=tenant)
    keys = [original.key for original in own.values()]
    for tenant, original in own.items():
        found = await store.aget_many(keys, namespace=tenant)
        listed = await asyncio.to_thread(
            lambda at: list(store.entries(namespace=at)), tenant
        )
        assert dict(found) == {original.key: original}
        assert [(one.namespace, one.key) for one in listed] == [(tenant, original.key)]
    assert (await store.astats()).namespaces == len(MANY_TENANTS)


async def test_places_in_one_store_are_apart(backend: BaseStore) -> None:
    """What is kept in one place of a store is not seen from another."""
    prefixes = [
        ("a",),
        ("a", "about"),
        ("a", "data"),
        ("a", "about", "default"),
        ("b",),
    ]
    stores = [LangGraphCCRStore(backend, prefix=prefix) for prefix in prefixes]
    for number, store in enumerate(stores):
        await store.aput(Original.of(f"of {number}"))
    note = PutOp(("a", "about", "default"), "note", {"by": "somebody else"})
    await RoundTrips(backend).ado([note])
    for number, store in enumerate(stores):
        listed = await asyncio.to_thread(lambda at: list(at.entries()), store)
        assert [one.key for one in listed] == [Original.of(f"of {number}").key]
    for one, other in permutations(range(len(stores)), 2):
        assert await stores[one].aget(Original.of(f"of {other}").key) is None


async def test_what_expired_is_not_returned(backend: BaseStore) -> None:
    """An original that was not used for `ttl` is gone, and can be put again."""
    clock = SetClock()
    store = LangGraphCCRStore(backend, ttl=100, clock=clock)
    original = Original.of("text")
    await store.aput(original)
    clock.now += 60
    assert await store.aget(original.key) == original
    clock.now += 99
    assert await store.aget(original.key) == original
    clock.now += 100
    assert await store.aget(original.key) is None
    assert (await store.astats()).expired == 1
    await store.aput(original)
    assert await store.aget(original.key) == original


async def test_least_recently_used_come_first(backend: BaseStore) -> None:
    """Originals are listed in the order of their last use, and go in it."""
    clock = SetClock()
    store = LangGraphCCRStore(backend, ttl=100, clock=clock)
    originals = [Original.of(str(number)) for number in range(4)]
    for original in originals:
        await store.aput(original, namespace=original.content)
        clock.now += 15
    await store.aget(originals[0].key, namespace="0")
    listed = await asyncio.to_thread(lambda: list(store.entries()))
    assert [one.namespace for one in listed] == ["1", "2", "3", "0"]
    assert await store.asweep(max_bytes=2) == 2
    listed = await asyncio.to_thread(lambda: list(store.entries()))
    assert [one.namespace for one in listed] == ["3", "0"]


@pytest.mark.parametrize(
    "value",
    [
        {"data": "not base64!"},
        {"data": "QUJDREVGRw=="},
        {"data": 7},
        {},
        None,
    ],
    ids=str,
)
async def test_a_damaged_content_is_missing_and_heals(
    backend: BaseStore, value: dict[str, Any] | None
) -> None:
    """A content that is not whole is never returned; put again it is whole."""
    store = LangGraphCCRStore(backend)
    original = Original.of("text")
    await store.aput(original)
    place = ("headroom", "data", "default")
    await RoundTrips(backend).ado([PutOp(place, original.key, value)])
    assert await store.aget(original.key) is None
    await store.aput(original)
    assert await store.aget(original.key) == original


@pytest.mark.parametrize(
    "change",
    [
        {"headroom": 2},
        {"namespace": "other"},
        {"key": "0" * 24},
        {"key": "A"},
        {"digest": "0" * 64},
        {"used": "yesterday"},
    ],
    ids=str,
)
async def test_what_is_known_must_fit_its_place(change: dict[str, Any]) -> None:
    """An item that says that it is another one, or that is not ours, is missing."""
    backend = InMemoryStore()
    store = LangGraphCCRStore(backend)
    original = Original.of("text")
    store.put(original)
    place = ("headroom", "about", "default")
    item = backend.get(place, original.key)
    assert item is not None
    backend.put(place, original.key, {**item.value, **change})
    assert store.get(original.key) is None


def test_contents_are_encrypted_by_a_cipher() -> None:
    """Nothing in the store shows what a cipher wrote, and no other cipher reads it."""
    backend = InMemoryStore()
    secret = AtRest(compress=True, cipher=Fernet(Fernet.generate_key()))
    original = Original.of("confidential " * 50)
    LangGraphCCRStore(backend, at_rest=secret).put(original)
    assert "confidential" not in str(backend.search(()))
    assert LangGraphCCRStore(backend, at_rest=secret).get(original.key) == original
    with pytest.raises(StoreError, match="cipher"):
        LangGraphCCRStore(backend).get(original.key)
    other = AtRest(cipher=Fernet(Fernet.generate_key()))
    with pytest.raises(StoreError, match="another cipher"):
        LangGraphCCRStore(backend, at_rest=other).get(original.key)


def test_round_trips_are_few() -> None:
    """To put costs two, to put again one without contents, to get one."""
    backend = Recording()
    store = LangGraphCCRStore(backend)
    originals = [Original.of(str(number)) for number in range(20)]
    store.put_many(originals)
    assert backend.shapes() == [{GetOp}, {PutOp}]
    store.put_many(originals)
    assert backend.shapes()[2:] == [{GetOp}]
    assert {op.namespace[1] for op in backend.batches[2]} == {"about"}
    store.get_many([original.key for original in originals])
    assert backend.shapes()[3:] == [{GetOp}]


def test_a_use_is_noted_once_in_a_while() -> None:
    """Within a tenth of `ttl` a use writes nothing, after it once."""
    clock, backend = SetClock(), Recording()
    store = LangGraphCCRStore(backend, ttl=100, clock=clock)
    original = Original.of("text")
    store.put(original)
    for seconds, writes in ((9, 1), (1, 2), (9, 2), (100, 2)):
        clock.now += seconds
        store.get(original.key)
        assert backend.shapes().count({PutOp}) == writes


def test_a_use_that_cannot_be_noted_withholds_nothing() -> None:
    """From a store that is read only originals come back."""
    clock, backend = SetClock(), Recording()
    store = LangGraphCCRStore(backend, ttl=100, clock=clock)
    original = Original.of("text")
    store.put(original)
    backend.writable = False
    clock.now += 50
    assert store.get(original.key) == original
    with pytest.raises(StoreError, match="PermissionError"):
        store.put(original)


def test_without_ttl_no_use_is_noted() -> None:
    """An original that is kept for good is written once."""
    clock, backend = SetClock(), Recording()
    store = LangGraphCCRStore(backend, clock=clock)
    original = Original.of("text")
    for _ in range(3):
        clock.now += 10**9
        store.put(original)
        assert store.get(original.key) == original
    assert backend.shapes().count({PutOp}) == 1


def test_originals_are_not_embedded() -> None:
    """A store that embeds what it keeps embeds no originals."""
    embedded: list[str] = []

    def embed(texts: Any) -> list[list[float]]:
        embedded.extend(texts)
        return [[0.0]] * len(texts)

    backend = InMemoryStore(index={"dims": 1, "embed": embed})
    LangGraphCCRStore(backend).put(Original.of("text"))
    assert embedded == []


@pytest.mark.parametrize(
    "prefix",
    [(), ("",), ("langgraph",), ("a.b",), ("a", ""), ("\0",), ("é",), "headroom"],
    ids=repr,
)
def test_a_prefix_must_be_a_place(prefix: Any) -> None:
    """A prefix that LangGraph does not allow is refused at once, and named."""
    with pytest.raises(ConfigurationError, match="prefix="):
        LangGraphCCRStore(InMemoryStore(), prefix=prefix)


def test_a_ttl_must_be_positive() -> None:
    """A store that keeps nothing is refused."""
    with pytest.raises(ConfigurationError, match="ttl=0"):
        LangGraphCCRStore(InMemoryStore(), ttl=0)
