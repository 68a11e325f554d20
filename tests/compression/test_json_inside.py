"""Texts, documents, long arrays and encoded data inside the values of JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.excerpt import NOTHING_ASKED
from headroom_langchain.compression.registry import read
from headroom_langchain.compression.sample import Sample

_FAILURE = "ConnectionRefusedError: db at 10.0.0.7:5432 refused"
_OUTPUT = "\n".join(
    [f"tests/test_{n}.py::test_{n} PASSED [{n}%]" for n in range(90)]
    + [f"E   {_FAILURE}", "1 failed, 90 passed in 3.2s"]
)


def _excerpt(value: object, budget: int = 500) -> str:
    text = json.dumps(value)
    found = read(text, Sample.of(text))
    assert found is not None
    return found[1].excerpt(budget=budget, interest=NOTHING_ASKED).text


def test_the_output_of_a_command_is_shortened_as_the_text_it_is() -> None:
    """Failures in an output that stands in a string are shown on lines of their own."""
    result = {"exit_code": 1, "stdout": _OUTPUT, "stderr": "", "took": 3.2}
    lines = _excerpt(result).split("\n")

    assert "stdout: text, 92 lines:" in lines
    assert f"E   {_FAILURE}" in lines
    assert "1 failed, 90 passed in 3.2s" in lines
    assert any("exit_code=1" in line for line in lines)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 6))
def test_outputs_of_several_commands_belong_to_their_records(failing: int) -> None:
    """In an array of results each long output says which record it is of."""
    results = [
        {"command": f"make part-{n}", "code": 0, "stdout": "all is well\n" * 40}
        for n in range(7)
    ]
    results[failing]["stdout"] = _OUTPUT
    text = _excerpt(results, 900)

    assert f"[{failing}].stdout: text, 92 lines:" in text
    assert _FAILURE in text


def test_json_inside_strings_is_read() -> None:
    """What differs inside the documents that strings hold is shown with its record."""
    messages = [
        {
            "MessageId": f"m-{n:03d}",
            "Body": json.dumps(
                {"order": n, "status": "PLACED" if n != 23 else "DECLINED"}
            ),
        }
        for n in range(80)
    ]
    text = _excerpt({"Messages": messages})
    line = next(line for line in text.split("\n") if line.startswith("m-023"))

    assert "DECLINED" in line
    assert "Body (string)" in text


def test_rewriting_keeps_strings_that_are_json_as_strings() -> None:
    """Only an excerpt shows a string as what it holds."""
    text = json.dumps({"body": json.dumps({"a": [1, 2, 3], "b": "c" * 30})})
    found = read(text, Sample.of(text))

    assert found is not None
    assert '\\"a\\"' in str(found[1].lossless())


@pytest.mark.parametrize("count", [80, 3_000])
def test_a_long_array_shows_what_stands_out(count: int) -> None:
    """Of many plain values those that are unlike the rest are shown."""
    names = [f"10.0.{n // 250}.{n % 250}" for n in range(count)]
    names[count // 2] = "db.internal.example"
    sizes = [100 + n * 37 % 23 for n in range(count)]
    sizes[count // 3] = 98_765
    text = _excerpt({"hosts": names, "sizes": sizes})

    assert "db.internal.example" in text
    assert "98765" in text


def test_encoded_data_is_told_by_its_length() -> None:
    """A run of base64 is cut to its beginning and says how long it is."""
    rows = [{"id": n, "image": "iVBORw0KGgo" + "A1b2" * 2_000} for n in range(4)]
    text = _excerpt({"rows": rows, "more": ["x"] * 500}, 300)

    assert "characters of data)" in text
    assert "A1b2" * 20 not in text


def test_nothing_is_said_to_be_missing_when_nothing_is() -> None:
    """An excerpt that shows every value names nothing as left out."""
    value = {
        "left": [{"a": n, "b": "x"} for n in range(5)],
        "right": [{"c": n, "d": "y"} for n in range(5)],
    }
    text = json.dumps(value)
    found = read(text, Sample.of(text))

    assert found is not None
    assert found[1].excerpt(budget=900, interest=NOTHING_ASKED).omitted == ""


def test_an_object_of_very_many_fields_is_shown_as_a_table() -> None:
    """Of thousands of plain fields those whose value is unlike the rest are shown."""
    settings_ = {f"feature.{n}.enabled": "on" for n in range(3_000)}
    settings_["feature.1234.enabled"] = "degraded"
    text = _excerpt(settings_)

    assert "feature.1234.enabled" in text
    assert "degraded" in text
    assert len(text) < 4_000


def test_a_string_that_is_shown_in_another_form_is_not_passed_off_as_whole() -> None:
    """A document whose strings were taken apart always says that something is gone."""
    text = json.dumps({"code": 0, "stdout": "one\ntwo\nthree\nfour\nfive\nsix\n" * 30})
    found = read(text, Sample.of(text))

    assert found is not None
    assert found[1].excerpt(budget=2_000, interest=NOTHING_ASKED).omitted
