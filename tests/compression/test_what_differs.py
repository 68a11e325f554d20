"""What differs from the rest is shown, whatever word or number tells."""

from __future__ import annotations

import json

import pytest

from headroom_langchain import InMemoryCCRStore, compress_text
from headroom_langchain.compression.odd_values import odd_lines
from headroom_langchain.compression.outliers import table_outliers
from headroom_langchain.structure.log_levels import Level, judge


def sent(text: str) -> str:
    return compress_text(text, store=InMemoryCCRStore()).text


def stamped(lines: list[str]) -> str:
    return "\n".join(
        f"2026-03-01 10:00:{n % 60:02} {line}" for n, line in enumerate(lines)
    )


def test_each_distinct_error_of_a_log_is_shown() -> None:
    """Errors that are named by their class alone count as errors."""
    lines = [f"INFO served request {n}" for n in range(600)]
    kinds = ["ValueError", "KeyError", "OSError", "LookupError", "TypeError"]
    errors = [
        f"{kind}: problem with part {chr(97 + n)}" for n, kind in enumerate(kinds)
    ]
    for n, error in enumerate(errors):
        lines[n * 100 + 50] = error
    text = sent(stamped(lines))
    assert all(error in text for error in errors)


@pytest.mark.parametrize(
    "line",
    [
        'ERROR: null value in column "id" violates not-null constraint',
        "FATAL no failover target: panic",
        "import of table t1 failed: permission denied",
        '"db1": connection refused',
        "ValueError: bad 3",
    ],
)
def test_an_error_is_one_however_it_begins(line: str) -> None:
    """Words that excuse or look like code do not hide an error."""
    assert judge(line)[0] == Level.ERROR


@pytest.mark.parametrize("line", ["errors: 0", "0 errors, 3 warnings", "error=null,"])
def test_no_errors_are_no_error(line: str) -> None:
    """A count of nothing is no failure."""
    assert judge(line)[0] != Level.ERROR


def test_tracebacks_one_after_another_stay_apart() -> None:
    """Each trace in a row of them is a failure of its own."""
    trace = (
        "Traceback (most recent call last):\n"
        '  File "app.py", line {n}, in run\n'
        "    step()\n"
        "RuntimeError: step {n} is broken\n"
    )
    lines = [f"INFO served request {n}" for n in range(400)]
    text = stamped(lines) + "\n" + "".join(trace.format(n=n) for n in range(5))
    shown = sent(text)
    assert all(f"RuntimeError: step {n} is broken" in shown for n in range(5))


def test_what_only_begins_like_json_is_judged_by_its_lines() -> None:
    """A document that was cut off is not taken for a log."""
    rows = [{"id": n, "state": "ok", "text": f"words {n}"} for n in range(400)]
    cut = json.dumps(rows, indent=1)[:-200]
    assert compress_text(cut, store=InMemoryCCRStore()).kind == "json_in_text"


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        ("web-{n}   nginx:1.25   Up 3 days", "web-77   nginx:1.25   Exited 3 days"),
        ("node-{n} version=4.2.0 ready", "node-77 version=4.1.9 ready"),
        ("host-{n} : ok=5 unreachable=0", "host-77 : ok=5 unreachable=1"),
    ],
)
def test_the_one_row_that_differs_is_shown(usual: str, odd: str) -> None:
    """A value that no other row has is shown, though no word or number warns."""
    rows = [usual.format(n=n) for n in range(300)]
    rows[77] = odd
    assert odd in sent("\n".join(rows))


def test_odd_values_are_told_from_free_ones() -> None:
    """A place that takes any value has no odd ones, nor has one that is rare."""
    free = [f"took {n} ms" for n in range(100)]
    assert odd_lines(free, share=0.05) == []
    rare = [*("a line like any other" for _ in range(95)), *("x y" for _ in range(5))]
    assert odd_lines(rare, share=0.1) == []


def test_a_complete_table_hides_nothing() -> None:
    """A marker never says that something is missing when nothing is."""
    for count in range(5, 60):
        rows = [{"id": n, "a": f"value {n} of many", "b": n * 7} for n in range(count)]
        result = compress_text(json.dumps(rows), store=InMemoryCCRStore())
        if all(f"value {n} of many" in result.text for n in range(count)):
            assert result.key is None


def test_the_one_error_that_differs_is_among_the_first() -> None:
    """Many errors of one kind do not crowd out the only one of another."""
    rows = [{"id": n, "state": "ok", "load": n % 9, "error": None} for n in range(3000)]
    for n in range(90):
        rows[n * 33] |= {"error": f"dns failure for host {chr(97 + n % 26)}{n}"}
    rows[1777] |= {"error": "licence expired for tenant zeta"}
    shown = sent(json.dumps(rows))
    assert "licence expired for tenant zeta" in shown
    told = [
        n for n in range(90) if f"dns failure for host {chr(97 + n % 26)}{n}" in shown
    ]
    if len(told) < 90:
        assert (
            f"alarming rows not shown: {90 - len(told)} with error=dns failure" in shown
        )


@pytest.mark.parametrize("place", [3, 611, 2999])
def test_an_odd_value_is_found_in_thousands_of_lines(place: int) -> None:
    """One value among thousands of another is found wherever it stands."""
    lines = [f"node-{n} is Ready since {n} days" for n in range(3000)]
    lines[place] = f"node-{place} is Gone since {place} days"
    assert odd_lines(lines, share=0.05) == [place]


def test_numbers_are_read_in_any_digits() -> None:
    """Cells that look like numbers and are none are no numbers."""
    rows = ["name size", *(f"part {n % 7}²" for n in range(60))]
    assert table_outliers(rows) == []
    rows = ["name size", *(f"part {n % 9 + 10}" for n in range(400)), "part 99999"]
    assert table_outliers(rows) == [401]


def test_a_history_of_commits_shows_what_each_was_about() -> None:
    """Rows between other lines make no table: the subjects are all shown."""
    subjects = [f"Part {n} reads {word}" for n, word in enumerate("abcdefghij")]
    text = "".join(
        f"commit {n:040x}\nAuthor: ann <ann@example.org>\nDate:   Mar {n + 1}\n\n"
        f"    {subject}\n\n"
        + "".join(f" src/module{k}.py | {k * 7 + n} ++++---\n" for k in range(9))
        + f" 9 files changed, {n + 20} insertions(+)\n\n"
        for n, subject in enumerate(subjects)
    )
    shown = sent(text)
    assert len(shown) < 0.7 * len(text)
    assert all(subject in shown for subject in subjects)
