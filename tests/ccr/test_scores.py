"""The score of a line: that of rank-bm25, and what stands around the line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Plus

from headroom_langchain.ccr.retrieval.index import Index
from headroom_langchain.ccr.retrieval.surroundings import Masks, Surroundings, as_rows
from headroom_langchain.ccr.retrieval.terms import Tokenizer
from headroom_langchain.structure.passages import Document, read_document

words = st.sampled_from(["disk", "diskFull", "a.b", "errors", "日本語", "x", "error"])
records = st.recursive(
    words | st.integers(0, 3),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(words, inner, max_size=5)
    ),
    max_leaves=30,
)


def nested(values: object, depth: int) -> object:
    """Return values within as many objects."""
    for _ in range(depth):
        values = {"x": values, "disk": 0}
    return values


json_texts = st.builds(
    json.dumps,
    st.builds(nested, st.lists(records, min_size=1), st.integers(0, 9)),
    indent=st.sampled_from([None, 1]),
)
markdown_texts = st.lists(
    st.sampled_from(["# disk\n", "## error x\n", "", "a.b\n", "- disk error\n", "\n"])
).map("".join)
texts = json_texts | markdown_texts


def terms_of(document: Document, at: int) -> list[str]:
    """Return the terms of a line, written out: its own twice, once what it is in."""
    tokenizer = Tokenizer()
    own = tokenizer.terms(document.line(at))
    context: list[str] = []
    for section in document.chain(document.owners[at]):
        for name in (section.name, *section.identity):
            context += tokenizer.terms(name)
    return own * 2 + context if own else []


@settings(deadline=None)
@given(text=texts, query=st.lists(words, unique=True))
def test_lines_score_as_in_rank_bm25(text: str, query: list[str]) -> None:
    """Terms that are looked up score like terms that the library counts itself."""
    document = read_document(text)
    lines = [terms_of(document, at) for at in range(len(document.lines))]
    scores = Index(document).bm25.get_scores([word.lower() for word in query])
    if any(lines):
        expected = BM25Plus(lines, k1=1.5, b=0.0, delta=0)
        assert scores == pytest.approx(expected.get_scores(map(str.lower, query)))
    else:
        assert not scores.any()


def around(
    document: Document, masks: Sequence[int], at: int
) -> Iterator[tuple[int, float]]:
    """Yield the terms around a line, and what they weigh there."""
    owner = document.owners[at]
    for _ in range(6):
        if owner < 0:
            break
        section = document.outline.sections[owner]
        if section.size <= 600:
            held = 0
            for line, mask in enumerate(masks):
                if owner in list(document.places(document.owners[line]))[:6]:
                    held |= mask
            yield held, 0.6 / (1 + 0.15 * log2(section.size))
        owner = section.parent
    near = 0
    for mask in masks[max(0, at - 2) : at + 3]:
        near |= mask
    yield near, 0.35


def worth_of(
    document: Document, masks: Sequence[int], at: int, values: Sequence[float]
) -> float:
    """Return what the terms around a line are worth, looked at one by one."""
    have, worth = masks[at], 0.0
    for mask, weight in around(document, masks, at):
        new = mask & ~have
        if have or document.form != "json":
            worth += weight * sum(
                value for bit, value in enumerate(values) if new >> bit & 1
            )
        have |= mask
    return worth if masks[at] else 0.3 * worth


@settings(deadline=None, max_examples=60)
@given(text=texts, data=st.data(), terms=st.integers(1, 20))
def test_what_stands_around_counts_once(
    text: str, data: st.DataObject, terms: int
) -> None:
    """Each term around a line that it lacks counts where it stands nearest."""
    document = read_document(text)
    count = len(document.lines)
    marks = st.lists(st.integers(0, 9), min_size=count, max_size=count)
    having = [np.array(data.draw(marks)) == 0 for _ in range(terms)]
    rows = as_rows(having, count)
    values = [1.0 + term / 8 for term in range(terms)]
    worth = Surroundings(document).worth(rows, values)
    masks = list(Masks(rows))
    assert [bool(mask >> 0 & 1) for mask in masks] == having[0].tolist()
    expected = [worth_of(document, masks, at, values) for at in range(count)]
    assert worth == pytest.approx(expected)
