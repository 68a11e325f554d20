"""The marker is one short line that says what is missing and how to ask."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.ccr.marker import is_marked, marked_keys, marker, summary
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.exact_tokens import exact_counter

keys = st.text().map(content_key)


@given(key=keys, omitted=st.text(max_size=200).map(lambda t: t.replace("\n", " ")))
@settings(deadline=None)
def test_a_marker_is_one_line_that_is_recognised(key: str, omitted: str) -> None:
    """Whatever is missing, the marker is one line, short, and names its key."""
    line = marker(key, omitted)
    assert len(line) <= 140
    assert marked_keys(f"text\n{line}") == [key]
    assert is_marked(f"text\n{line}\n")
    assert is_marked(f"text\n{summary(omitted)}")


def test_a_marker_says_what_is_missing_and_how_to_ask() -> None:
    """The words of the marker are these; providers cache them."""
    key = content_key("x")
    assert marker(key, "483 of 1,500 rows") == (
        f'[headroom: 483 of 1500 rows hidden; headroom_retrieve(hash="{key}", query)'
        " returns them]"
    )


@pytest.mark.parametrize(
    ("omitted", "named"),
    [
        ("12,345 of 23,456 rows and 9 of 99 objects", "12345 of 23456 rows and more"),
        ("1,234,567 of 2,345,678 lines", "1234567 of 2345678 lines"),
        ("3 of 9 rows and 1 of 2 objects", "3 of 9 rows and 1 of 2 objects"),
    ],
)
def test_of_a_long_list_the_first_is_named(omitted: str, named: str) -> None:
    """What does not fit into the marker is summed up as more."""
    assert marker("0" * 24, omitted).startswith(f"[headroom: {named} hidden;")


def test_a_marker_has_at_most_50_tokens() -> None:
    """Counted with `o200k_base`, where its ranks are on this machine."""
    count = exact_counter()
    if count is None:
        pytest.skip("the ranks of o200k_base are not cached: set TIKTOKEN_CACHE_DIR")
    for number in range(2000):
        key = content_key(str(number))
        assert count(marker(key, "12,345 of 23,456 lines and more")) <= 50


@pytest.mark.parametrize(
    "text", ["", "[headroom", "a [headroom: b] c", "[headroom: x\ny]"]
)
def test_other_lines_are_not_taken_for_markers(text: str) -> None:
    """A text counts as compressed only when its last line is ours."""
    assert not is_marked(text)
