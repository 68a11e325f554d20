"""Any text has a name that every store takes."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headroom_langchain.ccr.store.elsewhere.labels import escaped, label, unescaped

ANY_TEXT = st.text(st.characters())


@settings(deadline=None)
@given(ANY_TEXT)
@example("")
@example("_")
@example("a.b/c")
@example("\ud800\udc00")
@example("\U00010000")
def test_escaping_is_reversible(text: str) -> None:
    """Every text comes back from its escape, lone surrogates included."""
    assert unescaped(escaped(text)) == text


@settings(deadline=None)
@given(ANY_TEXT)
@example("langgraph\0..")
@example("é" * 1000)
def test_a_label_is_allowed_everywhere(text: str) -> None:
    """A label has few characters, all of which every store and file system takes."""
    assert re.fullmatch("[a-z0-9_-]{1,120}", label(text))


def test_different_texts_have_different_labels() -> None:
    """Neither case nor length nor an escape within a text makes two labels one."""
    long = "x" * 200
    texts = ["", "_", "__", "_5f", "a.b", "a/b", "a_2eb", "A", "a", "é", "e\u0301"]
    texts += [long, long + "x", label(long), "\ud800\udc00", "\U00010000"]
    labels = sorted(map(label, texts))
    assert all(one != other for one, other in pairwise(labels))
    assert label("Tenant").lower() != label("tenant").lower()


def test_plain_names_stay_as_they_are() -> None:
    """Keys and most names of tenants can be read in the store."""
    assert label("a3f9b2c8d1e4f5a6b7c8d9e0") == "a3f9b2c8d1e4f5a6b7c8d9e0"
    assert label("tenant-17") == "tenant-17"


@pytest.mark.parametrize("foreign", ["__", "_2", "_2E", "A", "a.b", "%41", "é", "_ff"])
def test_what_is_no_escape_is_refused(foreign: str) -> None:
    """A name that something else wrote is not taken for an escape."""
    with pytest.raises(ValueError, match=r"escape|decode"):
        unescaped(foreign)
