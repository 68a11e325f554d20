"""The answers of `headroom_retrieve`."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headroom_langchain.ccr.retrieval.answers import (
    Refusal,
    RetrievalAnswer,
    RetrievalRequest,
    answer,
    parse_request,
)
from headroom_langchain.ccr.retrieval.json_query import JsonPath
from headroom_langchain.ccr.retrieval.measure import measure
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.tokens import estimate_tokens

LOG = Original.of(
    "".join(f"2024-01-01 step {n} took {n * 3} ms\n" for n in range(2000))
)
RECORDS = Original.of(json.dumps([{"id": n, "name": f"item {n}"} for n in range(900)]))
any_text = st.text(st.characters(exclude_categories=()), max_size=300)
originals = st.one_of(
    any_text,
    st.tuples(any_text, st.integers(1, 400)).map(lambda run: run[0] * run[1]),
    st.sampled_from([LOG.content, RECORDS.content, RECORDS.content[:5000]]),
).map(Original.of)
queries = st.one_of(
    st.none(),
    any_text,
    st.sampled_from(
        ["item 17", "/item 1\\d/", "$[3].name", "$..id", "step 1999", "zebra"]
    ),
)


def ask(original: Original, *, max_tokens: int = 1000, **arguments: object) -> str:
    """Return the answer to one request about one original."""
    request = parse_request({"hash": original.key, **arguments})
    known = {original.key: original}
    return answer(request, known, known=list(known), max_tokens=max_tokens).text


@example(original=Original.of("0" * 3000), query="\U0001d400" * 60, max_tokens=100)
@example(original=Original.of("\U0001d4fa" * 40), query=None, max_tokens=100)
@settings(deadline=None, max_examples=150)
@given(original=originals, query=queries, max_tokens=st.integers(100, 2000))
def test_every_answer_fits_its_budget(
    original: Original, query: str | None, max_tokens: int
) -> None:
    """An answer is never empty and within 15 % of the original, or 150 tokens."""
    text = ask(original, query=query, max_tokens=max_tokens)
    size = max(measure(original.content), estimate_tokens(original.content))
    request = parse_request({"hash": original.key, "query": query})
    assert text
    if isinstance(request, Refusal):
        return
    assert measure(text) <= min(max_tokens, max(150, 0.15 * size))


@settings(deadline=None)
@given(original=originals, first=st.integers(1, 3000), length=st.integers(0, 500))
def test_every_page_fits_its_budget(
    original: Original, first: int, length: int
) -> None:
    """Lines that are asked for by number fit the budget too."""
    text = ask(original, lines=f"{first}-{first + length}", max_tokens=500)
    assert text
    assert measure(text) <= 500


def test_pages_put_together_are_the_original() -> None:
    """Following the `lines` of each answer returns every line once, in order."""
    shown: list[str] = []
    lines = "1-"
    while lines:
        text = ask(LOG, lines=lines)
        head, *rows = text.split("\n")
        shown += [row.split(": ", 1)[1] for row in rows]
        following = re.search(r'go on with lines="([^"]+)"', head)
        lines = following[1] if following else ""
    assert "".join(f"{line}\n" for line in shown) == LOG.content


@pytest.mark.parametrize("query", ["/step \\d*7 /", "took"])
def test_following_the_passages_shows_every_match(query: str) -> None:
    """Where all match alike, the `lines` of each answer lead through all of them."""
    shown: list[int] = []
    lines: str | None = None
    for _ in range(200):
        head, *rows = ask(LOG, query=query, lines=lines).split("\n")
        shown += [int(row.split(":", 1)[0]) for row in rows]
        following = re.search(r'more with lines="([^"]+)"', head)
        if following is None:
            break
        lines = following[1]
    every = range(8, 2001, 10) if query.startswith("/") else range(1, 2001)
    assert sorted(shown) == list(every)


def test_a_line_beside_a_match_is_no_match() -> None:
    """What is counted as matching has a word of the query itself."""
    head = ask(LOG, query="1234").split("\n")[0]
    assert re.search(r" 1 of 1 matching lines, of 2,000", head)


def test_a_small_original_is_returned_whole() -> None:
    """What fits the budget is returned to the last byte."""
    original = Original.of("one\r\ntwo\0\ud800\n" * 10)
    assert original.content in ask(original)


def test_an_answer_says_what_it_is() -> None:
    """The first line has the hash, how much matches and how long the original is."""
    head = ask(LOG, query="step 1234").split("\n")[0]
    assert LOG.key in head
    assert re.search(r"\d+ of [\d,]+ matching lines, of 2,000", head)


def test_lines_stand_behind_their_numbers() -> None:
    """Every line of an answer can be asked for by the number before it."""
    text = ask(LOG, query="step 1234")
    assert "1235: 2024-01-01 step 1234 took 3702 ms" in text
    assert "step 1234 took" in ask(LOG, lines="1235")


def test_passages_of_json_have_their_path_and_identity() -> None:
    """A line of a record is shown with the path and the name of the record."""
    records = [{"id": f"host-{n}", "x": [n] * 5, "load": n * 7} for n in range(200)]
    text = ask(Original.of(json.dumps(records, indent=1)), query="host-117 load")
    assert '@ $[117] (id: "host-117")' in text or '"id": "host-117"' in text
    assert "$[117]" in text
    assert '"load": 819' in text


def test_without_a_match_there_is_an_outline() -> None:
    """A search that finds nothing says so and shows what there is."""
    text = ask(RECORDS, query="zebra")
    assert "Nothing in" in text
    assert "'zebra'" in text
    assert re.search(r"^1-\d+: \$", text, re.MULTILINE)


def test_without_query_and_lines_there_is_the_first_page() -> None:
    """The first page says how to go on."""
    text = ask(LOG)
    assert "1: 2024-01-01 step 0" in text
    assert re.search(r'go on with lines="\d+-2000"', text)


def test_query_and_lines_together() -> None:
    """With both, only the named lines are searched."""
    text = ask(LOG, query="step", lines="500-510")
    numbers = [int(row.split(":")[0]) for row in text.split("\n")[1:]]
    assert set(numbers) & set(range(500, 511))
    assert all(490 <= number <= 520 for number in numbers)


def test_several_hashes_share_the_budget() -> None:
    """Two originals are both answered, together within the budget."""
    request = parse_request({"hash": f"{LOG.key}, {RECORDS.key}", "query": "17"})
    found = {LOG.key: LOG, RECORDS.key: RECORDS}
    told = answer(request, found, max_tokens=1000)
    assert told.returned == (LOG.key, RECORDS.key)
    assert measure(told.text) <= 1000


def missing(key: str, known: tuple[str, ...] = ()) -> RetrievalAnswer:
    """Return the answer for a hash that is not there."""
    return answer(parse_request({"hash": key}), {}, known=known)


def test_an_unknown_hash_names_known_ones() -> None:
    """An unknown hash is answered with up to five that are known."""
    known = tuple(f"{number:024x}" for number in range(8))
    told = missing("f" * 24, known)
    assert told.missing == ("f" * 24,)
    assert all(key in told.text for key in known[:5])
    assert known[5] not in told.text
    assert "3 more" in told.text


def test_a_hash_cut_short_is_not_guessed() -> None:
    """The beginning of a hash is answered with the full hash, not with content."""
    told = answer(parse_request({"hash": LOG.key[:10]}), {}, known=[LOG.key])
    assert LOG.key in told.text
    assert "cut short" in told.text
    assert not told.returned


def test_a_hash_that_is_gone_says_what_to_do() -> None:
    """When nothing is known, the answer says how to get the output again."""
    assert "run the tool that produced it again" in missing("f" * 24).text


def test_hashes_that_are_there_are_answered_beside_missing_ones() -> None:
    """One missing hash does not hide the others."""
    request = parse_request({"hash": f"{'f' * 24},{LOG.key}", "lines": "1"})
    told = answer(request, {LOG.key: LOG})
    assert told.returned == (LOG.key,)
    assert told.missing == ("f" * 24,)
    assert "step 0" in told.text
    assert "Not found" in told.text


def test_lines_out_of_range_say_how_many_there_are() -> None:
    """A page behind the end names the number of lines."""
    assert "2,000 lines" in ask(LOG, lines="5000-6000")


@pytest.mark.parametrize("max_tokens", [60, 100, 150])
@pytest.mark.parametrize(
    "original",
    [LOG, Original.of("\0" * 5000), Original.of("\n".join(["word " * 90] * 9))],
    ids=["log", "binary", "long lines"],
)
def test_following_the_pages_comes_to_an_end(
    original: Original, max_tokens: int
) -> None:
    """However small the budget, each page shows something and goes on behind it."""
    at = 1
    for _ in range(20):
        request = parse_request({"hash": original.key, "lines": f"{at}-"})
        told = answer(request, {original.key: original}, max_tokens=max_tokens).text
        assert f"\n{at}" in told
        following = re.search(r'(?:go on|more) with lines="(\d+)-', told)
        if following is None:
            return
        assert int(following[1]) > at
        at = int(following[1])


@pytest.mark.parametrize("max_tokens", [60, 100, 1000])
def test_values_that_do_not_fit_say_where_they_go_on(max_tokens: int) -> None:
    """Some value is shown, and the line of the first one that is not is named."""
    records = Original.of(json.dumps([{"name": f"part {n}"} for n in range(3000)]))
    request = parse_request({"hash": records.key, "query": "$..name"})
    head, *rows = answer(
        request, {records.key: records}, max_tokens=max_tokens
    ).text.split("\n")
    more = re.search(r'; more with lines="(\d+)-"', head)
    assert head.startswith(f"{len(rows)} of 3,000 values")
    assert '"part 0"' in rows[0]
    assert more is not None
    following = parse_request({"hash": records.key, "lines": more[1]})
    told = answer(following, {records.key: records}).text
    assert f'"part {len(rows)}"' in told


def test_a_regular_expression_finds_its_lines() -> None:
    """A regular expression ignores case and finds exactly the lines it matches."""
    text = ask(LOG, query="/STEP 1(2|3)34 .*ms$/")
    assert "2 of 2 matching" in text
    assert "step 1234 took" in text
    assert "step 1334 took" in text


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|a)*b",
        "(a|ab)(c|bcd)*d+$",
        "((a*)*)*",
        "(?:a+b?)+c",
        "(.*a){20}",
        r"(a)\1+",
        "a*a*a*a*b",
        "a{5000}",
        "a" * 600,
    ],
)
def test_patterns_that_can_run_away_are_refused(pattern: str) -> None:
    """A pattern that could keep the engine busy is not run."""
    request = parse_request({"hash": "a" * 24, "query": f"/{pattern}/"})
    assert isinstance(request, Refusal)
    assert "cannot be used" in request.reason


@pytest.mark.parametrize(
    "pattern", ["a*a*b", "a+a+a+$", ".*a.*a.*a.*b", "[a-z]*[a-z]*1"]
)
def test_slow_patterns_come_to_an_end(pattern: str) -> None:
    """A pattern that is slow on a text is stopped, or done in short stretches."""
    assert ask(Original.of("a" * 200_000), query=f"/{pattern}/")


def test_a_search_that_is_stopped_says_so() -> None:
    """When the time is over, the answer says how much was searched."""
    request = parse_request({"hash": LOG.key, "query": "/took/"})
    assert isinstance(request, RetrievalRequest)
    ticks = iter(range(10_000))
    pattern = request.query
    assert pattern is not None
    assert not isinstance(pattern, (str, JsonPath))
    slow = replace(pattern, clock=lambda: float(next(ticks)), seconds=10.0)
    told = answer(RetrievalRequest(keys=(LOG.key,), query=slow), {LOG.key: LOG})
    assert "too slow: only the first 10 were searched" in told.text


def test_a_json_path_returns_values_as_they_stand() -> None:
    """A number keeps how it was written."""
    text = '{"pad": "' + "x " * 4000 + '", "big": 1e3, "exact": 1.50}'
    assert "$.big (line" in ask(Original.of(text), query="$.big")
    assert "): 1e3" in ask(Original.of(text), query="$.big")
    assert "): 1.50" in ask(Original.of(text), query="$.exact")


def test_a_json_path_that_leads_nowhere_says_how_far_it_goes() -> None:
    """The answer names the last place that exists and what is there."""
    text = ask(RECORDS, query="$[17].price")
    assert "leads nowhere" in text
    assert "`$[17]` has: id, name" in text


def test_a_json_path_into_something_else_says_so() -> None:
    """A log is not JSON, and the answer says that."""
    assert "is not JSON" in ask(LOG, query="$.a")
