"""Lines that repeat without end are one round of them and a count."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain import InMemoryCCRStore, compress_text
from headroom_langchain.compression.repeats import fold_repeats

FOLDED = re.compile(r"\[\.\.\. the same (?:(\d+) lines|line) ([\d,]+) more times\]\n")


def _unfolded(text: str) -> str:
    """Write out what is folded."""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        found = FOLDED.fullmatch(line)
        if found is None:
            lines.append(line)
            continue
        block = lines[-int(found[1] or 1) :]
        lines += block * int(found[2].replace(",", ""))
    return "".join(lines)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.lists(st.text("ab =", max_size=4), min_size=1, max_size=4),
            st.integers(min_value=1, max_value=40),
        ),
        max_size=5,
    )
)
def test_what_is_folded_can_be_written_out(blocks: list[tuple[list[str], int]]) -> None:
    """The counts are exact: written out, the text is as it was."""
    parts = ["".join(f"{line}\n" for line in lines) * n for lines, n in blocks]
    text = "".join(parts) + "-\n" * 20_000
    folded = fold_repeats(text)
    assert len(folded) < len(text)
    assert _unfolded(folded) == text


@pytest.mark.parametrize("text", ["", "a\n" * 900, "twenty characters!!!\n" * 20_000])
def test_other_texts_are_left_alone(text: str) -> None:
    """Texts of few lines, and of lines that say something, stay as they are."""
    assert fold_repeats(text) == text


def test_the_marker_counts_what_repeats() -> None:
    """What is hidden is told in lines."""
    result = compress_text("====\n" * 50_000, store=InMemoryCCRStore())
    assert "====\n[... the same line 49,999 more times]" in result.text
    assert result.omitted == "49,998 repeated lines"
    assert result.key is not None
