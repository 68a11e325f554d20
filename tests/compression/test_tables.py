"""Tables: what differs is shown as it is, and the rest is counted."""

from __future__ import annotations

import csv
import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.excerpt import NOTHING_ASKED, Excerpt, Interest
from headroom_langchain.compression.sample import Sample
from headroom_langchain.compression.tables.compressor import Tables
from headroom_langchain.tokens import estimate_tokens

ROWS = 400
ODD = 251


def excerpt(text: str, interest: Interest = NOTHING_ASKED) -> Excerpt:
    tables = Tables()
    reading = tables.read(text, Sample.of(text))
    assert reading is not None
    budget = tables.budget(estimate_tokens(text))
    return reading.excerpt(budget=budget, interest=interest)


def records(odd: dict[str, str] | None = None) -> list[dict[str, str]]:
    rows = [
        {
            "host": f"web-{n:03}",
            "state": "running",
            "zone": ("eu", "us", "ap")[n % 3],
            "load": f"{40 + n * 7 % 23}%",
            "uptime": f"{3 + n * 11 % 19}d{n % 24}h",
            "owner": f"team {'abcdefgh'[n * 5 % 8]}",
        }
        for n in range(ROWS)
    ]
    rows[ODD] |= odd or {}
    return rows


def as_csv(rows: list[dict[str, str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def columns_of(rows: list[dict[str, str]]) -> tuple[list[str], list[list[str]]]:
    names = list(rows[0])
    cells = [names, *([row[name] for name in names] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(names))]
    padded = [[c.ljust(w) for c, w in zip(line, widths, strict=True)] for line in cells]
    return ["-" * width for width in widths], padded


def as_mysql(rows: list[dict[str, str]]) -> str:
    strokes, lines = columns_of(rows)
    rule = "+-" + "-+-".join(strokes) + "-+"
    body = ["| " + " | ".join(line) + " |" for line in lines]
    tail = f"{len(rows)} rows in set (0.02 sec)"
    return "\n".join([rule, body[0], rule, *body[1:], rule, tail])


def as_psql(rows: list[dict[str, str]]) -> str:
    strokes, lines = columns_of(rows)
    body = [" " + " | ".join(line) for line in lines]
    rule = "-" + "-+-".join(strokes) + "-"
    return "\n".join(
        [body[0], rule, *body[1:], f"({len(rows)} rows)", "", "Time: 1 ms"]
    )


def as_markdown(rows: list[dict[str, str]]) -> str:
    strokes, lines = columns_of(rows)
    body = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([body[0], "| " + " | ".join(strokes) + " |", *body[1:]])


def as_box(rows: list[dict[str, str]]) -> str:
    strokes, lines = columns_of(rows)
    lined = ["─" * (len(stroke) + 2) for stroke in strokes]
    body = ["│ " + " │ ".join(line) + " │" for line in lines]
    shapes = (("┌", "┬", "┐"), ("├", "┼", "┤"), ("└", "┴", "┘"))
    rules = [f"{a}{b.join(lined)}{c}" for a, b, c in shapes]
    return "\n".join([rules[0], body[0], rules[1], *body[1:], rules[2]])


def as_ruled(rows: list[dict[str, str]]) -> str:
    strokes, lines = columns_of(rows)
    return "\n".join("  ".join(line) for line in [lines[0], strokes, *lines[1:]])


def as_records(rows: list[dict[str, str]]) -> str:
    return "\n".join(
        f"-[ RECORD {n} ]---\n" + "\n".join(f"{k:6} | {v}" for k, v in row.items())
        for n, row in enumerate(rows, 1)
    )


def as_aligned(rows: list[dict[str, str]]) -> str:
    _, lines = columns_of(rows)
    lines[0] = [cell.upper() for cell in lines[0]]
    return "\n".join("   ".join(line) for line in lines)


FORMS = {
    "csv": as_csv,
    "tsv": lambda rows: as_csv(rows, "\t"),
    "semicolons": lambda rows: as_csv(rows, ";"),
    "mysql": as_mysql,
    "psql": as_psql,
    "markdown": as_markdown,
    "box": as_box,
    "ruled": as_ruled,
    "aligned": as_aligned,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "odd",
    [
        {"state": "draining"},
        {"load": "97%"},
        {"load": "1%"},
        {"uptime": "900d3h"},
        {"owner": "team zulu"},
        {"owner": ""},
        {"state": "disk failed"},
        {"zone": "antarctica"},
        {"host": "web-250"},
    ],
    ids=str,
)
def test_the_row_that_differs_is_shown(form: str, odd: dict[str, str]) -> None:
    """Whatever the form, a row with a rare, missing, far or repeated value is shown."""
    text = FORMS[form](records(odd))
    line = text.splitlines()[
        ODD
        + 1
        + {"mysql": 2, "box": 2}.get(form, 1)
        * (form in ("mysql", "psql", "markdown", "box", "ruled"))
    ]
    assert next(iter(odd.values())) in line
    assert line in excerpt(text).text


@pytest.mark.parametrize("form", FORMS)
def test_titles_and_remarks_are_kept(form: str) -> None:
    """The titles stay above the rows, and what follows the table stays below."""
    text = FORMS[form](records())
    shown = excerpt(text).text.splitlines()
    titled = next(line for line in text.splitlines() if "host" in line.lower())
    assert titled in shown[:2]
    last = text.splitlines()[-1]
    assert last in shown


@pytest.mark.parametrize("form", FORMS)
def test_every_unmarked_line_is_a_line_of_the_original(form: str) -> None:
    """Rows are shown as they are, and everything else stands in brackets."""
    text = FORMS[form](records({"state": "failed"}))
    lines = set(text.split("\n"))
    for line in excerpt(text).text.split("\n"):
        assert line in lines or (line.startswith("[") and line.endswith("]"))


@pytest.mark.parametrize("form", FORMS)
def test_hidden_rows_are_counted(form: str) -> None:
    """The gaps and the rows shown add up to the rows of the table."""
    text = FORMS[form](records())
    result = excerpt(text)
    gaps = [
        int(line.split()[1])
        for line in result.text.splitlines()
        if line.startswith("[... ")
    ]
    shown = sum(
        1 for line in result.text.splitlines() if "web-" in line and "[" not in line
    )
    assert sum(gaps) + shown == ROWS
    assert result.omitted == f"{sum(gaps)} of {ROWS} rows"


def test_likeness_tells_tables_from_prose() -> None:
    """Tables are unmistakable with titles; sentences and code are no tables."""
    tables = Tables()
    assert tables.likeness(Sample.of(as_csv(records()))) > 0.5
    prose = "When the rows are read, they are kept, and nothing is lost.\n" * 50
    assert tables.likeness(Sample.of(prose)) == 0
    code = "def run(self, a, b):\n    return self.call(a, b, 3)\n" * 50
    assert tables.likeness(Sample.of(code)) == 0
    assert tables.read(prose, Sample.of(prose)) is None


def test_records_one_below_the_other_are_rows() -> None:
    """A record of several lines is shown whole where one of its cells differs."""
    shown = excerpt(as_records(records({"zone": "moon"}))).text
    assert f"-[ RECORD {ODD + 1} ]---\nhost   | web-{ODD}\n" in shown
    assert "zone   | moon\n" in shown


def test_a_quoted_cell_keeps_its_line_breaks() -> None:
    """A row that goes over several lines is one row, shown whole or not at all."""
    rows = records()
    for row in rows:
        row["owner"] = f'first, "quoted"\nsecond line of {row["host"]}'
    rows[ODD]["state"] = "draining"
    shown = excerpt(as_csv(rows)).text
    assert f"web-{ODD},draining," in shown
    assert f"second line of web-{ODD}" in shown
    assert shown.count("second line of") == shown.count('"first, ""quoted""')


def test_a_quote_that_is_never_closed_swallows_nothing() -> None:
    """A stray quote is a character, and the rows after it are still rows."""
    rows = records({"state": "draining"})
    text = as_csv(rows).replace("web-100,", '"web-100,', 1)
    shown = excerpt(text).text
    assert "draining" in shown
    assert f"of {ROWS} rows" in excerpt(text).omitted


def test_a_change_of_level_is_shown() -> None:
    """Where a series goes over to another level, the first row of it is shown."""
    lines = ["time,latency,rate"]
    lines += [
        f"10:{n // 60:02}:{n % 60:02},{20 + n * 7 % 5 + 40 * (n >= 222)},{n * 13 % 11}"
        for n in range(ROWS)
    ]
    assert lines[223] in excerpt("\n".join(lines)).text


def test_totals_are_shown() -> None:
    """A row that sums up is shown wherever it stands."""
    rows = records()
    rows[77] |= {"host": "Total eu"}
    assert "Total eu" in excerpt(as_csv(rows)).text


def test_what_was_asked_for_is_shown() -> None:
    """A word from the call's arguments finds its row."""
    asked = Interest(arguments=("web-199",))
    assert "web-199," in excerpt(as_csv(records()), asked).text


def test_each_distinct_error_is_shown() -> None:
    """Errors in cells come before everything else."""
    rows = records()
    errors = [f"disk {name} failed" for name in ("sda", "sdb", "nvme", "tape")]
    for n, error in enumerate(errors):
        rows[60 + 90 * n] |= {"owner": error}
    shown = excerpt(as_csv(rows)).text
    assert all(error in shown for error in errors)


def test_tables_one_after_another_get_a_share_each() -> None:
    """Each table of a text is shown with its titles and its odd row."""
    parts = [
        "Report of today",
        as_aligned(records({"state": "draining"})),
        "",
        as_psql(records({"zone": "moon"})),
        "",
        as_csv(records({"owner": "team x-ray"})),
    ]
    shown = excerpt("\n".join(parts)).text
    for fact in ("Report of today", "draining", "moon", "team x-ray", "(400 rows)"):
        assert fact in shown
    assert shown.count("zone") + shown.count("ZONE") >= 3


def test_the_values_of_all_rows_are_summed_up() -> None:
    """Counts of categories and ranges of numbers stand in a marked line."""
    shown = excerpt(as_csv(records({"state": "draining"}))).text
    last = shown.splitlines()[-1]
    assert last.startswith(f"[all {ROWS} rows: ")
    assert "state 399 running, 1 draining" in last
    assert "load 40% to 62%, median 51%" in last


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.lists(st.text(alphabet='ab1 ,;|\t"-+─│%:.\r', max_size=6), max_size=6),
        max_size=40,
    ),
    st.sampled_from([",", "\t", "|", "  ", " | ", ";"]),
)
def test_any_text_can_be_read(rows: list[list[str]], delimiter: str) -> None:
    """Whatever the text, reading never fails and every unmarked line is its own."""
    text = "\n".join(delimiter.join(row) for row in rows)
    tables = Tables()
    sample = Sample.of(text)
    assert 0 <= tables.likeness(sample) <= 1
    reading = tables.read(text, sample)
    if reading is None:
        return
    lines = set(text.split("\n"))
    for budget in (1, 40):
        shown = reading.excerpt(budget=budget, interest=NOTHING_ASKED).text
        for line in shown.rstrip("\r\n").split("\n"):
            assert (
                line in lines
                or line.rstrip("\r") in {one.rstrip("\r") for one in lines}
                or line.startswith("[")
            )


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "," * 400_000,
        "|" * 400_000,
        "a,b,c\n" + "1,2,3\n" * 60_000,
        'a,b,c\n1,"2,3\n' * 30_000,
        "\n" * 100_000,
        "-+" * 200_000,
        "=====  ====\n" * 30_000,
        "A  B  C\n" * 40_000,
        "A  B  C  D\nx\n" * 30_000,
        "name  x  y\n" + "long name  1  2\n" * 25_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_no_text_takes_long(text: str) -> None:
    """Texts made to be hard are read in time that grows with their length."""
    tables = Tables()
    started = time.process_time()
    sample = Sample.of(text)
    tables.likeness(sample)
    reading = tables.read(text, sample)
    if reading is not None:
        reading.excerpt(budget=500, interest=NOTHING_ASKED)
    assert time.process_time() - started < 10
