"""Texts of any origin can be read, and nothing else."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom_langchain.display.legible import legible


@given(st.text(st.characters(codec=None)))
def test_nothing_is_left_that_acts(text: str) -> None:
    """What comes out can be encoded, and has no controls but tab and line feed."""
    shown = legible(text)
    shown.encode("utf-8")
    assert not any(
        unicodedata.category(c) in {"Cc", "Cs"} for c in shown if c not in "\t\n"
    )


PLAIN = st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs"]).filter(
    lambda sign: not "\U000e0000" <= sign <= "\U000e0fff"  # none of them is ever seen
)


@given(st.text(PLAIN))
def test_plain_text_stays(text: str) -> None:
    """Text without signs that act is shown as it is."""
    assert legible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\n", "a\nb\n"),
        ("a\rb", r"a\rb"),
        ("\x00\x1b[0m\x7f", r"\x00\x1b[0m\x7f"),
        ("\u202egnp", r"\u202egnp"),
        ("\ud800", r"\ud800"),
        ("\x9b1m", r"\x9b1m"),
        ("\tx\ny", "\tx\ny"),
    ],
)
def test_what_acts_is_named(text: str, shown: str) -> None:
    """Each control is written as Python writes it; a line's end stays one."""
    assert legible(text) == shown


@given(st.text(st.sampled_from("\u200b\u202a\u202e\u2066\u2069\ufeff\u061c\u200fx")))
def test_directions_are_not_turned(text: str) -> None:
    """No sign without a width is left, which could turn or hide what is beside it."""
    assert not any(unicodedata.category(c) == "Cf" for c in legible(text))
