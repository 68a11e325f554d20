"""Words are found in many lines at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.structure.stems import Lowered, marked

lines_of_any_script = st.lists(
    st.text(st.sampled_from("aAbBßİΣ\u03c3ςé错误😀 \ud83d"), max_size=8), max_size=12
)


@settings(deadline=None)
@given(
    lines_of_any_script,
    st.text(st.sampled_from("abß\u03c3ςé错😀i"), min_size=1, max_size=3),
)
def test_lines_that_have_a_word_are_found(lines: list[str], word: str) -> None:
    """A word is found in exactly the lines that have it in lower case."""
    wanted = [at for at, line in enumerate(lines) if word in line.lower()]
    assert list(Lowered(lines).having([word])) == wanted


@pytest.mark.parametrize("place", [0, 999, 1000, 2499])
def test_no_line_of_many_is_skipped(place: int) -> None:
    """A word is found wherever it stands in thousands of lines."""
    lines = [f"line {n}" for n in range(2500)]
    lines[place] = "it says KUMQUAT"
    assert list(Lowered(iter(lines)).having(["kumquat", "fig"])) == [place]


def test_a_word_is_not_put_together_from_two_lines() -> None:
    """What ends one line and begins the next is no word."""
    assert list(Lowered(["one err", "or two"]).having(["error"])) == []


def test_words_of_other_scripts_are_found_by_their_marks() -> None:
    """Words beyond ASCII are found where the text has their first such letter."""
    lowered = Lowered(["fine", "ÉCHEC de connexion", "错误"])
    assert list(lowered.having_foreign(marked("échec|错误|ошибка"))) == [1, 2]
    assert list(Lowered(["fine"]).having_foreign(marked("échec"))) == []
