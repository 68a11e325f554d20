"""Regular expressions of models: which lines they find, and which are refused."""

from __future__ import annotations

import re
import warnings

import pytest

from headroom_langchain.structure.patterns import SafePattern, compile_pattern

LINES = (
    "12:00 ValueError: bad 1235 ms",
    "ab",
    "a_b",
    "",
    "   ",
    "abcabc",
    "foo(bar) baz",
    "[ERROR] x=1",
    "error timeout",
    "step 12 took 36 ms",
)


@pytest.mark.parametrize(
    "source",
    [
        "a.+b",
        ".+",
        "^.+$",
        ".*",
        "^$",
        r"\w+.*Error",
        r"\d+.*5",
        r"(\w+).*(\d+)",
        "[a-z]+.*c",
        r"\w{2,}.*\d{4}",
        r"\w+?.*b$",
        r"^\d+:\d+.*\d+ ms$",
        "a|b.*c",
        r"[.*].*\d",
        r"\[ERROR\].*1",
        "(?!.*error)a",
    ],
)
def test_a_pattern_finds_what_python_finds(source: str) -> None:
    """Taking a pattern apart at its `.*` changes nothing of what it matches."""
    pattern = compile_pattern(source)
    assert isinstance(pattern, SafePattern)
    expected = [
        at for at, line in enumerate(LINES) if re.search(source, line, re.IGNORECASE)
    ]
    assert list(pattern.search(LINES).lines) == expected


@pytest.mark.parametrize(
    "source",
    [
        "a?" * 200 + "b",
        "(" + "a{1,4}" * 12 + "b)",
        "(aa?|a)" * 24 + "c",
        "(?=" + "(a|aa)" * 20 + "b)",
    ],
)
def test_many_choices_are_refused(source: str) -> None:
    """Choices one after the other multiply, so many of them would never end."""
    refusal = compile_pattern(source)
    assert isinstance(refusal, str)
    assert "too many choices" in refusal


@pytest.mark.parametrize(
    "source",
    [
        r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}",
        r"\d+ (error|warning|fatal|panic) .*https?://(www\.)?\S+",
        "|".join(f"word{n}s?" for n in range(9)),
        "(timeout|refused|reset|denied|failed|lost)",
    ],
)
def test_a_few_choices_are_not(source: str) -> None:
    """Addresses, levels and lists of words are what models look for."""
    assert isinstance(compile_pattern(source), SafePattern)


@pytest.mark.parametrize("source", ["[[:alpha:]]+", "[^[]", "[a--b]", "[a&&b]"])
def test_sets_in_sets_are_refused_without_a_warning(source: str) -> None:
    """What a later Python reads in another way is neither run nor warned of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refusal = compile_pattern(source)
    assert isinstance(refusal, str)
    assert "sets inside a set" in refusal
