"""How long a text is does not depend on how it is looked at."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain import tokens
from headroom_langchain.tokens import estimate_tokens

any_character = st.characters(exclude_categories=()) | st.sampled_from("a1 \n\u3000")


@settings(deadline=None)
@given(st.text(any_character, max_size=60), st.integers(1, 9))
def test_parts_make_no_difference(text: str, size: int) -> None:
    """A text has as many tokens when it is counted part by part."""
    whole = estimate_tokens(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "_CHUNK", size)
        assert estimate_tokens(text) == whole


@pytest.mark.parametrize("blank", ["\u3000", " ", "\x85", "\x1c"])
def test_words_are_told_apart_by_any_blank(blank: str) -> None:
    """Long and short texts are measured alike, whatever separates their words."""
    line = blank.join(["日本"] * 1000)
    assert estimate_tokens(line) == pytest.approx(
        100 * estimate_tokens(line[:30]), rel=0.05
    )


def test_nothing_is_nothing() -> None:
    """The empty text has no tokens, any other at least one."""
    assert estimate_tokens("") == 0
    assert estimate_tokens(" ") == 1
