"""What all tests share: the stores they run over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headroom_langchain import CCRStore, InMemoryCCRStore, SqliteCCRStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CCRStore]:
    """Each kind of store in turn, empty."""
    made: CCRStore = (
        InMemoryCCRStore()
        if request.param == "memory"
        else SqliteCCRStore(tmp_path / "originals.db")
    )
    with made:
        yield made
