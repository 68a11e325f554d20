"""Numbered lines and places in JSON."""

from __future__ import annotations

import gc
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.structure.json_spans import json_cuts, json_path, scan_json
from headroom_langchain.structure.lines import LONGEST, line_at, split_lines
from headroom_langchain.structure.passages import read_document

any_character = st.characters(exclude_categories=())
any_text = st.text(any_character)
long_texts = st.lists(
    st.tuples(
        st.sampled_from(["ab ", "x", "\n", "\r\n", '{"a": 1}, ', "日"]),
        st.integers(1, 700),
    ),
).map(lambda runs: "".join(piece * times for piece, times in runs))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=40,
)


@settings(deadline=None, max_examples=150)
@given(any_text | long_texts)
def test_lines_put_together_are_the_text(text: str) -> None:
    """Whatever the text, its lines are the text again, and none is long."""
    document = read_document(text)
    assert "".join(text[line.start : line.end] for line in document.lines) == text
    assert all(line.end - line.start <= LONGEST + 2 for line in document.lines)


@settings(deadline=None)
@given(values=st.lists(json_values, min_size=1), escaped=st.booleans())
def test_lines_of_minified_json_are_the_text(
    values: list[object], *, escaped: bool
) -> None:
    """JSON on one line is cut without losing a character."""
    text = json.dumps(values * 40, ensure_ascii=escaped, separators=(",", ":"))
    document = read_document(text)
    assert "".join(text[line.start : line.end] for line in document.lines) == text


def test_short_lines_are_the_lines_of_the_text() -> None:
    """Without long lines the numbers are those of any editor."""
    lines = split_lines("one\r\n\ntwo\rthree\nfour")
    assert [(line.start, line.end) for line in lines] == [
        (0, 5),
        (5, 6),
        (6, 16),
        (16, 20),
    ]
    assert not any(line.continued for line in lines)


def test_minified_json_is_cut_where_records_start() -> None:
    """Each record of a JSON array on one line has a number of its own."""
    records = [{"id": number, "name": "x" * 40} for number in range(50)]
    document = read_document(json.dumps(records))
    shown = [document.line(at).strip("[], ") for at in range(len(document.lines))]
    assert [json.loads(line) for line in shown if line] == records


def test_a_long_line_of_words_is_cut_at_spaces() -> None:
    """No word of a long line is cut in two."""
    text = "word " * 1000
    for line in split_lines(text):
        assert set(text[line.start : line.end].split()) == {"word"}


def test_line_at_finds_the_line_of_every_offset() -> None:
    """An offset belongs to the line that holds it, line break included."""
    text = "a\nbc\n\nd"
    lines = split_lines(text)
    assert [line_at(lines, at) for at in range(len(text))] == [0, 0, 1, 1, 1, 2, 3]


@settings(deadline=None)
@given(
    st.lists(json_values, max_size=5) | st.dictionaries(st.text(), json_values),
    st.sampled_from([None, 2]),
)
def test_spans_hold_the_values_of_the_text(
    value: list[object] | dict[str, object], indent: int | None
) -> None:
    """Each span is JSON by itself, and the first one is the whole."""
    text = json.dumps(value, indent=indent)
    spans = scan_json(text)
    assert spans is not None
    assert json.loads(text[spans[0].value : spans[0].end]) == value
    for span in spans:
        json.loads(text[span.value : span.end])


def test_paths_name_where_a_value_is() -> None:
    """A path leads through names, positions and odd names to the value."""
    text = '{"items": [{"a b": {"c": 7}}]}'
    spans = scan_json(text)
    assert spans is not None
    paths = {
        json_path(spans, at): text[span.value : span.end]
        for at, span in enumerate(spans)
    }
    assert paths['$.items[0]["a b"].c'] == "7"
    assert paths["$.items[0]"] == '{"a b": {"c": 7}}'


def test_json_lines_are_one_array() -> None:
    """The record on the third line of JSON Lines is `$[2]`."""
    spans = scan_json('{"a": 1}\n{"a": 2}\n{"a": 3}\n')
    assert spans is not None
    assert json_path(spans, len(spans) - 1) == "$[2].a"


def test_json_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    """The values before the cut are found."""
    text = '{"items": [{"id": 1}, {"id": 2}, {"id": 3, "na'
    spans = scan_json(text)
    assert spans is not None
    assert "$.items[2].id" in {json_path(spans, at) for at in range(len(spans))}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain text",
        "[INFO] Building\n[INFO] Done\n",
        "[407/891] Building CXX object\n",
        "{not json}",
        "42",
        '"only a string"',
        "[" * 100_000,
    ],
)
def test_other_texts_are_no_json(text: str) -> None:
    """What merely starts with a bracket is not read as JSON."""
    assert scan_json(text) is None


def test_no_cuts_inside_small_records() -> None:
    """A record that fits a line is not cut."""
    spans = scan_json('[{"a": 1, "b": 2}]')
    assert spans is not None
    assert not json_cuts(spans).borders


def test_places_are_sequences() -> None:
    """Lines and spans can be iterated and sliced like lists of them."""
    document = read_document(json.dumps([{"a": n, "b": "x" * 500} for n in range(9)]))
    lines, spans = document.lines, document.spans
    assert list(lines) == [lines[at] for at in range(len(lines))] == lines[:]
    assert list(spans) == [spans[at] for at in range(len(spans))] == spans[:]
    assert [line.start for line in lines[1:3]] == [lines[1].start, lines[2].start]
    assert any(line.continued for line in lines)
    assert spans[-1].key == "b"


def test_reading_leaves_no_object_for_each_line() -> None:
    """The garbage collector has far less to go over than lines and values."""
    text = json.dumps([{f"k{n}": n for n in range(20)} for _ in range(500)], indent=1)
    gc.collect()
    before = len(gc.get_objects())
    document = read_document(text)
    gc.collect()
    assert len(gc.get_objects()) - before < len(document.lines) / 4
