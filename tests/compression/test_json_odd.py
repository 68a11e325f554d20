"""Values that are unlike the others of their column are shown wherever they stand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.excerpt import NOTHING_ASKED
from headroom_langchain.compression.json.alarms import alarm_at
from headroom_langchain.compression.json.reading import JsonReading
from headroom_langchain.compression.shorten import shorten
from headroom_langchain.structure.json_text import parse_json


def _events(count: int = 300) -> list[dict[str, Any]]:
    return [
        {
            "id": f"ev-{n:04d}",
            "at": f"2024-05-{1 + n // 24:02d}T{n % 24:02d}:00:00Z",
            "took": 40 + n * 37 % 61,
            "path": f"/srv/data/part-{n * 7919 % 997}.parquet",
            "owner": {"team": ("red", "blue")[n % 2], "ref": n * 31 % 10_007},
        }
        for n in range(count)
    ]


def _line(events: list[dict[str, Any]], row: int) -> str:
    reading = JsonReading.of(parse_json(json.dumps(events)))
    text = reading.excerpt(budget=900, interest=NOTHING_ASKED).text
    found = [part for part in text.split("\n") if part.startswith(f"ev-{row:04d}")]
    return found[0] if found else ""


@settings(deadline=None, max_examples=15)
@given(st.integers(5, 290))
@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("took", -17, "-17"),
        ("took", "n/a", "n/a"),
        ("took", None, "null"),
        ("took", 1, "1"),
        ("at", "2019-01-01T00:00:00Z", "2019-01-01T00:00:00Z"),
        ("path", "C:\\temp\\x.tmp", "C:"),
        ("path", "/srv/data/" + "deep/" * 40, "deep/deep"),
        ("owner", {"team": "green", "ref": 77}, "green"),
    ],
    ids=["negative", "text", "null", "low", "date", "form", "length", "nested"],
)
def test_what_is_unlike_its_column_is_shown(
    field: str, value: object, shown: str, row: int
) -> None:
    """A value of another sign, type, form, length or order is shown with its row."""
    events = _events()
    events[row][field] = value

    assert shown in _line(events, row)


def test_records_that_share_an_identifier_are_shown() -> None:
    """Two records with the same value where all others differ are both shown."""
    events = _events()
    events[200]["path"] = events[77]["path"]

    assert _line(events, 77)
    assert _line(events, 200)


def test_a_record_that_lacks_a_field_is_shown() -> None:
    """The one record without a field that all others have is shown."""
    events = _events()
    del events[143]["took"]

    assert _line(events, 143)


@pytest.mark.parametrize(
    ("path", "cell", "alarming"),
    [
        ("exit_code", "1", True),
        ("exit_code", "0", False),
        ("response.status", "502", True),
        ("response.status", "200", False),
        ("status_code", "404", True),
        ("ok", "false", True),
        ("result.success", "true", False),
        ("failed", "3", True),
        ("failures", "0", False),
        ("deprecated", "true", True),
        ("year", "1999", False),
    ],
)
def test_codes_and_verdicts_tell_failures(
    path: str, cell: str, *, alarming: bool
) -> None:
    """Codes of failure, negative verdicts and counts of failures are alarming."""
    assert (alarm_at(cell, path) >= 0) is alarming


def test_many_different_failures_are_shown_or_counted() -> None:
    """Of more than forty distinct failures none is passed over in silence."""
    events = _events(400)
    for row in range(0, 400, 5):
        events[row]["path"] = f"upload failed: volume {row} is read-only"
    reading = JsonReading.of(parse_json(json.dumps(events)))
    text = reading.excerpt(budget=900, interest=NOTHING_ASKED).text
    shown = sum(
        line.startswith("ev-") and "failed" in line for line in text.split("\n")
    )
    told = next((line for line in text.split("\n") if "not shown:" in line), "")

    assert f"alarming rows not shown: {80 - shown} with" in told


def test_every_message_of_a_failed_category_is_shown() -> None:
    """Records that a category calls errors are shown by their messages, each once."""
    findings: list[dict[str, Any]] = [
        {
            "file": f"src/module_{n % 17}.py",
            "line": 10 + n,
            "column": n % 80,
            "severity": "info",
            "message": f"line {n} could be simpler",
        }
        for n in range(200)
    ]
    for n in range(0, 200, 25):
        findings[n] |= {"severity": "error", "message": f"undefined name 'value_{n}'"}
    reading = JsonReading.of(parse_json(json.dumps(findings)))
    text = reading.excerpt(budget=900, interest=NOTHING_ASKED).text

    assert all(f"undefined name 'value_{n}'" in text for n in range(0, 200, 25))


def test_messages_stay_when_columns_have_to_go() -> None:
    """Of a table too wide to show, the columns that say what happened are kept."""
    rows = [
        {"id": n}
        | {f"position_{k}": n * k for k in range(40)}
        | {"message": f"the {('left', 'right')[n % 2]} valve of pump {n} reported in"}
        for n in range(60)
    ]
    reading = JsonReading.of(parse_json(json.dumps(rows)))
    text = reading.excerpt(budget=700, interest=NOTHING_ASKED).text

    assert "the left valve of pump 0 reported in" in text


def test_objects_that_are_not_shown_are_named() -> None:
    """What does not fit a small budget is at least named by where it stands."""
    value = {
        f"section_{n}": {f"field_{k}_{n}": f"value {k * n} of many" for k in range(9)}
        | {"only": {f"in_{n}_{k}": "x" * 40 for k in range(4)}}
        for n in range(30)
    }
    reading = JsonReading.of(parse_json(json.dumps({"sections": value, "n": [1]})))
    text = reading.excerpt(budget=250, interest=NOTHING_ASKED).text

    hidden = next(line for line in text.split("\n") if line.startswith("not shown: "))

    assert all(f"section_{n}" in text for n in range(30))
    assert "section_29" in hidden


@pytest.mark.parametrize(
    ("field", "usual", "failed"), [("status_code", 200, 503), ("success", True, False)]
)
def test_a_verdict_is_an_alarm(field: str, usual: object, failed: object) -> None:
    """What a code or verdict calls failed is counted, like an error by its name."""
    records = [
        {"path": f"/{n}", "spent": n * 31 % 71, field: usual if n % 5 else failed}
        for n in range(600)
    ]
    shown = shorten(json.dumps(records), interest=NOTHING_ASKED)
    assert shown is not None
    assert f"120 with {field}={json.dumps(failed)}" in shown.text
