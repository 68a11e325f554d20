"""What a model may write as the arguments of `headroom_retrieve`."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.ccr.retrieval.answers import (
    LineRange,
    Refusal,
    RetrievalRequest,
    answer,
    parse_request,
)
from headroom_langchain.ccr.store.base import Original

LOG = Original.of("".join(f"step {n} took {n * 3} ms\n" for n in range(2000)))
any_text = st.text(st.characters(exclude_categories=()), max_size=300)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({}, "missing"),
        ({"hash": ""}, "missing"),
        ({"hash": None}, "missing"),
        ({"hash": 17}, "17"),
        ({"hash": "not a hash"}, "24 hex digits"),
        ({"hash": "a" * 24, "query": ["a"]}, "as one string"),
        ({"hash": "a" * 24, "query": "/(/"}, "regular expression"),
        ({"hash": "a" * 24, "query": "$.a["}, "JSON path"),
        ({"hash": "a" * 24, "query": "$.a[?(@.b>1)]"}, "search with words"),
        ({"hash": "a" * 24, "lines": "first"}, "120-180"),
        ({"hash": "a" * 24, "lines": "9-3"}, '"3-9"'),
        ({"hash": "a" * 24, "lines": {}}, "120-180"),
    ],
)
def test_mistakes_are_refused_with_a_remedy(
    arguments: Mapping[str, object], word: str
) -> None:
    """Arguments that make no sense are refused in words that say what to write."""
    request = parse_request(arguments)
    assert isinstance(request, Refusal)
    assert word in request.reason
    assert answer(request, {}).text == request.reason


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["hash", "query", "lines", "other"]),
        st.recursive(
            st.none() | st.integers() | st.floats() | any_text,
            lambda inner: st.lists(inner) | st.dictionaries(any_text, inner),
            max_leaves=4,
        ),
    )
)
def test_no_arguments_raise(arguments: dict[str, object]) -> None:
    """Whatever a model writes, there is an answer."""
    assert answer(parse_request(arguments), {LOG.key: LOG}, known=[LOG.key]).text


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("120-180", 120, 180),
        ("120", 120, 120),
        ("120-", 120, None),
        (" 7 - 9 ", 7, 9),
        ("0-3", 1, 3),
        (12, 12, 12),
        ([12, 18], 12, 18),
        ("L10-L20", 10, 20),
        ("Lines: 10 to 20", 10, 20),
        ("line 10", 10, 10),
        ("10\u201420", 10, 20),
        ("1,200-1,300", 1200, 1300),
        ("7-end", 7, None),
    ],
)
def test_lines_may_be_written_in_several_ways(
    written: object, first: int, last: int | None
) -> None:
    """A range, one line, an open end, and numbers are understood."""
    request = parse_request({"hash": "a" * 24, "lines": written})
    assert isinstance(request, RetrievalRequest)
    assert request.lines == LineRange(first=first, last=last)


@pytest.mark.parametrize("written", ["", " ", "null", "None"])
def test_lines_that_say_nothing_are_not_given(written: str) -> None:
    """A word for nothing is the same as no lines."""
    request = parse_request({"hash": "a" * 24, "lines": written})
    assert isinstance(request, RetrievalRequest)
    assert request.lines is None


@pytest.mark.parametrize("written", ["10,200", True, [1, 2, 3], [1, True]])
def test_lines_that_may_mean_two_things_are_refused(written: object) -> None:
    """What could be a range or one number is not guessed."""
    assert isinstance(parse_request({"hash": "a" * 24, "lines": written}), Refusal)
