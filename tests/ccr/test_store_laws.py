"""Every store keeps every law."""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_subjects import SUBJECTS, each_store, needed, spoken

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.testing.store_laws import (
    STORE_LAWS,
    Face,
    StoreLaw,
    StoreUnderTest,
    Wanted,
    check_store,
    laws_of,
)

any_text = st.text(st.characters(exclude_categories=()))
any_tool = st.none() | any_text

CASES = [
    pytest.param(subject, law, marks=needed(subject), id=f"{subject}-{law}")
    for subject in SUBJECTS
    for law in laws_of(subject)
]


@pytest.mark.parametrize(("subject", "law"), CASES)
def test_law(subject: StoreUnderTest, law: StoreLaw) -> None:
    """The law holds for the store, with `await` and without."""
    check_store(subject, laws=[law]).raise_for_failures()


def test_every_law_is_looked_at_on_some_store() -> None:
    """There is no law that all stores are excused from."""
    assert {law.name for subject in SUBJECTS for law in laws_of(subject)} == {
        law.name for law in STORE_LAWS
    }


@each_store
@pytest.mark.parametrize("face", Face)
def test_any_text_comes_back(
    subject: StoreUnderTest, face: Face, tmp_path: Path
) -> None:
    """Any content, namespace, kind and tool comes back as it was put, put twice too."""
    numbers = count()
    with spoken(subject, Wanted(folder=tmp_path), face) as store:

        @settings(deadline=None, max_examples=25)
        @given(content=any_text, place=any_text, kind=any_text, tool=any_tool)
        def holds(content: str, place: str, kind: str, tool: str | None) -> None:
            # Of a content that was put before, the kind and the tool stay.
            place = f"{next(numbers)} {place}"
            original = Original.of(content, kind=kind, tool=tool)
            handle = store.handle
            for _ in range(2):
                store.run(handle.put(original, namespace=place))
                assert store.run(handle.get(original.key, namespace=place)) == original
            assert store.run(handle.get(original.key, namespace=f"{place}/")) is None

        holds()


@each_store
def test_putting_is_idempotent(subject: StoreUnderTest, tmp_path: Path) -> None:
    """However often and in whatever order originals are put, each is kept once."""
    numbers = count()
    with spoken(subject, Wanted(folder=tmp_path)) as store:

        @settings(deadline=None, max_examples=15)
        @given(st.lists(st.lists(any_text, max_size=4), max_size=4))
        def holds(batches: list[list[str]]) -> None:
            place = str(next(numbers))
            for batch in batches:
                originals = list(map(Original.of, batch))
                store.run(store.handle.put_many(originals, namespace=place))
            expected = {one.key: one for one in map(Original.of, chain(*batches))}
            listed = store.run(store.handle.entries(namespace=place))
            assert sorted(one.key for one in listed) == sorted(expected)
            found = store.run(store.handle.get_many(list(expected), namespace=place))
            assert dict(found) == expected

        holds()
