"""The lines of a text without a list of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.structure.text_lines import TextLines, some_lines

TEXTS = st.text(st.sampled_from("ab\n\r\x1c\u2028é"), max_size=60)


@given(TEXTS, st.integers(1, 3))
@settings(deadline=None)
def test_lines_are_those_of_split(text: str, times: int) -> None:
    """A text has the lines that `split` gives, in order and one by one."""
    whole = text * times
    lines = TextLines(whole)
    expected = whole.split("\n")
    assert list(lines) == expected
    assert [lines[at] for at in range(len(lines))] == expected
    assert lines[-1] == expected[-1]
    assert lines[1:3] == expected[1:3]
    assert list(lines.between(1, 3)) == expected[1:3]


def test_long_texts_are_cut_as_short_ones() -> None:
    """A text that is read in several parts has no line too many or too few."""
    text = "\n".join("x" * (at % 97) for at in range(3000))
    assert list(TextLines(text)) == text.split("\n")
    assert list(TextLines(text + "\n")) == [*text.split("\n"), ""]


@given(TEXTS)
@settings(deadline=None)
def test_beginnings_can_be_left_out(text: str) -> None:
    """Behind as many characters as told, each line goes on as it was."""
    lines = TextLines(text)
    offsets = [len(line) // 2 for line in lines]
    expected = [line[len(line) // 2 :] for line in lines]
    assert list(lines.behind(offsets)) == expected


def test_some_lines_are_neighbours_from_all_over() -> None:
    """Of many lines some are given, the first among them and some near the end."""
    lines = [str(at) for at in range(10_000)]
    found = some_lines(lines, 500)
    assert len(found) <= 512
    assert found[:3] == ["0", "1", "2"]
    assert int(found[-1]) > 9_000
    assert some_lines(lines[:500], 500) == lines[:500]
