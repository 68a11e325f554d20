"""What the benchmarks measure is there to be measured."""

from __future__ import annotations

import pytest

from headroom_langchain import InMemoryCCRStore, compress_text

from .conversations import SMALL, log, nested, prose, records

RESULTS = {
    "small records": records(SMALL * 1000),
    "records": records(40_000),
    "nested": nested(40_000),
    "log": log(40_000),
    "prose": prose(40_000),
}


@pytest.mark.parametrize("what", RESULTS)
def test_something_of_each_result_is_left_out(what: str) -> None:
    """A model that is measured retrieving has a marker to retrieve by."""
    assert compress_text(RESULTS[what], store=InMemoryCCRStore()).key is not None
