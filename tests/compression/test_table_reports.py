"""Tables as test runners and other programs print them, one row for each subject."""

from __future__ import annotations

import tracemalloc

import pytest

from headroom_langchain.compression.excerpt import NOTHING_ASKED
from headroom_langchain.compression.sample import Sample
from headroom_langchain.compression.tables.compressor import Tables
from headroom_langchain.tokens import estimate_tokens

FILES = 120
LOWEST = {17: 3, 40: 0, 66: 9, 90: 7, 111: 4}
SIZE = 400_000


def covered(at: int) -> int:
    return LOWEST.get(at, 60 + at * 7 % 40)


def coverage_py() -> str:
    rows = [
        f"part_{at:03}.py{100 + at * 13 % 50:9}{at % 9:7}{covered(at):6}%"
        for at in range(FILES)
    ]
    head = "Name           Stmts   Miss  Cover"
    return "\n".join([head, "-" * len(head), *rows])


def node_test() -> str:
    rows = [
        f"# part_{at:03}.js | {covered(at):6}.00 | {50 + at % 30:8}.00 | 4-8"
        for at in range(FILES)
    ]
    rule = "# " + "-" * 60
    head = "# file        |    line % |    branch % | uncovered lines"
    start, stop = "# start of coverage report", "# end of coverage report"
    return "\n".join([start, rule, head, rule, *rows, rule, stop])


def csv_of_scores() -> str:
    rows = [f"part_{at:03},{covered(at)},{at % 7}" for at in range(FILES)]
    return "\n".join(["name,score,retries", *rows])


@pytest.mark.parametrize("make", [coverage_py, node_test, csv_of_scores])
def test_the_lowest_parts_of_a_hundred_are_shown(make: object) -> None:
    """Of percentages and scores, some of both ends are rows of the excerpt."""
    assert callable(make)
    text = make()
    tables = Tables()
    sample = Sample.of(text)
    assert tables.likeness(sample) > 0
    reading = tables.read(text, sample)
    assert reading is not None
    budget = tables.budget(estimate_tokens(text))
    shown = reading.excerpt(budget=budget, interest=NOTHING_ASKED).text
    for at in LOWEST:
        assert f"part_{at:03}" in shown
    assert any(f"part_{at:03}" in shown for at in range(FILES) if covered(at) > 95)
    assert len(shown) < 0.7 * len(text)


def test_a_line_below_the_titles_is_no_row() -> None:
    """Titles over a line that is drawn through name the columns all the same."""
    rows = [f"{at:4}: {at * 997:12} {at * 8:10}  java.util.Map{at}" for at in range(90)]
    head = " num     #instances     #bytes  class name"
    text = "\n".join(["24329:", head, "-" * len(head), *rows])
    reading = Tables().read(text, Sample.of(text))
    assert reading is not None
    (table,) = reading.tables
    assert table.titled
    assert len(table.starts) == len(rows)


def test_small_cells_take_little_memory() -> None:
    """Reading a table of small cells, no two alike, takes seven times its text."""
    rows = (
        f"{at:<6} user{at * 7919 % 99991:<6} {at * 31 % 9973:<6} run"
        for at in range(16_000)
    )
    text = "\n".join(["PID    USER       SIZE   CMD", *rows])[:SIZE]
    tables = Tables()
    sample = Sample.of(text)
    tracemalloc.start()
    try:
        reading = tables.read(text, sample)
        assert reading is not None
        reading.excerpt(budget=9_000, interest=NOTHING_ASKED)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 7 * len(text)


@pytest.mark.parametrize("columns", [5, 120])
def test_an_error_is_shown_whatever_cell_it_stands_in(columns: int) -> None:
    """Also a row of text across the columns is shown, or the last of very many."""
    rows = [" ".join(f"{at + n:<9}" for n in range(columns)) for at in range(100)]
    rows[61] = "0         disk /dev/sda could not be read, connection refused 5"
    head = " ".join(f"COL{n:<6}" for n in range(columns))
    text = "\n".join([head, *rows])
    last = [",".join(["7"] * columns) for _ in range(100)]
    last[61] = ",".join(["7"] * (columns - 1) + ["connection refused"])
    listed = "\n".join([",".join(f"c{n}" for n in range(columns)), *last])
    for one in (text, listed):
        reading = Tables().read(one, Sample.of(one))
        assert reading is not None
        budget = Tables().budget(estimate_tokens(one)) // 2
        shown = reading.excerpt(budget=budget, interest=NOTHING_ASKED).text
        assert "connection refused" in shown
