"""Words and numbers that are like no others are named when they are hidden."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.hidden import only_hidden
from headroom_langchain.compression.strange import extreme_numbers, strange_words

LINES = [f"the server has sent page {n} to the reader {n % 7}" for n in range(300)]


def _with(line: str) -> str:
    return "\n".join([*LINES[:140], line, *LINES[140:]])


def test_a_word_unlike_the_others_comes_first() -> None:
    """Of the words that stand once the one with the most letters of its own leads."""
    text = _with("the sender has sent a kumquat to the servers")
    words = strange_words(text)
    assert words[0] == "kumquat"
    assert set(words) == {"kumquat", "sender", "servers"}


def test_a_code_is_a_word_where_there_are_few() -> None:
    """One code of capitals and digits is strange; a column of them is not."""
    assert "XK7QZ" in strange_words(_with("XK7QZ"))
    column = "\n".join(f"A{n}B{n} done" for n in range(100, 160))
    assert not any(word.startswith("A1") for word in strange_words(column))


def test_a_number_far_above_the_next_is_extreme() -> None:
    """Up to three that are 20 times the next are named, a full column is not."""
    assert extreme_numbers(_with("it has 987654321 left")) == ["987654321"]
    assert extreme_numbers(_with("from 10.0.3.987654")) == ["987654"]
    assert extreme_numbers(_with("it took 0.98765432 s")) == []
    assert extreme_numbers("\n".join(str(n) for n in range(5000, 9000))) == []
    assert extreme_numbers("1000000 1000001 and 12") == ["1000001", "1000000"]


def test_only_what_is_hidden_is_named() -> None:
    """What the excerpt shows is not named again, and nothing is named for nothing."""
    text = _with("a kumquat and 987654321 quinces")
    line = only_hidden(text, shown="... quinces ...", budget=600)
    assert line == "[only in what is hidden: 987654321, kumquat]"
    assert only_hidden(text, shown=text, budget=600) == ""


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(min_value=0, max_value=10_000))
def test_names_are_of_the_text_and_fit(text: str, shown: str, budget: int) -> None:
    """Every name stands in the text and not in the excerpt, in one line."""
    line = only_hidden(text, shown=shown, budget=budget)
    assert "\n" not in line
    if line:
        names = line.removeprefix("[only in what is hidden: ")[:-1].split(", ")
        assert len(names) <= max(10, budget // 60)
        assert all(name in text and name not in shown for name in names)
