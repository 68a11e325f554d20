"""Runs tell which lines of an original its excerpt shows."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from headroom_langchain.display.runs import Run, runs

LINES = st.lists(st.sampled_from(["a", "b", "c", "d", "", " "]), min_size=1)


def _shown(found: tuple[Run, ...]) -> list[str]:
    return [
        line for run in found if not run.hidden for line in run.lines if line.strip()
    ]


@given(LINES, LINES)
def test_runs_are_the_original(before: list[str], after: list[str]) -> None:
    """All runs together are the original, numbered, hidden and shown by turns."""
    found = runs("\n".join(before), "\n".join(after))
    if found is None:
        return
    assert [line for run in found for line in run.lines] == before
    assert [run.first for run in found] == [
        1 + sum(len(r.lines) for r in found[:n]) for n in range(len(found))
    ]
    assert all(one.hidden != two.hidden for one, two in pairwise(found))


@given(LINES, LINES)
def test_no_line_counts_twice(before: list[str], after: list[str]) -> None:
    """No line is said to be shown more often than the excerpt has it."""
    found = runs("\n".join(before), "\n".join(after))
    assert not Counter(_shown(found or ())) - Counter(after)


@given(LINES, st.data())
def test_what_is_cut_out_is_found(before: list[str], data: st.DataObject) -> None:
    """Of an excerpt made of lines in their order, every line is found."""
    keep = data.draw(
        st.lists(st.booleans(), min_size=len(before), max_size=len(before))
    )
    after = [line for line, kept in zip(before, keep, strict=True) if kept]
    found = runs("\n".join(before), "\n".join(after))
    words = [line for line in after if line.strip()]
    assert (_shown(found) if found else []) == words


def test_repeated_lines_are_hidden_where_they_are_not_sent() -> None:
    """Of a line that stands there four times and is sent twice, two are hidden."""
    found = runs("x\nsame\ny\nsame\nsame\nsame", "x\nsame\ny\nsame\n[... 2 lines]")
    assert found is not None
    assert [(run.hidden, run.first, run.last) for run in found] == [
        (False, 1, 4),
        (True, 5, 6),
    ]


def test_lines_out_of_order_are_found() -> None:
    """An excerpt may tell failures first: both parts are found where they stand."""
    found = runs("a\nb\nc\nd\nerror\ne", "error\na\nb")
    assert found is not None
    assert [run.lines for run in found if not run.hidden] == [("a", "b"), ("error",)]


def test_what_was_rewritten_has_no_runs() -> None:
    """Where hardly a line is one of the original there is nothing to tell apart."""
    assert runs('{"a": 1}\n{"a": 2}', "columns: a\n1\n2") is None
    assert runs("a\nb", "") is None
    assert runs("warning\n{\n}", "warning\n1\n2\n3\n4\n5") is None
