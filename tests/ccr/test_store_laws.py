"""Every store keeps every law."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headroom_langchain.ccr.store.base import CCRStore, Original
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.ccr.store.sqlite import SqliteCCRStore
from headroom_langchain.testing.store_laws import STORE_LAWS, StoreLaw

MakeStore = Callable[[], CCRStore]

any_text = st.text(st.characters(exclude_categories=()))


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> MakeStore:
    """Make empty stores of one kind."""
    if request.param == "memory":
        return InMemoryCCRStore
    numbers = count()
    return lambda: SqliteCCRStore(tmp_path / f"{next(numbers)}.db")


def test_there_are_laws() -> None:
    """The list of laws is not empty, so that the tests below test something."""
    assert len(STORE_LAWS) >= 10
    assert all(law.__doc__ for law in STORE_LAWS)


@pytest.mark.parametrize("law", STORE_LAWS, ids=lambda law: law.__name__)
def test_law(law: StoreLaw, make: MakeStore) -> None:
    """The law holds for the store."""
    law(make)


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=any_text, namespace=any_text, kind=any_text, tool=st.none() | any_text)
def test_any_text_comes_back(
    make: MakeStore, content: str, namespace: str, kind: str, tool: str | None
) -> None:
    """Any content, namespace, kind and tool comes back as it was put."""
    original = Original.of(content, kind=kind, tool=tool)
    with make() as store:
        store.put(original, namespace=namespace)
        assert store.get(original.key, namespace=namespace) == original


def test_a_broken_store_breaks_a_law() -> None:
    """The laws notice a store that changes line ends."""

    class Careless(InMemoryCCRStore):
        def get(self, key: str, *, namespace: str = "default") -> Original | None:
            found = super().get(key, namespace=namespace)
            if found is None:
                return None
            return Original(content=found.content.replace("\r\n", "\n"), key=key)

    broken = []
    for law in STORE_LAWS:
        try:
            law(Careless)
        except AssertionError:
            broken.append(law.__name__)
    assert "returns_exact_content" in broken
