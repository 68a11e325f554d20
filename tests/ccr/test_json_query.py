"""Where JSON paths lead."""

from __future__ import annotations

import pytest

from headroom_langchain.ccr.retrieval.json_query import (
    JsonPath,
    follow,
    parse_json_path,
)
from headroom_langchain.structure.json_spans import json_path, scan_json

NESTED = '{"a": [{"b": 1, "c d": 2}, {"b": 3}], "e": {"b": 4}}'


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", ["$"]),
        ("$.a[1].b", ["$.a[1].b"]),
        ("$.a[-1].b", ["$.a[1].b"]),
        ("$.a[*].b", ["$.a[0].b", "$.a[1].b"]),
        ("$.a[0:1].b", ["$.a[0].b"]),
        ("$..b", ["$.a[0].b", "$.a[1].b", "$.e.b"]),
        ('$.a[0]["c d"]', ['$.a[0]["c d"]']),
        ("$['e'].b", ["$.e.b"]),
        ("$.*.b", ["$.e.b"]),
        ("$.missing", []),
        ("$.a[9]", []),
    ],
)
def test_json_paths_lead_to_their_values(path: str, expected: list[str]) -> None:
    """A path leads to the values that JSONPath says."""
    spans = scan_json(NESTED)
    parsed = parse_json_path(path)
    assert spans is not None
    assert isinstance(parsed, JsonPath)
    found = follow(spans, parsed).found
    assert [json_path(spans, at) for at in found] == expected
