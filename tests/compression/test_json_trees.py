"""What the objects of a tree have in common is told once, what differs is shown."""

from __future__ import annotations

import json
import re

import pytest

from headroom_langchain.compression.excerpt import NOTHING_ASKED, Excerpt
from headroom_langchain.compression.json.tree import NestedJson
from headroom_langchain.compression.sample import Sample


def _excerpt(value: object, budget: int) -> Excerpt:
    text = json.dumps(value)
    reading = NestedJson().read(text, Sample.of(text))
    assert reading is not None
    return reading.excerpt(budget=budget, interest=NOTHING_ASKED)


def _plan(depth: int, scanned: int = -1) -> dict[str, object]:
    """Make nodes of a plan, each inside the one before."""
    node: dict[str, object] = {}
    for level in reversed(range(depth)):
        rows = 99_999 if level == scanned else 10 + level
        inner = [node, {"kind": "hash"}] if node else []
        node = {"kind": f"join{level}", "dirty": 0, "rows": rows, "inner": inner}
    return node


def _answers(odd: str) -> dict[str, object]:
    """Make answers of services that are alike, but for one."""
    told = {"200": "Fine", "422": "Validation error"}
    return {
        f"service{n}": {
            f"get{n}": {
                "title": f"Title of the service number {n}",
                "answers": {
                    code: {"told": odd if (n, code) == (7, "200") else words}
                    for code, words in told.items()
                },
                "deep": {"a": {"b": [{"c": n}, [n, [n]]]}},
            }
        }
        for n in range(12)
    }


def test_what_most_objects_have_in_common_is_told_once() -> None:
    """A field that has the same value in most objects is not repeated in each."""
    shown = _excerpt(_plan(14), 250)

    assert shown.text.count("dirty=0") == 1
    assert shown.omitted


def test_an_object_that_differs_says_so() -> None:
    """A value that is not the common one stands in its own line."""
    plan = _plan(14)
    plan["dirty"] = 3

    assert "dirty=3" in _excerpt(plan, 250).text


@pytest.mark.parametrize("scanned", [5, 12])
def test_the_largest_number_of_a_tree_is_shown(scanned: int) -> None:
    """The node with the largest number is shown, however deep it is."""
    assert "rows=99999" in _excerpt(_plan(14, scanned), 250).text


def test_the_one_answer_that_differs_is_shown() -> None:
    """Where all but one of many objects say the same, that one is shown."""
    assert "Gone for good" in _excerpt(_answers("Gone for good"), 200).text


def test_an_alarm_that_is_repeated_is_counted() -> None:
    """The same alarming words in many objects are shown once, the others counted."""
    shown = _excerpt(_answers("Fine"), 200).text

    counted = re.search(r"(\d+) with 422.told=Validation error", shown)
    lines = re.findall(r"^service.*: 422.told=Validation error", shown, re.MULTILINE)
    assert lines
    assert counted is not None
    assert int(counted[1]) + len(lines) == 12


def test_hidden_objects_are_named_by_the_first_step_to_them() -> None:
    """A key that leads to nothing shown is named, not what is below it."""
    shown = _excerpt(_answers("Fine"), 120).text

    hidden = next(line for line in shown.split("\n") if line.startswith("not shown"))
    for number in range(12):
        assert f"service{number}" in shown
    assert "service11.get11.deep" not in hidden
