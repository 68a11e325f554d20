"""Records are read one by one into rows, and nothing of them is lost or changed."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from json_decoder import decode

from headroom_langchain.compression.excerpt import NOTHING_ASKED
from headroom_langchain.compression.json.packed import read_entries, read_packed
from headroom_langchain.compression.json.packing import Rows
from headroom_langchain.compression.json.records import JsonRecords
from headroom_langchain.compression.json.tree import NestedJson
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.json_text import parse_json

_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=5)
_ROWS = st.lists(st.dictionaries(st.sampled_from("abc"), _CELLS), max_size=80)

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "a.b", "k"]), inner, max_size=3)
    ),
    max_leaves=6,
)
_RECORDS = st.lists(
    st.dictionaries(st.sampled_from(["id", "name", "tags"]), _VALUES, max_size=3),
    min_size=3,
    max_size=40,
)


def _records(text: str) -> object:
    reading = JsonRecords().read(text, Sample.of(text))
    assert reading is not None
    return decode(reading.lossless() or "")


@settings(deadline=None, max_examples=60)
@given(_ROWS)
def test_rows_are_what_was_put_in(rows: list[dict[str, str]]) -> None:
    """Rows that are packed come out as they went in, one by one and all together."""
    packed = Rows(rows)

    assert len(packed) == len(rows)
    assert list(packed) == rows
    assert [packed[number] for number in range(len(rows))] == rows


@settings(deadline=None, max_examples=60)
@given(_ROWS)
def test_columns_know_the_row_of_each_cell(rows: list[dict[str, str]]) -> None:
    """A column has the cells of its path, each in its row."""
    columns = {column.path: column.open() for column in Rows(rows).columns()}

    for path, column in columns.items():
        cells = [row.get(path) for row in rows]
        assert [column.at(number) for number in range(len(rows))] == cells
        for cell in column.counts:
            found = [number for number, other in enumerate(cells) if other == cell]
            assert list(column.rows(cell)) == found
            assert column.first(cell) == found[0]
    assert columns.keys() == {path for row in rows for path in row}


@settings(deadline=None, max_examples=60)
@given(_ROWS.filter(bool), st.data())
def test_a_row_can_be_replaced(rows: list[dict[str, str]], data: st.DataObject) -> None:
    """What becomes of some rows changes nothing about the others."""
    places = data.draw(st.sets(st.integers(0, len(rows) - 1)))
    packed = Rows(rows)

    packed.change(sorted(places), lambda number, row: {**row, "new": str(number)})

    expected = [
        {**row, "new": str(number)} if number in places else row
        for number, row in enumerate(rows)
    ]
    assert list(packed) == expected


@settings(deadline=None, max_examples=80)
@given(_RECORDS, st.sampled_from(["array", "envelope", "lines", "indented"]))
def test_every_value_of_packed_records_can_be_read_back(
    records: list[dict[str, object]], form: str
) -> None:
    """Records in any usual form are rewritten so that each value is still there."""
    value: object = records
    if form == "envelope":
        value = {"next": None, "items": records}
    text = json.dumps(value, indent=2 if form == "indented" else None)
    if form == "lines":
        text = "\n".join(map(json.dumps, records))
    reading = JsonRecords().read(text, Sample.of(text))
    if reading is not None:
        written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        assert decode(reading.lossless() or "") == parse_json(written)


@pytest.mark.parametrize(
    "text",
    [
        '[{"a":1,"a":2},{"a":3},{"a":4}]',
        '{"n":1,"n":2,"items":[{"a":1},{"a":2},{"a":3},{"a":4},{"a":5},{"a":6}]}',
        '{"a":1,"a":2}\n{"a":3}\n{"a":4}',
        '[{"a":1,"a":2,"b"\t:3},{"a":3},{"a":4}]',
    ],
    ids=["in a record", "in the envelope", "in a line", "beside a blank"],
)
def test_a_key_that_occurs_twice_is_not_lost(text: str) -> None:
    """An object with a key twice is not read as JSON, since a row has it once."""
    assert JsonRecords().read(text, Sample.of(text)) is None


@pytest.mark.parametrize("spaced", ['"a" : 1, "b":":"', '"a"\n:1', '"a":":x"'])
def test_signs_that_look_like_keys_do_no_harm(spaced: str) -> None:
    """Spaces before a colon and strings that begin with one are read as they are."""
    text = f"[{{{spaced}}},{{{spaced}}},{{{spaced}}}]"

    assert _records(text) == parse_json(text)


def test_text_behind_the_records_is_not_dropped() -> None:
    """A text that goes on behind its JSON is not read as JSON alone."""
    assert read_packed('[{"a":1},{"a":2},{"a":3}] and more]') is None


def test_an_object_of_very_many_fields_is_a_table_of_them() -> None:
    """Every one of very many fields can be read back."""
    value = {f"key{n}": n if n % 3 else f"text {n}" for n in range(1500)}
    text = json.dumps(value)

    reading = NestedJson().read(text, Sample.of(text))

    assert reading is not None
    assert decode(reading.lossless() or "") == parse_json(text)


def test_very_many_fields_with_one_twice_are_not_a_table() -> None:
    """A key that occurs twice among very many is not dropped."""
    fields = ",".join(f'"key{n % 1499}":{n}' for n in range(1500))

    assert read_entries(f"{{{fields}}}") is None


@pytest.mark.parametrize("form", ["array", "envelope", "lines"])
def test_memory_is_a_few_times_the_text(form: str) -> None:
    """Reading 400 KB of records and showing some takes at most six times as much."""
    rows = [{"id": n, "name": f"name {n * 7919}", "n": n % 9} for n in range(9000)]
    text = json.dumps({"items": rows} if form == "envelope" else rows)
    if form == "lines":
        text = "\n".join(map(json.dumps, rows))
    sample = Sample.of(text)
    tracemalloc.start()
    try:
        reading = JsonRecords().read(text, sample)
        assert reading is not None
        reading.lossless()
        reading.excerpt(budget=3000, interest=NOTHING_ASKED)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 6 * len(text)


def test_harmless_words_do_not_hide_an_alarm_of_another_record() -> None:
    """A record that says there were no errors does not hide one that says it failed."""
    rows = [{"id": n, "note": f"run {n} had 0 errors, all good"} for n in range(300)]
    rows[170]["note"] = "run 170 failed to start"
    text = json.dumps(rows)

    reading = JsonRecords().read(text, Sample.of(text))

    assert reading is not None
    shown = reading.excerpt(budget=200, interest=NOTHING_ASKED).text
    assert "run 170 failed to start" in shown
