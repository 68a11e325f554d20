from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled import SETS, labelled

from headroom_langchain.cache_aligner import volatile

PARTS = [
    "2026-11-21",
    "T",
    "21:45:03",
    "Z",
    "today is ",
    "session id: ",
    "8f14e45f-ceea-467f-9575-1a2b3c4d5e6f",
    "eyJ",
    ".",
    "/tmp/",  # noqa: S108 - looked for, not written to
    "commit ",
    "3f2a9c1",
    "pid ",
    "0x7f3c2c1d5e50",
    "1795297503",
    "\n",
    " ",
    "é漢İ",
]


@pytest.mark.parametrize("name", SETS)
def test_precision_and_recall(name: str) -> None:
    """Of what is labelled volatile, and of what is told, 98 in 100 are right."""
    right = told = wanted = 0
    for string in labelled(name):
        found = {(token.start, token.end) for token in volatile(string.text)}
        right += len(found & string.spans.keys())
        told += len(found)
        wanted += len(string.spans)
    assert right / told >= 0.98
    assert right / wanted >= 0.98


def test_the_labelled_strings_are_many() -> None:
    """There are 300 strings, half of them plain, and most of those real."""
    strings = list(labelled("labelled"))
    plain = [string for string in strings if not string.spans]
    assert len(strings) >= 300
    assert len(plain) * 2 >= len(strings)
    assert sum(string.source != "written" for string in plain) * 4 >= len(strings)


@given(text=st.lists(st.sampled_from(PARTS) | st.text(max_size=5)).map("".join))
@settings(deadline=None)
def test_spans_are_of_the_text(text: str) -> None:
    """Each value stands where it is said to stand, in order and apart from others."""
    tokens = volatile(text)
    for token in tokens:
        assert text[token.start : token.end] == token.text
        assert token.text
        lines = text.split("\n")
        assert lines[token.line - 1][token.column - 1 :].startswith(token.text[:1])
        assert token.line == text.count("\n", 0, token.start) + 1
    for one, other in pairwise(tokens):
        assert one.end <= other.start


@pytest.mark.parametrize("name", SETS)
def test_kinds(name: str) -> None:
    """What is found is called what it is, but for UUIDs written without hyphens."""
    for string in labelled(name):
        for token in volatile(string.text):
            kind = string.spans.get((token.start, token.end), token.kind)
            plain_uuid = kind == "uuid" and "-" not in token.text
            assert token.kind == kind or plain_uuid, string.text


def test_examples_are_no_values() -> None:
    """What stands below a line that announces an example belongs to it."""
    answer = '{"id": "8f14e45f-ceea-467f-9575-1a2b3c4d5e6f"}'
    assert not volatile(f"Looks up users.\n\nExample response:\n{answer}")
    assert volatile(f"Example response:\n{{}}\n\nThe user is\n{answer}")


def test_each_value_has_advice() -> None:
    """Whoever reads of a value is told what to do about it."""
    strings = list(labelled("labelled"))
    tokens = [token for string in strings for token in volatile(string.text)]
    assert {token.kind for token in tokens} == {
        "uuid",
        "date",
        "time",
        "epoch",
        "jwt",
        "hash",
        "id",
        "path",
        "process",
        "address",
    }
    assert all(token.advice.endswith(".") for token in tokens)
