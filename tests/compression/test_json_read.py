"""Which texts are JSON, and of which kind."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.json.records import JsonRecords
from headroom_langchain.compression.json.tree import NestedJson
from headroom_langchain.compression.sample import Sample

_ROWS = [{"id": n, "name": f"n{n}"} for n in range(5)]
_TROUBLE = [
    "",
    " ",
    "plain text",
    "42",
    '"text"',
    "null",
    "[",
    "{}",
    "[]",
    '{"a": 1',
    '[{"a": 1}, {"a": 2}, {"a":',
    '{"a": 1} and more',
    '{"a": 1, "a": 2}',
    "[" * 100_000,
    "[" * 100_000 + "]" * 100_000,
    '{"a":' * 2_000 + "1" + "}" * 2_000,
    '["\x00"]',
    "{'a': 1}",
    "[1,]",
    "{" * 1_000_000,
    "\ufeff",
]
_STRANGE = [
    "[" + "9" * 5_000 + ',1,"x"]',
    '\ufeff{"a": [1, 2]}',
    '["\\ud800", "\\u0000"]',
    '{"\\ud83d": {"": null}}',
    "[1e999999, -1e-999999, NaN, Infinity, -Infinity]",
    "[[[[]]]]",
    '{"a": {"b": {}}},',
]


@pytest.mark.parametrize("text", _TROUBLE, ids=range(len(_TROUBLE)))
def test_text_that_cannot_be_read_faithfully_is_refused(text: str) -> None:
    """Broken, empty, too deep or ambiguous JSON is left to other compressors."""
    assert JsonRecords().read(text, Sample.of(text)) is None
    assert NestedJson().read(text, Sample.of(text)) is None


@pytest.mark.parametrize("text", _STRANGE, ids=range(len(_STRANGE)))
def test_strange_json_is_read(text: str) -> None:
    """Huge numbers, lone surrogates, byte order marks and empty keys are no trouble."""
    reading = NestedJson().read(text, Sample.of(text))

    assert reading is not None
    assert reading.lossless()


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet='[]{}",:0 1eE.-\\unul\n\ud800\x00', max_size=60))
def test_reading_never_raises(text: str) -> None:
    """Any text gives a reading or `None`."""
    for compressor in (JsonRecords(), NestedJson()):
        reading = compressor.read(text, Sample.of(text))
        assert reading is None or reading.lossless()


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(_ROWS),
        json.dumps({"total": 5, "data": {"items": _ROWS}}),
        "\n".join(json.dumps(row) for row in _ROWS),
        "\r\n\r\n".join(json.dumps(row) for row in _ROWS),
    ],
    ids=["array", "envelope", "lines", "lines with gaps"],
)
def test_records_are_recognised(text: str) -> None:
    """An array of objects counts as records, alone, in envelopes, or one per line."""
    assert JsonRecords().read(text, Sample.of(text)) is not None


@pytest.mark.parametrize(
    "value",
    [
        {"a": {"b": 1}, "c": [1, 2, 3]},
        {"left": _ROWS, "right": _ROWS},
        [1, 2, 3],
        [_ROWS[0], _ROWS[1]],
    ],
    ids=["object", "two arrays", "numbers", "two objects"],
)
def test_other_json_is_nested(value: object) -> None:
    """JSON that is not mainly one array of objects is of the general kind."""
    text = json.dumps(value)

    assert JsonRecords().read(text, Sample.of(text)) is None
    assert NestedJson().read(text, Sample.of(text)) is not None
