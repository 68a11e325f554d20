"""Which of many lines that match alike an answer shows first."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.ccr.retrieval.arrangement import arranged
from headroom_langchain.ccr.retrieval.assembly import show_hits
from headroom_langchain.ccr.retrieval.excerpt import Excerpt, shortened
from headroom_langchain.ccr.retrieval.search import Hit, Index, rank
from headroom_langchain.structure.passages import read_document


def shown_first(text: str, query: str, *, count: int = 1) -> list[str]:
    """Return the lines that are shown first for a query, without their indent."""
    document = read_document(text)
    hits = arranged(document, rank(Index(document), query).hits)
    return [document.line(hit.line).strip() for hit in hits[:count]]


def passages(text: str, query: str, budget: int) -> str:
    """Return what an answer of so many tokens shows."""
    document = read_document(text)
    excerpt = Excerpt(document, budget)
    show_hits(excerpt, rank(Index(document), query))
    return excerpt.render()


def changed(*lines: str) -> str:
    """Return a diff of one file that adds lines."""
    body = "".join(f"+{line}\n" for line in lines)
    return f"--- a/app.py\n+++ b/app.py\n@@ -1,0 +1,{len(lines)} @@\n{body}"


def test_a_definition_goes_before_what_matches_as_well() -> None:
    """Of the lines added to a file, a definition is shown before the others."""
    text = changed(*(f"    use({n})" for n in range(50)), "def send(value):", "    )")
    assert "+def send(value):" in shown_first(text, "app.py added", count=5)


def test_a_failure_goes_before_what_matches_as_well() -> None:
    """Of the lines of a log that match alike, a failure is shown first."""
    lines = [f"worker {n} done\n" for n in range(90)]
    lines[60] = "worker 60 failed: timed out\n"
    assert shown_first("".join(lines), "worker") == ["worker 60 failed: timed out"]


def test_what_was_not_said_goes_before_what_was() -> None:
    """The one value that differs is among the first, however many are alike."""
    values = [{"name": f"vm {n}", "zone": "east"} for n in range(80)]
    values[70]["zone"] = "west"
    text = json.dumps(values, indent=1)
    assert shown_first(text, "zone", count=2) == ['"zone": "east"', '"zone": "west"']


def test_an_outer_value_goes_before_an_inner_one() -> None:
    """A value asked for by its key is that of the record, before those within it."""
    text = json.dumps([{"disk": {"size": 1}, "size": 2}], indent=1)
    assert shown_first(text, "size") == ['"size": 2']


def test_small_differences_between_scores_mean_nothing() -> None:
    """Lines whose scores are nearly the same stand in the order of the text."""
    document = read_document("one\ntwo\nthree\n")
    hits = [Hit(2, 1.0), Hit(0, 0.995), Hit(1, 0.5)]
    assert [hit.line for hit in arranged(document, hits)] == [0, 2, 1]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "a b", "ERROR a", "---", "", "b"]), min_size=1))
def test_nothing_is_lost_by_arranging(lines: list[str]) -> None:
    """Every match is still there, and once."""
    document = read_document("".join(f"{line}\n" for line in lines))
    hits = rank(Index(document), "a b").hits
    assert sorted(hit.line for hit in arranged(document, hits)) == sorted(
        hit.line for hit in hits
    )


def test_the_best_matches_go_before_what_is_around_them() -> None:
    """With little room a second match is shown rather than neighbours of the first."""
    lines = [f"some {n} words that nobody asked for, at length\n" for n in range(60)]
    lines[10], lines[50] = "alpha beta\n", "beta alpha\n"
    told = passages("".join(lines), "alpha beta", 40)
    assert "11: alpha beta" in told
    assert "51: beta alpha" in told


@pytest.mark.parametrize(
    ("place", "before", "expected"),
    [
        ("@ $.items[17].tags", "@ $.items[16]", "@ …17].tags"),
        ("@ $.items[1].b", "@ $.items[1].a", "@ …b"),
        ("@ a.py > class B", "", "@ a.py > class B"),
        ("@ lib/app.py > def b", "@ lib/app.py > def a", "@ …def b"),
        ("@ $.items[2] (id: 12)", "@ $.items[2] (id: 11)", "@ …2] (id: 12)"),
        ("@ x.y", "@ x.z", "@ x.y"),
    ],
)
def test_a_place_is_named_by_what_is_new(
    place: str, before: str, expected: str
) -> None:
    """What a place shares with the one before it is left out, whole steps only."""
    assert shortened(place, before) == expected


def test_a_match_that_is_alone_is_shown_with_more_around() -> None:
    """Where only one line matches, the room is used for the lines around it."""
    lines = [f"step {n} done\n" for n in range(60)]
    lines[30] = "connection refused\n"
    told = passages("".join(lines), "refused", 200)
    assert "step 22 done" in told
    assert "step 38 done" in told
