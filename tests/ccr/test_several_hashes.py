"""Several hashes in one call of `headroom_retrieve`."""

from __future__ import annotations

import pytest

from headroom_langchain.ccr.retrieval.answers import answer, parse_request
from headroom_langchain.ccr.retrieval.measure import measure
from headroom_langchain.ccr.store.base import Original

LOG = Original.of(
    "".join(f"2024-01-01 step {n} took {n * 3} ms\n" for n in range(2000))
)


def test_of_many_hashes_the_first_five_are_answered() -> None:
    """More hashes than five in one call are answered in part, and that is said."""
    found = {
        each.key: each for each in (Original.of(f"text {n}\n" * 9) for n in range(9))
    }
    told = answer(parse_request({"hash": ",".join(found)}), found)
    assert told.returned == tuple(found)[:5]
    assert "The last 4 hashes of the call must be asked for in another one" in told.text


@pytest.mark.parametrize("max_tokens", [60, 100, 150, 300, 1000])
@pytest.mark.parametrize("missing", [0, 1, 3, 5])
def test_any_number_of_hashes_shares_the_budget(missing: int, max_tokens: int) -> None:
    """Five hashes, known or not, are answered within a budget, or fewer of them."""
    found = {
        each.key: each
        for each in (Original.of(f"{n} {LOG.content}") for n in range(5 - missing))
    }
    keys = [*(f"{n:024x}" for n in range(missing)), *found]
    request = parse_request({"hash": ",".join(keys), "query": "step 77"})
    told = answer(request, found, known=list(found), max_tokens=max_tokens)
    assert told.returned or told.missing
    assert measure(told.text) <= max(max_tokens, 200)


def test_what_one_original_leaves_the_others_may_use() -> None:
    """A short answer from one hash makes room for a longer one from the next."""
    short = Original.of("one line")
    request = parse_request({"hash": f"{short.key},{LOG.key}", "lines": "1-900"})
    told = answer(request, {short.key: short, LOG.key: LOG}, max_tokens=1000)
    assert measure(told.text) > 800
