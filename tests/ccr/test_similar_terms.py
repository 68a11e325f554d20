"""Words of a query that are not in the text, and what is meant by them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.ccr.retrieval.search import Index, rank
from headroom_langchain.ccr.retrieval.similar import Vocabulary, similar_terms
from headroom_langchain.structure.passages import read_document

WORDS = ["send", "sending", "server", "converted", "timeout", "src/app.py", "x.tar.gz"]


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("sender", ["send", "sending"]),
        ("convert", ["converted"]),
        ("timeuot", []),
        ("timeoutt", ["timeout"]),
        ("tineout", ["timeout"]),
        ("app.py", ["src/app.py"]),
        ("tar.gz", ["x.tar.gz"]),
        ("cat", []),
        ("12345", []),
    ],
)
def test_a_word_stands_for_what_is_most_like_it(term: str, expected: list[str]) -> None:
    """Paths by their end, words by their stem, then words with one letter wrong."""
    assert sorted(similar_terms(term, Vocabulary(WORDS))) == sorted(expected)


def test_a_path_within_another_counts_once() -> None:
    """Of `src/app.py` and `a/src/app.py` only the first stands for `app.py`."""
    paths = ["a/src/app.py", "b/src/app.py", "src/app.py", "lib/app.py"]
    assert set(similar_terms("app.py", Vocabulary(paths))) == {
        "src/app.py",
        "lib/app.py",
    }


def test_a_word_that_occurs_is_meant_as_it_is() -> None:
    """Another form of a word is looked for only where the word itself is not."""
    document = read_document("the send\n" + "the other\n" * 9 + "the sending\n")
    lines = rank(Index(document), "send").matching
    assert 0 in lines
    assert 10 not in lines


def test_a_word_in_another_form_is_found() -> None:
    """A question about what was converted finds the line that converts."""
    text = "def other(): 1\n" * 9 + "converting seconds\n"
    document = read_document(text)
    assert rank(Index(document), "how is it converted?").hits[0].line == 9


@settings(deadline=None)
@given(st.text(max_size=12), st.lists(st.text(min_size=1, max_size=12)))
def test_only_terms_of_the_text_are_returned(term: str, words: list[str]) -> None:
    """Any word may be asked for, and never more than six take its place."""
    found = similar_terms(term, Vocabulary(words))
    assert found.keys() <= set(words)
    assert len(found) <= 6
