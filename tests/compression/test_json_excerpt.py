"""What an excerpt of JSON shows first, and what it promises."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.excerpt import NOTHING_ASKED, Interest
from headroom_langchain.compression.json.reading import JsonReading
from headroom_langchain.compression.json.records import JsonRecords
from headroom_langchain.structure.json_text import parse_json
from headroom_langchain.tokens import estimate_tokens

_BUDGET = 900


def _hosts(count: int = 400) -> list[dict[str, Any]]:
    """Return dull records: nothing in them stands out."""
    return [
        {
            "id": f"host-{n:04d}",
            "region": ("eu-west", "us-east", "ap-south")[n % 3],
            "state": "running",
            "load": round(0.3 + (n * 37 % 100) / 500, 3),
            "note": f"rack {n * 7919 % 997} checked by {('ann', 'bob', 'eve')[n % 3]}",
        }
        for n in range(count)
    ]


def _excerpt(value: object, interest: Interest = NOTHING_ASKED) -> str:
    reading = JsonReading.of(parse_json(json.dumps(value)))
    return reading.excerpt(budget=_BUDGET, interest=interest).text


def _line_of(text: str, identity: str) -> str:
    return next(line for line in text.split("\n") if line.startswith(identity))


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.integers(0, 399), min_size=1, max_size=4, unique=True),
    st.sampled_from(
        ["connection refused by peer", "disk failure", "OOMKilled", "request timed out"]
    ),
)
def test_a_failure_is_shown_wherever_it_stands(rows: list[int], failure: str) -> None:
    """Every record that tells of a failure is shown, with the words that tell it."""
    hosts = _hosts()
    for row in rows:
        hosts[row]["note"] = failure
    text = _excerpt(hosts)

    assert all(failure in _line_of(text, f"host-{row:04d}") for row in sorted(rows)[:3])


def test_repeats_of_a_failure_are_counted() -> None:
    """A failure that many records share is shown a few times, with its exact count."""
    hosts = _hosts()
    for row in range(0, 400, 9):
        hosts[row]["note"] = "connection refused by peer"

    assert "45 with note=connection refused by peer" in _excerpt(hosts)


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 399),
    st.sampled_from([("state", "draining"), ("load", 97.25), ("owner", "team-x")]),
)
def test_what_stands_out_is_shown(row: int, odd: tuple[str, str | float]) -> None:
    """A rare category, an extreme number and a new field are shown with their row."""
    hosts = _hosts()
    hosts[row][odd[0]] = odd[1]
    text = _excerpt(hosts)

    assert str(odd[1]) in _line_of(text, f"host-{row:04d}")


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 399))
def test_the_record_that_was_asked_for_is_shown(row: int) -> None:
    """A word of the tool call that is rare in the records selects its record."""
    text = _excerpt(_hosts(), Interest(arguments=(f"host-{row:04d}", "running")))

    assert _line_of(text, f"host-{row:04d}")


def test_a_failure_deep_inside_a_record_is_shown_with_its_owner() -> None:
    """A failing check in an array inside a record is shown below its record."""
    suites = [
        {
            "suite": f"suite-{n}",
            "tests": [
                {"test": f"t{n}-{k}", "outcome": "passed", "log": "all is well " * 3}
                for k in range(12)
            ],
        }
        for n in range(30)
    ]
    tests: Any = suites[17]["tests"]
    tests[5]["outcome"] = "failed"
    lines = _excerpt(suites).split("\n")
    at = next(n for n, line in enumerate(lines) if line.startswith("t17-5"))

    assert "failed" in lines[at]
    assert "> suite-17" in lines[:at]


def test_the_reason_is_shown_although_its_column_is_left_out() -> None:
    """In records too wide to show, the value that made a row chosen stays visible."""
    rows = [
        {"id": f"r{n}"} | {f"column_{k}": f"{n * k}-{'z' * 30}" for k in range(60)}
        for n in range(50)
    ]
    rows[31]["column_47"] = "error: checksum mismatch in block 9"

    assert "checksum mismatch in block 9" in _line_of(_excerpt(rows), "r31")


def test_the_rows_shown_are_counted() -> None:
    """The header and the words about what is missing agree with what is shown."""
    reading = JsonReading.of(parse_json(json.dumps(_hosts())))
    excerpt = reading.excerpt(budget=_BUDGET, interest=NOTHING_ASKED)
    shown = len(re.findall(r"^host-\d+,", excerpt.text, re.MULTILINE))

    assert excerpt.text.startswith(f"400 rows, {shown} shown; ")
    assert excerpt.omitted == f"{400 - shown} of 400 rows"


def test_every_row_shown_is_a_row_of_the_original() -> None:
    """No value is shown that its record does not have."""
    hosts = {host["id"]: host for host in _hosts()}
    lines = re.findall(r"^host-.*", _excerpt(list(hosts.values())), re.MULTILINE)

    for line in lines:
        identity, region, load, note = line.split(",")
        host = hosts[identity]
        assert [region, float(load), note] == [
            host["region"],
            host["load"],
            host["note"],
        ]


def test_the_summary_is_marked_and_true() -> None:
    """What is said about rows that are not shown is marked as a summary."""
    hosts = _hosts()
    hosts[3]["state"] = "draining"
    summary = _excerpt(hosts).split("\n")[-1]

    assert summary.startswith("summary of all 400 rows: ")
    assert "state 399 running, 1 draining" in summary
    assert "load 0.3 to 0.498" in summary


def test_numbers_are_shown_as_they_were_written() -> None:
    """An excerpt never rewrites a number."""
    rows = [f'{{"id":"n{n}","v":{n}.50,"w":1e{n}}}' for n in range(300)]
    rows[7] = '{"id":"n7","v":123456789012345678901234567890.10,"w":-0}'
    value = parse_json("[" + ",".join(rows) + "]")
    text = JsonReading.of(value).excerpt(budget=_BUDGET, interest=NOTHING_ASKED).text

    assert "n7,123456789012345678901234567890.10,-0" in text


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["error: no", "x" * 900, "2026-01-02", "[1]"]),
    lambda inner: (
        st.lists(inner, max_size=8)
        | st.dictionaries(st.sampled_from("abcdefgh"), inner, max_size=8)
    ),
    max_leaves=60,
)


@settings(deadline=None, max_examples=150)
@given(st.lists(_JSON, min_size=1, max_size=40), st.integers(1, 400))
def test_an_excerpt_of_any_document_stays_near_its_budget(
    value: list[Any], budget: int
) -> None:
    """Whatever the document, an excerpt comes and does not run away."""
    reading = JsonReading.of(parse_json(json.dumps(value)))
    text = reading.excerpt(budget=budget, interest=NOTHING_ASKED).text

    assert estimate_tokens(text) <= 2 * budget + 1500


@pytest.mark.parametrize("tokens", [10, 1_000, 10_000, 100_000])
def test_the_budget_grows_slower_than_the_text(tokens: int) -> None:
    """Ten times the text gets less than ten times the budget."""
    budget = JsonRecords().budget

    assert budget(tokens) <= tokens
    assert budget(10 * tokens) < 10 * budget(tokens)


def test_the_excerpt_does_not_depend_on_hash_seeds() -> None:
    """Two processes with different hash seeds write the same excerpt."""
    program = (
        "import json, sys\n"
        "from headroom_langchain.compression.excerpt import Interest\n"
        "from headroom_langchain.compression.json.reading import JsonReading\n"
        "from headroom_langchain.structure.json_text import parse_json\n"
        "rows = [{f'k{(n * i) % 23}': n % 7 for i in range(9)} for n in range(200)]\n"
        "reading = JsonReading.of(parse_json(json.dumps({'a': rows, 'b': rows[:9]})))\n"
        "asked = Interest(arguments=('k3', 'k5'))\n"
        "print(reading.excerpt(budget=700, interest=asked).text, reading.lossless())\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert len(outputs) == 1
