"""Documents of tens of thousands of members: read in parts, shown like others."""

from __future__ import annotations

import json
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.excerpt import NOTHING_ASKED, Interest
from headroom_langchain.compression.json.long import read_long
from headroom_langchain.structure.json_cursor import Cursor

_MANY: Final = 12_000

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(alphabet='a,"\\[]{}:', max_size=6)
)


def _excerpt(text: str, *, interest: Interest = NOTHING_ASKED) -> str:
    reading = read_long(text)
    assert reading is not None
    return reading.excerpt(budget=1_500, interest=interest).text


@settings(deadline=None, max_examples=60)
@given(st.lists(_SCALARS, max_size=40), st.integers(1, 60))
def test_parts_make_up_an_array(values: list[object], size: int) -> None:
    """The parts of an array, joined, are the array, wherever commas stand."""
    cursor = Cursor(json.dumps(values))
    pieces = [piece for piece in cursor.pieces(size) if isinstance(piece, list)]
    assert sum(map(len, pieces)) == len(values)
    assert cursor.sign() == ""


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.text(max_size=4), _SCALARS, max_size=40), st.integers(1, 60))
def test_parts_make_up_an_object(values: dict[str, object], size: int) -> None:
    """The parts of an object, joined, have its keys in their order."""
    cursor = Cursor(json.dumps(values))
    pieces = [piece for piece in cursor.pieces(size) if isinstance(piece, dict)]
    assert [key for piece in pieces for key in piece] == list(values)
    assert cursor.keys == len(values)


@pytest.mark.parametrize("broken", ["[1 2,", "[,1,", "[1,,2,", '["a,'])
def test_what_is_no_json_is_not_read(broken: str) -> None:
    """A text that only begins and ends like JSON is left to others."""
    assert read_long(broken + "1," * _MANY + "1]") is None


def test_a_key_that_occurs_twice_is_not_lost() -> None:
    """An object with the same key in two parts is left to others."""
    members = ",".join(f'"key{n}":{n}' for n in range(_MANY))
    assert read_long(f'{{{members},"key7":1}}') is None


def test_long_texts_with_commas_are_not_members() -> None:
    """A document of one long text is left to those who can read the text."""
    assert read_long(json.dumps({"stdout": "a,b\n" * _MANY})) is None
    assert read_long(json.dumps(["a, b, c, d, e"] * (_MANY // 4))) is None


def test_short_documents_are_read_whole() -> None:
    """What has few members is left to others."""
    assert read_long("[1,2,3]") is None


def test_nothing_is_lost_without_need() -> None:
    """Rewritten, a document has every value it had."""
    values = [f"s{n}" for n in range(_MANY)]
    reading = read_long(json.dumps(values, indent=4))
    assert reading is not None
    assert json.loads(reading.lossless()) == values


@pytest.mark.parametrize("odd", ["987654321", "-5", "null", '"n/a"'])
def test_the_odd_one_out_is_shown(odd: str) -> None:
    """The one value unlike thousands of others is shown with its place."""
    values = [str(n * 7919 % 997) for n in range(_MANY)]
    values[7_331] = odd
    written = odd.strip('"')
    assert f"\n7331,{written}\n" in _excerpt(f"[{','.join(values)}]")


def test_alarms_are_counted_exactly() -> None:
    """An alarming value among thousands is shown with how often it occurs."""
    states = {f"job {n}": "failed" if n % 1_000 == 1 else "done" for n in range(_MANY)}
    excerpt = _excerpt(json.dumps(states))
    assert "job 1,$=failed" in excerpt
    assert "12 with $=failed" in excerpt


def test_the_number_of_members_is_told() -> None:
    """The head line says how many members there are, not how many were kept."""
    assert _excerpt(json.dumps(list(range(_MANY)))).startswith("12000 elements, ")


def test_what_was_asked_for_is_shown() -> None:
    """A word of the call is found in any part of the document."""
    text = json.dumps([f"city {n * 7919:x}" for n in range(_MANY)])
    word = f"{9_876 * 7919:x}"
    assert word not in _excerpt(text)
    assert f"city {word}" in _excerpt(text, interest=Interest(arguments=(word,)))


def test_objects_without_shared_fields_are_elements() -> None:
    """Objects with no field in common are shown as JSON, one a line."""
    records = [{f"{name}{n}": n for name in "abcd"} for n in range(4_000)]
    assert '\n0,{"a0":0,"b0":0,"c0":0,"d0":0}\n' in _excerpt(json.dumps(records))
