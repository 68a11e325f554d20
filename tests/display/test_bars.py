"""Bars are as long as what they stand for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headroom_langchain.display.bars import bar

TOKENS = st.integers(0, 10**9)


@given(TOKENS, TOKENS, TOKENS, st.integers(1, 200), st.sampled_from(["█", "#"]))
def test_a_bar_fits_its_room(
    before: int, after: int, more: int, width: int, full: str
) -> None:
    """No bar is longer than its room by more than the least that can be seen."""
    largest = max(before, 1) + more
    plain = full.isascii()
    sent, gone = bar(before, after, largest).drawn(width, ascii_only=plain)
    assert len(sent + gone) <= width + 1
    assert bool(sent) == (after > 0)
    assert bool(gone) == (before / largest > after / largest)
    assert (sent + gone).isascii() == (plain or not (sent or gone))


def test_parts_are_drawn_to_scale() -> None:
    """A quarter of half the room is an eighth of it."""
    half = bar(50, 12.5, 100)
    assert half.drawn(16) == ("██", "░" * 6)
    assert half.drawn(4) == ("▌", "░")
    assert half.drawn(16, ascii_only=True) == ("##", "......")
