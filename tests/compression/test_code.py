"""The laws of the compressor for source code."""

from __future__ import annotations

import re
import sys
from itertools import pairwise

import pytest
from code_samples import BODY, HEADS, PROGRAMS
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.code.compressor import SourceCode
from headroom_langchain.compression.code.syntax import symbols_by_syntax
from headroom_langchain.compression.excerpt import NOTHING_ASKED, Interest
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.source_languages import language_named
from headroom_langchain.tokens import estimate_tokens

_GAP = re.compile(r"\[\.\.\. ([\d,]+) lines?(?:: [^\]]*)?\]")
_BLANK = re.compile(r"\s*(?:\d+\t)?\s*")
_BODY = 12


def _excerpt(
    text: str, *, name: str = "", interest: Interest = NOTHING_ASKED, budget: int = 0
) -> str:
    arguments = (*interest.arguments, name) if name else interest.arguments
    reading = SourceCode().read(text, Sample.of(text, arguments=arguments))
    assert reading is not None
    tokens = budget or SourceCode().budget(estimate_tokens(text))
    return reading.excerpt(budget=tokens, interest=interest).text


def _filler(at: int, form: str = "    step_{0}_{1} = compute(step_{0}, {1})") -> str:
    return "\n".join(form.format(at, line) for line in range(_BODY))


def _python(functions: int = 12) -> str:
    parts = ['"""Settle accounts."""', "import os", "LIMIT_OF_RETRIES = 7", ""]
    for at in range(functions):
        parts += [
            "@cached(ttl=30)",
            f"def settle_{at}(",
            "    account: str,",
            f"    amount: int = {at + 100},",
            ") -> None:",
            f'    """Settle account number {at}. More words follow here."""',
            _filler(at),
            f"    raise LedgerError('out of balance {at}')",
            "",
        ]
    return "\n".join(parts)


def _other(name: str) -> tuple[str, str]:
    code, head = PROGRAMS[name], HEADS[name]
    form = "            step_{0}_{1} = compute(step_{0}, {1});"
    while BODY in code:
        code = code.replace(BODY, _filler(code.count(BODY), form), 1)
    return code, head


def _numbered(text: str, first: int = 1) -> str:
    lines = text.split("\n")
    return "\n".join(f"{at:6}\t{line}" for at, line in enumerate(lines, first))


def _assert_honest(text: str, excerpt: str) -> None:
    """Every unmarked line is the next of the original, every gap counts its lines."""
    lines = text.split("\n")
    at = 0
    for shown in excerpt.split("\n") if excerpt else []:
        gap = _GAP.fullmatch(shown)
        if gap and (at >= len(lines) or shown != lines[at]):
            at += int(gap[1].replace(",", ""))
            continue
        while at < len(lines) and _BLANK.fullmatch(lines[at]) and lines[at] != shown:
            at += 1
        assert at < len(lines)
        if shown.endswith("…"):
            assert lines[at].startswith(shown[:-1])
        else:
            assert lines[at].rstrip("\r") == shown.rstrip("\r")
        at += 1


def test_heads_of_functions_are_shown_whole() -> None:
    """A head over several lines is shown with every argument and its decorator."""
    excerpt = _excerpt(_python(), name="ledger.py")
    assert (
        "@cached(ttl=30)\ndef settle_11(\n    account: str,\n    amount: int = 111,"
        in (excerpt)
    )


def test_bodies_are_counted() -> None:
    """Lines of a body are left out, and their number is said."""
    excerpt = _excerpt(_python(), name="ledger.py")
    assert "step_3_5 =" not in excerpt
    assert _GAP.search(excerpt)


def test_constants_errors_and_first_sentences_are_shown() -> None:
    """Values of constants, what is raised, and what documents are in sight."""
    excerpt = _excerpt(_python(), name="ledger.py", budget=1500)
    assert "LIMIT_OF_RETRIES = 7" in excerpt
    assert "raise LedgerError('out of balance 4')" in excerpt
    assert "Settle account number 4." in excerpt


@pytest.mark.parametrize("name", PROGRAMS)
def test_any_language_is_outlined(name: str) -> None:
    """Heads and errors are shown and bodies are not, in every language."""
    code, head = _other(name)
    excerpt = _excerpt(code, name=name.lower())
    assert head in excerpt.split("\n")
    assert "out of balance" in excerpt
    assert "step_1_6" not in excerpt
    _assert_honest(code, excerpt)


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "a.rb"])
@pytest.mark.parametrize("extra", [True, False])
def test_code_without_indentation_is_outlined(
    name: str, monkeypatch: pytest.MonkeyPatch, *, extra: bool
) -> None:
    """Braces tell where a body ends, whether or not the parser is installed."""
    if extra:
        pytest.importorskip("ast_grep_py")
    else:
        monkeypatch.setitem(sys.modules, "ast_grep_py", None)
    code, head = _other(name)
    flat = "\n".join(line.strip() for line in code.split("\n"))
    excerpt = _excerpt(flat, name=name.lower())
    assert head.strip() in excerpt.split("\n")
    assert "step_1_6" not in excerpt
    _assert_honest(flat, excerpt)


@pytest.mark.parametrize("name", ["a.js", "a.ts", "a.go", "a.rs", "A.java", "A.cs"])
def test_parser_finds_functions_and_where_they_end(name: str) -> None:
    """With the extra, functions end where the grammar of the language says."""
    pytest.importorskip("ast_grep_py")
    code, head = _other(name)
    lines = [line.strip() for line in code.split("\n")]
    language = language_named([name.lower()])
    assert language is not None
    symbols = symbols_by_syntax("\n".join(lines), language.name)
    assert symbols is not None
    at = lines.index(head.strip())
    found = [one for one in symbols if one.first <= at <= one.head and not one.holds]
    assert lines[found[0].last] == "}"
    assert found[0].last - found[0].head > _BODY


def test_parser_is_not_asked_for_large_texts() -> None:
    """Beyond its limits of size and width the parser is left out."""
    assert symbols_by_syntax("int f() {\n}\n" * 8000, "c") is None
    assert symbols_by_syntax("x" * 3000, "c") is None
    assert symbols_by_syntax("def f(): pass", "python") is None


def test_body_of_a_symbol_in_the_arguments_is_shown() -> None:
    """A function that the call names is shown whole."""
    asked = Interest(arguments=("settle_3",))
    excerpt = _excerpt(_python(), name="ledger.py", interest=asked)
    assert _filler(3) in excerpt
    assert _filler(4) not in excerpt


@pytest.mark.parametrize("words", [("42-48",), ("42", "48"), ("42", "48p")])
def test_lines_in_the_arguments_are_shown(words: tuple[str, ...]) -> None:
    """A range of lines that the call names is shown whole."""
    text = _python()
    excerpt = _excerpt(text, name="ledger.py", interest=Interest(arguments=words))
    assert "\n".join(text.split("\n")[41:48]) in excerpt


def test_line_numbers_in_front_change_nothing() -> None:
    """Code with line numbers is outlined as it is without them."""
    text = _python()
    numbered = _numbered(text)
    excerpt = _excerpt(numbered, name="ledger.py")
    _assert_honest(numbered, excerpt)
    assert re.search(r"^ +\d+\tdef settle_11\($", excerpt, re.MULTILINE)
    assert "step_3_5 =" not in excerpt


def test_lines_are_asked_for_by_the_numbers_in_front() -> None:
    """A range means the numbers that the text has, wherever it begins."""
    text = _numbered(_python(), 501)
    interest = Interest(arguments=("540-546",))
    excerpt = _excerpt(text, name="ledger.py", interest=interest)
    assert "\n".join(text.split("\n")[39:46]) in excerpt


def test_code_after_a_word_is_code() -> None:
    """Code in one block after a sentence is outlined like any code."""
    text = f"Here is the file:\n\n```python\n{_python()}\n```"
    assert SourceCode().likeness(Sample.of(text)) > 0
    excerpt = _excerpt(text)
    assert "Here is the file:" in excerpt
    assert "def settle_7(" in excerpt
    assert "step_7_5 =" not in excerpt


def test_what_code_never_has_is_shown() -> None:
    """A line of prose, a failure in capitals and a huge number are in sight."""
    odd = ["the disk went away", "# ERROR: checksum mismatch", "total = 98765432109"]
    text = _python()
    for at, line in enumerate(odd):
        text = text.replace(
            f"    step_{at + 3}_7 =", f"    {line}\n    step_{at + 3}_7 =", 1
        )
    excerpt = _excerpt(text, name="ledger.py")
    assert [line for line in odd if line not in excerpt] == []


def test_files_under_headings_keep_them() -> None:
    """Headings of several files are shown, each file in its own language."""
    go, head = _other("a.go")
    text = f"==> ledger.py <==\n{_python()}\n\n==> a.go <==\n{go}"
    excerpt = _excerpt(text)
    assert "==> ledger.py <==" in excerpt
    assert f"==> a.go <==\n{go.partition(chr(10))[0]}" in excerpt
    assert head in excerpt
    _assert_honest(text, excerpt)


def test_declarations_without_bodies_are_shown() -> None:
    """In a header, declared functions are heads, all of their lines."""
    parts = ["#ifndef LEDGER_H", "#define LEDGER_H"]
    for at in range(9):
        parts += [f"/* Settles. {'Words follow. ' * 12}", " */"]
        parts += [f"extern int settle_{at} (const char *name,", "  int all);", ""]
    excerpt = _excerpt("\n".join([*parts, "#endif"]), name="ledger.h")
    assert "extern int settle_8 (const char *name,\n  int all);" in excerpt


def test_notes_of_danger_in_bodies_are_shown() -> None:
    """A note on what is left to do, deprecated or limited is shown."""
    notes = ["# TODO: rotate keys", "# deprecated since 4", "# must be called once"]
    text = _python()
    for at, note in enumerate(notes):
        line = f"    step_{at + 2}_6 = "
        text = text.replace(line, f"    {note}\n{line}", 1)
    excerpt = _excerpt(text, name="ledger.py")
    assert [note for note in notes if note not in excerpt] == []


def test_wrong_language_hides_no_head() -> None:
    """Code under the name of another language still shows its errors and heads."""
    code, head = _other("A.java")
    excerpt = _excerpt(code, name="ledger.py")
    assert head in excerpt
    assert "out of balance" in excerpt


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01 10:00:00 INFO started worker\n" * 40,
        "src/a.py:12:def settle(account):\nsrc/b.py:40:    settle(account)\n" * 30,
        "diff --git a/a.py b/a.py\n@@ -1,3 +1,3 @@\n-def f():\n+def g():\n" * 20,
        "# Title\n\nSome words about it.\n\n```python\nx = 1\n```\n\n```\ny\n```\n" * 9,
        "  --all    show everything\n  --limit  how many rows there are\n" * 40,
        "name  ready  status\npod-1  1/1  Running\n" * 40,
    ],
)
def test_other_kinds_are_left_to_others(text: str) -> None:
    """Logs, searches, patches, Markdown, help and tables are no source code."""
    assert SourceCode().likeness(Sample.of(text)) == 0.0


@pytest.mark.parametrize("name", PROGRAMS)
def test_code_is_told_by_its_looks(name: str) -> None:
    """Source code is told from its lines alone."""
    code = PROGRAMS[name].replace(BODY, "        total = total + 1;")
    assert SourceCode().likeness(Sample.of(code)) > 0


def test_budget_grows_slower_than_the_text() -> None:
    """Twice the tokens get less than twice the budget."""
    budgets = [SourceCode().budget(1000 << step) for step in range(8)]
    assert all(2 * one > other for one, other in pairwise(budgets))


def test_long_text_keeps_to_its_budget() -> None:
    """An excerpt of a long text stays near the budget."""
    text = _python(400)
    budget = SourceCode().budget(estimate_tokens(text))
    assert estimate_tokens(_excerpt(text, name="ledger.py")) <= 1.15 * budget


@pytest.mark.parametrize(
    "text",
    [
        "x" * 300_000 + "\nint f(int a) {\n}\n",
        "====\n" * 20_000,
        "if (a) {\n" * 20_000,
        "\n" * 100_000 + "def f():\n    pass\n",
        "/* " * 50_000,
        '"""\n' * 30_001,
        "(" * 200_000,
        "@a(\n" * 30_000,
        "int f(\n" * 20_000,
    ],
)
def test_hostile_text_is_read(text: str) -> None:
    """No text, however odd, makes the compressor fail or the excerpt dishonest."""
    sample = Sample.of(text, arguments=("a.c",))
    reading = SourceCode().read(text, sample)
    if reading is not None:
        excerpt = reading.excerpt(budget=2000, interest=NOTHING_ASKED)
        _assert_honest(text, excerpt.text)


_LINES = st.sampled_from(
    [
        "def f(a, b=1):",
        "    return a",
        "class A:",
        "}",
        "func g() {",
        "  if (x) {",
        '"""',
        "/*",
        "*/",
        "// note: must",
        "import os",
        "from a import (",
        ")",
        "==> a.go <==",
        "",
        "\tx := 1",
        "end",
        "@a(",
        "x" * 900,
    ]
)


@given(
    lines=st.lists(_LINES | st.text(max_size=30), max_size=60),
    name=st.sampled_from(["a.py", "a.ts", "a.rb", "a.c", "a.lua"]),
    words=st.lists(st.sampled_from(["f", "g", "2-9", "3", "8", "a"]), max_size=3),
    budget=st.integers(1, 200),
)
@settings(deadline=None, max_examples=150)
def test_every_line_shown_is_one_of_the_text(
    lines: list[str], name: str, words: list[str], budget: int
) -> None:
    """Whatever the text, shown lines are its lines in order, and gaps are counted."""
    text = "\n".join(lines)
    interest = Interest(arguments=tuple(words))
    sample = Sample.of(text, arguments=(name, *words))
    reading = SourceCode().read(text, sample)
    assert reading is not None
    assert reading.lossless() is None
    excerpt = reading.excerpt(budget=budget, interest=interest).text
    _assert_honest(text.rstrip("\r\n"), excerpt)


def _types(count: int = 30) -> str:
    parts = []
    for at in range(count):
        members = [f"  required_{at}_{n}: Map<string, number>;" for n in range(8)]
        members += [f"  choice_{at}_{n}?: number;" for n in range(2)]
        parts += [f"export interface Shape{at} {{", *members, "}", ""]
    return "\n".join(parts)


def test_members_of_types_are_named() -> None:
    """A member that is not shown is named in the mark, most of them at least."""
    shown = _excerpt(_types(), name="shapes.d.ts")
    names = re.findall(r"(\w+)\??: ", _types())
    named = [name for name in names if re.search(rf"\b{name}\b", shown)]
    assert 2 * len(named) > len(names)
    assert any(f"{name}, " in shown for name in names)


def test_loud_failure_is_shown_wherever_it_stands() -> None:
    """A failure in capitals is shown among arguments, imports and documentation."""
    for place in ("import os", "    account: str,", '    """Settle account number 7.'):
        lines = _python().split("\n")
        at = max(n for n, line in enumerate(lines) if line.startswith(place))
        lines.insert(at + 1, "    ERROR: quota exceeded on volume seven")
        text = "\n".join(lines)
        assert lines[at + 1] in _excerpt(text, name="a.py").split("\n")


def test_notes_go_on_to_the_end_of_their_sentence() -> None:
    """Of a comment that says what the default is, the next line is shown too."""
    note = ["\t// If nil, the default is to log the error and return", "\t// a 502."]
    head = ["\t// ErrorHandler handles errors.", "\t//"]
    struct = ["type Proxy struct {", *head, *note, "\tErrorHandler func(error)", "}"]
    body = [f"\tstep{n} := compute({n})" for n in range(30)]
    text = "\n".join(["package proxy", "", *struct, "", "func Run() {", *body, "}"])
    assert "\n".join(note) in _excerpt(text, name="proxy.go")
