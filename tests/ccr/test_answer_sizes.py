"""How many tokens answers take for a real tokenizer, and what they consist of."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.ccr.retrieval.answers import answer, parse_request
from headroom_langchain.ccr.retrieval.measure import measure
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.exact_tokens import exact_counter
from headroom_langchain.structure.passages import read_document

count = exact_counter() or measure
"""Counts tokens as the tokenizer does, where its ranks are on this machine."""


def digest(n: int) -> str:
    """Return 64 hexadecimal digits."""
    return hashlib.sha256(str(n).encode()).hexdigest()


def table(rows: int) -> str:
    """Return a table set with many spaces, as `systemctl` prints one."""
    lines = (
        f"  unit-{n:<60} loaded {'active' if n % 3 else 'failed':<12} {'':>50}\n"
        for n in range(rows)
    )
    return f"  {'UNIT':<65} LOAD   {'ACTIVE':<12}\n" + "".join(lines)


def boxes(rows: int) -> str:
    """Return a table with rules between its cells."""
    rule = f"├{'─' * 12}┼{'─' * 20}┤\n"
    return rule.join(f"│ {n:<10} │ {digest(n)[:18]} │\n" for n in range(rows))


def changes(hunks: int) -> str:
    """Return a diff of one file."""
    return "--- a/src/app.py\n+++ b/src/app.py\n" + "".join(
        f"@@ -{n},2 +{n},2 @@ class Part{n}\n-    old = {n}\n+    limit = {n + 1}\n"
        for n in range(1, 9 * hunks, 9)
    )


def records(number: int, *, indent: int | None) -> str:
    """Return JSON records with identifiers that fall into many tokens."""
    values = [
        {"id": digest(n), "name": f"part {n}", "tags": ["limit", "added"], "size": n}
        for n in range(number)
    ]
    return json.dumps(values, indent=indent)


def encoded(lines: int) -> str:
    """Return base64 in lines."""
    return "".join(
        f"part {n} {base64.b64encode(digest(n).encode()).decode()}\n"
        for n in range(lines)
    )


CHINESE = "".join(
    f"## 配置 {n}\n\n默认值为 {n} 必须在启动前设置。\n" for n in range(300)
)
JAPANESE = "".join(
    f"- オプション{n}: 既定値は {n} です。変更できません。\n" for n in range(400)
)
LIBRARIES = "".join(
    f"[Build]   CCLD     libmca_bfrops_pmix{n}.la /opt/conan/xyz/{digest(n)[:9]}\n"
    for n in range(400)
)
TEXTS = {
    "table": table(300),
    "small table": table(20),
    "boxes": boxes(200),
    "diff": changes(300),
    "JSON": records(200, indent=2),
    "small JSON": records(12, indent=2),
    "minified JSON": records(200, indent=None),
    "base64": encoded(200),
    "Chinese": CHINESE,
    "Japanese": JAPANESE,
    "libraries": LIBRARIES,
    "a small log": "".join(f"{n} part {n * 7} added in {n} ms\n" for n in range(60)),
}
QUERIES = [
    "limit added",
    "part 17",
    "failed",
    "默认值",
    "既定値",
    "CCLD",
    "zebra",
    "size",
]


def ask(text: str, **arguments: object) -> str:
    """Return the answer to a request about a text."""
    original = Original.of(text)
    request = parse_request({"hash": original.key, **arguments})
    return answer(request, {original.key: original}).text


def most(text: str) -> float:
    """Return how many tokens an answer about a text may take."""
    return min(1000, max(150, 0.15 * count(text)))


@pytest.mark.parametrize("query", [None, *QUERIES])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_answer_exceeds_the_limit(text: str, query: str | None) -> None:
    """Without lines an answer takes 15 % of it or 150 tokens, and 1,000 at most."""
    told = ask(text, query=query)
    assert told
    assert count(told) <= most(text)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_page_exceeds_the_limit(text: str) -> None:
    """Lines that are asked for by number take 1,000 tokens at most."""
    assert count(ask(text, lines="1-")) <= 1000


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_line_shown_is_a_line_of_the_original(text: str, query: str) -> None:
    """What stands behind a number is that line of the text, or a part of it."""
    document = read_document(text)
    told = ask(text, query=query)
    if not told.startswith("Passages"):
        return
    rows = [row for row in told.split("\n")[1:] if not row.startswith("@ ")]
    assert rows
    for row in rows:
        found = re.match(r"(\d+)([:+]) ", row)
        assert found
        shown = row[found.end() :].removeprefix("…").removesuffix("…")
        assert shown in document.line(int(found[1]) - 1)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_same_question_has_the_same_answer(text: str, query: str) -> None:
    """An answer depends on nothing but the text and the query."""
    assert ask(text, query=query) == ask(text, query=query)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 400_000,
        " " * 400_000,
        "=" * 400_000,
        "\n" * 400_000,
        " \t" * 200_000,
        "x y " * 100_000,
        "@ $[" * 100_000,
        "日" * 200_000,
        "[" * 100_000,
        "same line\n" * 40_000,
        "src/a.py:1: x\n" * 30_000,
    ],
    ids=lambda text: repr(text[:14]),
)
@pytest.mark.parametrize("query", ["a.py limit x", "same lines", "= [", "日本"])
def test_hostile_texts_are_answered_too(text: str, query: str) -> None:
    """Texts of one character or line are searched in time linear in their length."""
    told = ask(text, query=query)
    assert told
    assert count(told) <= 1000


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_parts_take_no_more_than_the_whole(text: str) -> None:
    """A text measures more than nothing, and with a line more, more than without."""
    assert measure(text + "\nmore") > measure(text) >= 0


@pytest.mark.skipif(exact_counter() is None, reason="the ranks are not on this machine")
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_measured_is_near_to_what_it_is(text: str) -> None:
    """A text measures a twentieth less than it has at worst, or half as much more."""
    assert 0.95 * count(text) <= measure(text) <= 1.5 * count(text)


@pytest.mark.parametrize("letter", ["key ", "键", "größe "])
@pytest.mark.parametrize("limit", [100, 150])
def test_what_there_is_instead_fits_too(letter: str, limit: int) -> None:
    """A path to nowhere is answered within the budget, however long the names are."""
    names = {f"{letter * 20}{n}": n for n in range(40)}
    original = Original.of(json.dumps([names] * 9, ensure_ascii=False))
    for query in (f"$[0].{letter * 70}", letter * 900):
        request = parse_request({"hash": original.key, "query": query})
        told = answer(request, {original.key: original}, max_tokens=limit).text
        assert count(told) <= limit
