"""Rewriting JSON keeps every value, to the last digit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from json_decoder import decode

from headroom_langchain.compression.json.reading import JsonReading
from headroom_langchain.structure.json_text import (
    JsonValue,
    Number,
    parse_json,
    write_json,
)

_NUMBERS = st.sampled_from(
    ["0", "-0", "1", "1.50", "1e3", "-2E-7", "9" * 30, "NaN", "-Infinity"]
).map(Number)
_TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "", "1", "-0", "1e3", "null", "true", "NaN", "<absent>",
            "<3 rows>", "a,b", "a=b", "a; b", "> x", " x", "x ",
            "#1", "[1]", "{}", '"', "…", "x: y",
            "\x00", "\ud800", "\u2028", "\x85", "5 rows", "same as a",
            "every row: a=1", "ok",
        ]
    ),
)  # fmt: skip
_KEYS = st.one_of(
    st.sampled_from(
        ["id", "name", "a", "b", "a.b", "a[0]", "$", "", "x=y", "x y", "same as a",
         "<key>", "#", "5 rows", "k:", "k;", ">", ".", "]", "0"]
    ),
    st.text(max_size=4),
)  # fmt: skip
_SCALARS: st.SearchStrategy[JsonValue] = st.one_of(
    st.none(), st.booleans(), _NUMBERS, _TEXTS
)


def _grow(inner: st.SearchStrategy[JsonValue]) -> st.SearchStrategy[JsonValue]:
    return st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(_KEYS, inner, max_size=6),
    )


_VALUES = st.recursive(_SCALARS, _grow, max_leaves=20)
_ROWS = st.lists(st.dictionaries(_KEYS, _VALUES, max_size=5), min_size=3, max_size=12)
_DOCUMENTS = st.one_of(
    st.lists(_VALUES, min_size=1, max_size=8),
    st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=8),
    _ROWS,
    st.dictionaries(_KEYS, _ROWS, min_size=1, max_size=3),
    st.lists(st.sampled_from(["pod", "node", "odd"]), min_size=4, max_size=12).map(
        lambda kinds: [
            {f"{kind}{n}": Number(str(at)) for n in range(9 + at % 2)}
            for at, kind in enumerate(kinds)
        ]
    ),
    st.dictionaries(st.text(max_size=6), _SCALARS, min_size=1).flatmap(
        lambda row: st.lists(
            st.dictionaries(st.sampled_from(sorted(row)), _SCALARS), min_size=3
        )
    ),
)


def _tagged(value: JsonValue) -> object:
    """Return a value in which a number never equals a string or a truth value."""
    if isinstance(value, dict):
        return {key: _tagged(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_tagged(element) for element in value]
    return (type(value).__name__, value)


@settings(deadline=None, max_examples=200)
@given(_DOCUMENTS)
def test_every_value_can_be_read_back(value: JsonValue) -> None:
    """A rewriting holds every value of the document, lexemes and types included."""
    text = JsonReading.of(value).lossless()

    assert text is not None
    assert _tagged(decode(text)) == _tagged(value)


@settings(deadline=None, max_examples=50)
@given(_DOCUMENTS)
def test_minified_json_is_the_same_document(value: JsonValue) -> None:
    """What is written as JSON parses to the value it was written from."""
    parsed = parse_json(write_json(value))

    assert _tagged(parsed) == _tagged(value)


@pytest.mark.parametrize("count", [3, 40])
def test_records_inside_records_become_a_table_of_their_own(count: int) -> None:
    """Arrays of objects inside records are shown as one table and can be read back."""
    inner: list[JsonValue] = [
        {"rule": f"no-{n}", "line": Number(str(n)), "message": "x" * 60}
        for n in range(4)
    ]
    value: JsonValue = [
        {"file": f"src/{n}.js", "messages": inner} for n in range(count)
    ]
    text = JsonReading.of(value).lossless()

    assert text is not None
    assert f"[].messages: {4 * count} rows" in text
    assert _tagged(decode(text)) == _tagged(value)
