"""Finding the lines that a query is about."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.ccr.retrieval.search import Index, rank
from headroom_langchain.ccr.retrieval.terms import Tokenizer, query_terms
from headroom_langchain.structure.passages import read_document

any_text = st.text(st.characters(exclude_categories=()))

CODE = '''\
class Reader:
    """Reads things."""

    def close(self) -> None:
        self.done = True


class Writer:
    """Writes things."""

    def close(self) -> None:
        self.file.flush()
'''

DIFF = """\
diff --git a/src/one.py b/src/one.py
--- a/src/one.py
+++ b/src/one.py
@@ -1,3 +1,3 @@
 import os
-limit = 5
+limit = 7
 end = 1
diff --git a/src/two.py b/src/two.py
--- a/src/two.py
+++ b/src/two.py
@@ -1,3 +1,3 @@
 import os
-limit = 5
+limit = 8
 end = 1
"""

MARKDOWN = """\
# Guide

## Install

Run the setup script.

Needs version 3.

## Remove

Run the setup script.

Needs version 4.
"""


def best(text: str, query: str) -> str:
    """Return the line that matches best."""
    document = read_document(text)
    return document.line(rank(Index(document), query).hits[0].line).strip()


def test_the_line_with_the_words_is_found() -> None:
    """The line with the words of the query comes first."""
    log = "\n".join(f"step {number} finished" for number in range(500))
    log += "\nconnection to payments refused\n" + log
    assert best(log, "payments refused") == "connection to payments refused"


def test_equal_matches_stand_in_the_order_of_the_text() -> None:
    """Of equal lines the earlier one comes first."""
    document = read_document("same\n" * 20)
    hits = rank(Index(document), "same").hits
    middle = [hit.line for hit in hits if 2 <= hit.line <= 17]
    assert middle == sorted(middle)


def test_a_value_is_found_by_its_record() -> None:
    """In JSON, the name of a record finds its values before those of others."""
    records = [{"name": f"host{n}", "disks": {"free": n * 7}} for n in range(60)]
    document = read_document(json.dumps(records, indent=1))
    found = [
        document.line(hit.line) for hit in rank(Index(document), "host41 free").hits
    ]
    assert next(line.strip() for line in found if "free" in line) == '"free": 287'


def test_a_value_is_found_by_its_path() -> None:
    """In JSON, the end of a path finds the value."""
    value = {
        "rows": [{"cells": [{"v": n * 10 + m} for m in range(3)]} for n in range(9)]
    }
    text = json.dumps(value, indent=1)
    assert best(text, "rows[4].cells[2].v") == '"v": 42'
    assert best(text, "Is it (`rows[4].cells[2].v`)?") == '"v": 42'


def test_a_long_path_counts_more_than_words() -> None:
    """The more steps of a path a query has, the more the value at its end counts."""
    value = {
        "a": {"b": {"c": {"d": {"e": 7}}}},
        "note": "level fine mark term gold iron",
    }
    query = "a.b.c.d.e level, fine, mark, term, gold, iron"
    assert best(json.dumps(value, indent=1), query) == '"e": 7'


def test_a_path_is_found_at_the_end_of_a_sentence() -> None:
    """In JSON, marks around a path are not part of it, and keys may have spaces."""
    records = [{"Beak Length (mm)": n / 10, "value": "what is"} for n in range(60)]
    text = json.dumps(records, indent=1)
    query = "What is the value at root[17].Beak Length (mm)?"
    assert best(text, query) == '"Beak Length (mm)": 1.7,'


def test_what_is_quoted_is_meant_as_it_is() -> None:
    """Text in quotes counts more than the words of the question around it."""
    text = "a line that starts here\n" * 9 + "limit: 4 to be set\n" + "limit 7\n" * 9
    assert best(text, 'How does the line go on that starts with "limit:"?') == (
        "limit: 4 to be set"
    )


@pytest.mark.parametrize("query", ["[", "=>", '"*'])
def test_marks_alone_are_found_too(query: str) -> None:
    """A query without any word finds the lines that have its marks."""
    text = 'one\ntwo [x] => "*"\nthree\n'
    assert best(text, query) == 'two [x] => "*"'


def test_words_for_texts_count_little() -> None:
    """What a question calls the text or the answer is not what it is about."""
    text = "document, value\n" + "x 1\n" * 20 + "budget 9\n"
    assert best(text, "Which value of budget does the document give?") == "budget 9"


def test_rows_of_a_table_have_nothing_to_do_with_each_other() -> None:
    """In a table, a row is no better for what stands in the rows next to it."""
    rows = ["near,1,a", "zone,2,b", "near,3,c", *(f"x,{n},d" for n in range(9))]
    text = "\n".join(["name,size,kind", *rows, "zone,5,e", "last,6,f"])
    document = read_document(text)
    found = {hit.line: hit.score for hit in rank(Index(document), "near zone").hits}
    assert found[2] == found[13]


def test_a_superlative_belongs_to_the_word_behind_it() -> None:
    """Of two columns in a query, the one nearer to the superlative is ordered."""
    text = "month,rate,day\n" + "1,5,3\n9,2,8\n4,7,1\n2,3,2\n5,4,6\n"
    assert best(text, "highest rate of any month") == "4,7,1"


def test_a_method_is_found_by_its_class() -> None:
    """In code, a qualified name finds the method of that class."""
    document = read_document(CODE)
    assert rank(Index(document), "Writer.close").hits[0].line == 10


def test_a_change_is_found_by_its_file() -> None:
    """In a diff, the name of a file and `added` find the added line of that file."""
    assert best(DIFF, "two.py limit added") == "+limit = 8"


def test_a_paragraph_is_found_by_its_heading() -> None:
    """In Markdown, words of the heading find what stands under it."""
    assert best(MARKDOWN, "remove version") == "Needs version 4."


LAID_OUT = {
    "manual page": """\
OPTIONS
       --fast
              Leaves the checks out.

              Since release 4.

       --slow
              Repeats the checks.

              Since release 5.
""",
    "fields": """\
Package: fast
Architecture: all
Release: since 4

Package: slow
Architecture: all
Release: since 5
""",
    "fields between rules": """\
Name: fast
Author: Ada
Release: since 4
---
Name: slow
Author: Ada
Release: since 5
""",
    "records": """\
-[ RECORD 1 ]---
name    | fast
release | since 4
-[ RECORD 2 ]---
name    | slow
release | since 5
""",
    "files": """\
==> fast.conf <==
# first
# second
release 4
==> slow.conf <==
# first
# second
release 5
""",
    "commits": """\
commit fast
Author: Ada

    Release 4.

commit slow
Author: Ada

    Release 5.
""",
}


@pytest.mark.parametrize("text", LAID_OUT.values(), ids=LAID_OUT)
def test_layout_alone_tells_what_a_line_is_part_of(text: str) -> None:
    """Indentation, blank lines and rules set records apart, as headings do."""
    lines = text.splitlines()
    found = [
        lines[hit.line] for hit in rank(Index(read_document(text)), "slow release").hits
    ]
    releases = [line for line in found if "elease" in line]
    assert "5" in releases[0]


def test_a_centred_title_names_the_table_below_it() -> None:
    """A title further in than what follows is still what the paragraph is about."""
    text = "      Table one\na: 1\nb: 2\nc: 3\n\n      Table two\na: 4\nb: 5\nc: 6\n"
    document = read_document(text)
    assert document.label(document.owners[-1]) == "Table two"


def test_a_definition_is_found_among_uses() -> None:
    """Asking for a definition finds the line that defines."""
    text = (
        "send(1)\nsend(2)\n" * 20
        + "def send(value):\n    return value\n"
        + "send(3)\n" * 20
    )
    text += "def other():\n    pass\n"
    assert best(text, "definition of send") == "def send(value):"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("highest load", "c,99,2020-01-02"),
        ("lowest load", "b,3,2021-05-05"),
        ("latest day", "b,3,2021-05-05"),
    ],
)
def test_superlatives_find_the_extreme_of_a_column(query: str, expected: str) -> None:
    """`highest`, `lowest` and `latest` look at the values of the column they name."""
    rows = "".join(f"r{n},{n},2019-01-0{n}\n" for n in range(5, 9))
    text = "host,load,day\na,10,2020-01-01\nb,3,2021-05-05\nc,99,2020-01-02\n" + rows
    assert best(text, query) == expected


def test_a_phrase_counts_more_than_its_words() -> None:
    """Words that stand together as in the query beat the same words apart."""
    text = "disk is full of errors\nfull disk now\nerrors of the disk\nnothing\n" * 1
    assert best(text + "\n" * 9, "full disk") == "full disk now"


def test_nothing_is_found_without_a_match() -> None:
    """A word that occurs nowhere has no hits."""
    assert not rank(Index(read_document("one\ntwo\n")), "three").hits


@pytest.mark.parametrize("text", ["", "\n\n", " ", "-----", "\0", "\ud800"])
def test_texts_without_words_have_no_hits(text: str) -> None:
    """A text without any word is searched without error."""
    assert not rank(Index(read_document(text)), "word").hits


@settings(deadline=None)
@given(text=any_text, query=any_text)
def test_any_query_on_any_text(text: str, query: str) -> None:
    """No text and no query raises, and every hit is a line of the text."""
    document = read_document(text)
    ranking = rank(Index(document), query)
    assert all(0 <= hit.line < len(document.lines) for hit in ranking.hits)
    assert len(ranking.masks) == len(document.lines)


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("getUserName", "user"),
        ("max_retry_count", "retry"),
        ("src/app/main.py:12", "main"),
        ("HTTPServer", "server"),
        ("v1.20.3", "20"),
        ("errors", "error"),
        ("東京都", "京都"),
    ],
)
def test_words_are_found_by_their_parts(word: str, part: str) -> None:
    """Compounds, plurals and CJK text have terms for their parts."""
    assert part in Tokenizer().terms(word)


def test_fillers_count_only_alone() -> None:
    """`the` is no term beside other words, and one where there are none."""
    assert "the" not in query_terms("where is the invoice")
    assert "the" in query_terms("the")


def test_a_hunk_is_named_by_its_place_in_the_new_file() -> None:
    """What says where a change is has its line and function, not both ranges."""
    document = read_document(DIFF.replace("@@\n", "@@ def setup():\n", 1))
    assert document.label(document.owners[6]) == "src/one.py > +1 def setup():"


@pytest.mark.parametrize("form", ["web-{}", "ord_{}", "A-{}", "run/{}"])
def test_a_part_that_all_lines_have_finds_none_of_them(form: str) -> None:
    """An id is found by itself, not by what it has in common with all the others."""
    rows = [{"id": form.format(1000 + n), "at": n * 7919 % 10_007} for n in range(600)]
    document = read_document(json.dumps(rows))
    (line,) = rank(Index(document), form.format(1303)).matching
    assert form.format(1303) in document.line(line)
