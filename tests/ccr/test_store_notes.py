"""Notes are found under their names, and are never in anybody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain import CCRStore, InMemoryCCRStore, Original
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE
from headroom_langchain.ccr.store.notes import KIND, Notes, note_key
from headroom_langchain.testing.store_laws import SetClock

any_text = st.text(st.characters(exclude_categories=()), max_size=20)
json_objects = st.dictionaries(
    any_text, st.recursive(st.none() | st.integers() | any_text, st.lists), max_size=3
)


class Broken(CCRStore):
    """A store that is down."""

    def put_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        msg = "no route to host"
        raise OSError(msg)

    def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        msg = "no route to host"
        raise OSError(msg)


@settings(deadline=None, max_examples=50)
@given(written=st.dictionaries(any_text, json_objects, max_size=4))
def test_what_was_noted_is_found(written: dict[str, dict[str, Any]]) -> None:
    """Any JSON object is found under any name, and nothing under others."""
    notes = Notes(InMemoryCCRStore(), "ann")

    async def go() -> None:
        assert await notes.aput(written) == ""
        assert await notes.aget([*written, "other name of more than 20"]) == written

    asyncio.run(go())


async def test_every_store_keeps_notes(store: CCRStore) -> None:
    """Each kind of store keeps notes apart by tenant, and says what they are."""
    ann, bob = Notes(store, "ann"), Notes(store, "bob")
    assert await ann.aput({"a": {"é\ud800": [1, None]}, "b": {}}) == ""
    assert await bob.aput({"a": {"other": True}}) == ""
    assert await ann.aget(["b", "a", "c"]) == {"a": {"é\ud800": [1, None]}, "b": {}}
    assert await bob.aget(["b", "a"]) == {"a": {"other": True}}
    kept = {(entry.namespace, entry.kind, entry.key) for entry in store.entries()}
    assert kept == {
        ("ann", KIND, note_key("a")),
        ("ann", KIND, note_key("b")),
        ("bob", KIND, note_key("a")),
    }


async def test_the_first_of_two_notes_stays(store: CCRStore) -> None:
    """A name that is taken is no error, and not in the way of other names."""
    notes = Notes(store, "ann")
    assert await notes.aput({"b": {"first": 1}}) == ""
    assert await notes.aput({"b": {"first": 1}}) == ""
    assert await notes.aput({"a": {"x": 1}, "b": {"second": 2}, "c": {"y": 1}}) == ""
    assert await notes.aget(["a", "b", "c"]) == {
        "a": {"x": 1},
        "b": {"first": 1},
        "c": {"y": 1},
    }


async def test_a_store_that_fails_fails_nothing_else() -> None:
    """Where the store is down nothing is found, and it is told what was not kept."""
    notes = Notes(Broken(), "ann")
    assert await notes.aget(["a"]) == {}
    assert "no route to host" in await notes.aput({"a": {}})


async def test_what_cannot_be_written_is_told() -> None:
    """A note that is no JSON is told as a store's failure is."""
    assert "not kept" in await Notes(InMemoryCCRStore(), "ann").aput({"a": {"b": {1}}})


async def test_nothing_is_asked_of_the_store_for_nothing() -> None:
    """Without names or notes there is nothing that could fail."""
    notes = Notes(Broken(), "ann")
    assert await notes.aget([]) == {}
    assert await notes.aput({}) == ""


@pytest.mark.parametrize("content", ["", "[1]", '{"a":', "5", "[" * 100_000])
async def test_what_is_no_note_is_not_found(store: CCRStore, content: str) -> None:
    """What stands under the key of a note and is none reads as if it were not there."""
    notes = Notes(store, "ann")
    damaged = Original(content=content, key=note_key("a"), kind=KIND)
    foreign = Original(content="{}", key=note_key("b"), kind="text")
    store.put_many([damaged, foreign], namespace="ann")
    assert await notes.aput({"c": {"x": 1}}) == ""
    assert await notes.aget(["a", "b", "c"]) == {"c": {"x": 1}}


async def test_an_export_has_no_notes(store: CCRStore, tmp_path: Path) -> None:
    """Originals are exported from beside any notes, and imported elsewhere."""
    original = Original.of("a line\n", kind="logs", tool="shell")
    store.put(original, namespace="ann")
    assert await Notes(store, "ann").aput({"a": {"x": 1}, "b": {}}) == ""
    path = tmp_path / "originals.jsonl"
    assert store.export_to(path) == 1
    other = InMemoryCCRStore()
    assert other.import_from(path) == 1
    assert other.get(original.key, namespace="ann") == original
    assert store.stats().originals == 3


async def test_notes_go_when_they_were_not_used_for_long() -> None:
    """A note lives as long as an original, and room is made of it as of one."""
    clock = SetClock()
    store = InMemoryCCRStore(ttl=10, clock=clock)
    notes = Notes(store, "ann")
    await notes.aput({"a": {}, "b": {}})
    clock.now += 6
    assert await notes.aget(["a"]) == {"a": {}}
    clock.now += 6
    assert await notes.aget(["a", "b"]) == {"a": {}}
    assert store.sweep(max_bytes=1) == 1
