"""No text makes a compressor fail, grow, or take memory without measure."""

from __future__ import annotations

import tracemalloc

import pytest
from hostile import HOSTILE
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain import InMemoryCCRStore, compress_text
from headroom_langchain.compression.excerpt import NOTHING_ASKED
from headroom_langchain.compression.registry import registered
from headroom_langchain.compression.sample import Sample
from headroom_langchain.compression.shorten import shorten
from headroom_langchain.tokens import estimate_tokens

SIZE = 30_000
LARGE = 400_000
MEMORY = 6
SLACK = 2_000_000


@pytest.mark.parametrize("name", HOSTILE)
def test_no_compressor_fails(name: str) -> None:
    """Each compressor reads the text or steps aside, whatever kind it is of."""
    text = HOSTILE[name](SIZE)
    sample = Sample.of(text)
    for compressor in registered():
        assert 0 <= compressor.likeness(sample) <= 1
        reading = compressor.read(text, sample)
        if reading is not None:
            reading.lossless()
            budget = compressor.budget(estimate_tokens(text))
            reading.excerpt(budget=budget, interest=NOTHING_ASKED)


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_gets_larger(name: str) -> None:
    """The result is never larger than the text, and nothing is reported as failed."""
    text = HOSTILE[name](SIZE)
    result = compress_text(text, store=InMemoryCCRStore())
    assert len(result.text) <= len(text)
    assert not (result.skipped or "").startswith("failed")


@pytest.mark.parametrize("name", HOSTILE)
def test_memory_is_bounded(name: str) -> None:
    """Shortening a text takes at most six times its size, and two megabytes."""
    shorten(HOSTILE[name](1000), interest=NOTHING_ASKED)
    text = HOSTILE[name](LARGE)
    size = len(text.encode())
    tracemalloc.start()
    try:
        shorten(text, interest=NOTHING_ASKED)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= MEMORY * size + SLACK


_PIECES = st.sampled_from([make(40) for make in HOSTILE.values()])


@settings(deadline=None, max_examples=150)
@given(st.lists(_PIECES | st.text(max_size=30), max_size=40))
def test_any_mixture_is_read(pieces: list[str]) -> None:
    """Whatever stands together, no compressor fails on it."""
    text = "".join(pieces)
    sample = Sample.of(text)
    for compressor in registered():
        if compressor.likeness(sample) > 0:
            reading = compressor.read(text, sample)
            if reading is not None:
                reading.excerpt(budget=60, interest=NOTHING_ASKED)
