"""Exact counts are a courtesy: there when they are free, and never in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from headroom_langchain.exact_tokens import exact_counter
from headroom_langchain.tokens import estimate_tokens

RANKS = "fb374d419588a4632f3f557e76b4b70aebbca790"


@pytest.mark.parametrize("variable", ["TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"])
@pytest.mark.parametrize("ranks", [None, b"", b"damaged"])
def test_no_counter_without_unharmed_ranks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, ranks: bytes | None
) -> None:
    """Without the ranks, or with others, there is no counter and no download."""
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    if ranks is not None:
        (tmp_path / RANKS).write_bytes(ranks)
    assert exact_counter() is None


def test_no_counter_where_caching_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty `TIKTOKEN_CACHE_DIR` turns tiktoken's cache off, so it is not asked."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    assert exact_counter() is None


@pytest.mark.skipif(exact_counter() is None, reason="the ranks are not on this machine")
def test_any_text_is_counted() -> None:
    """Where the ranks are, texts that tiktoken stumbles over are counted too."""
    count = exact_counter()
    assert count is not None
    assert count("hello world") == 2
    assert 0 < count(" " * 1_000_000) < estimate_tokens("x" * 1_000_000)
    assert count("a \ud800 b") > 0
