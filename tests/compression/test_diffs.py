"""What an excerpt of a diff shows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.diffs.compressor import Diffs
from headroom_langchain.compression.excerpt import NOTHING_ASKED, Excerpt, Interest
from headroom_langchain.compression.registry import read
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.diff_lines import Part, read_diff
from headroom_langchain.tokens import estimate_tokens


def a_file(name: str, *changes: str, around: int = 8) -> list[str]:
    """Write the diff of one file with one hunk."""
    context = [f"     step_{name}_{i}(x)" for i in range(around)]
    added = sum(line.startswith("+") for line in changes)
    size = 2 * around + len(changes)
    head = [f"diff --git a/{name} b/{name}", "index 1234567..89abcde 100644"]
    counts = f"@@ -10,{size - added} +10,{size - len(changes) + added} @@ def run(x):"
    names = [f"--- a/{name}", f"+++ b/{name}"]
    return [*head, *names, counts, *context, *changes, *context]


ROUTINE = [
    line
    for i in range(60)
    for line in a_file(
        f"src/mod{i}.py",
        *(f"-    total_{i}_{j} = old.compute(total, {j})" for j in range(6)),
        *(f"+    amount_{j * i} = new.gather(by={j}, sum=x{i})" for j in range(6)),
    )
]


def excerpt(lines: list[str], interest: Interest = NOTHING_ASKED) -> Excerpt:
    """Compress lines to the budget that fits them."""
    text = "\n".join(lines)
    reading = Diffs().read(text, Sample.of(text))
    assert reading is not None
    budget = Diffs().budget(estimate_tokens(text))
    return reading.excerpt(budget=budget, interest=interest)


def with_change(*changes: str) -> list[str]:
    """Put a file with some changes among many others."""
    half = len(ROUTINE) // 2
    return [*ROUTINE[:half], *a_file("src/odd.py", *changes), *ROUTINE[half:]]


@pytest.mark.parametrize(
    "change",
    [
        "+def connect(host, *, timeout=None):",
        "-    def close(self) -> None:",
        "-        raise PermissionError(user)",
        "+RETRIES = 9000",
        '+    "version": "2.0.0",',
        "+    # TODO: not safe for two threads",
        "-    verify(token, secret)",
        "+<<<<<<< HEAD",
        "-def test_rejects_expired_tokens():",
    ],
)
def test_change_that_matters_is_shown(change: str) -> None:
    """Definitions, checks, values, conflicts and notes are shown with their signs."""
    shown = excerpt(with_change(change)).text.split("\n")
    assert change in shown
    assert "diff --git a/src/odd.py b/src/odd.py" in shown


@pytest.mark.parametrize(
    "lines",
    [
        ["diff --git a/x.png b/x.png", "Binary files a/x.png and b/x.png differ"],
        ["diff --git a/old.py b/new.py", "rename from old.py", "rename to new.py"],
        ["diff --git a/run.sh b/run.sh", "old mode 100644", "new mode 100755"],
        ["Only in b: extra.py"],
        ["commit 0123456789abcdef", "", "    Undo the cache"],
    ],
)
def test_what_happened_to_files_is_shown(lines: list[str]) -> None:
    """Renames, modes, binary files, lone files and commits are shown."""
    text = excerpt([*ROUTINE, *lines]).text
    assert all(line in text for line in lines)


def test_every_file_is_named() -> None:
    """Each changed file is shown, or counted under its name."""
    text = excerpt(ROUTINE).text
    assert all(f"src/mod{i}.py" in text for i in range(60))


def test_both_sides_of_a_change_are_shown() -> None:
    """A changed value is shown as it was and as it is."""
    shown = excerpt(with_change("-LIMIT = 10", "+LIMIT = 9000")).text
    assert "-LIMIT = 10\n+LIMIT = 9000" in shown


def test_a_change_made_in_many_places_is_counted() -> None:
    """The same replacement in many places is shown at first, then only counted."""
    same = [
        line
        for i in range(60)
        for line in a_file(
            f"lib/mod{i}.py",
            f"-    call_{i}(x, Optional[{i}], 'a')",
            f"+    call_{i}(x, Maybe[{i}], 'a')",
        )
    ]
    told = excerpt([*same, *ROUTINE])
    assert "60 x Optional -> Maybe" in told.text
    assert "-    call_0(x, Optional[0], 'a')" in told.text
    assert told.text.count("Maybe[") < 40


def test_lock_files_are_told_by_their_versions() -> None:
    """Of a lock file, versions are shown with their packages, hashes are counted."""
    lock: list[str] = []
    for i in range(40):
        lock += [
            f"@@ -{i * 10},4 +{i * 10},4 @@",
            f'     "node_modules/pack{i}": {{',
            f'-      "version": "1.{i}.0",',
            f'-      "integrity": "sha512-{i}{"abc" * 20}"',
            f'+      "version": "1.{i}.1",',
            f'+      "integrity": "sha512-{i}{"def" * 20}"',
            "     }",
        ]
    head = ["diff --git a/package-lock.json b/package-lock.json"]
    names = ["--- a/package-lock.json", "+++ b/package-lock.json"]
    told = excerpt([*head, *names, *lock])
    assert '"node_modules/pack0": {' in told.text
    assert '-      "version": "1.39.0",' in told.text
    assert '+      "version": "1.39.1",' in told.text
    assert "sha512" not in told.text


def test_word_that_was_asked_for_is_shown() -> None:
    """A change with a rare word of the tool call is shown."""
    change = "+    amount = gather(marmot)"
    told = excerpt(with_change(change), Interest(arguments=("marmot",)))
    assert change in told.text


def test_every_line_is_original_or_marked() -> None:
    """Every line of an excerpt is a line of the diff or stands in square brackets."""
    lines = with_change("-LIMIT = 10", "+LIMIT = 9000")
    for line in excerpt(lines).text.split("\n"):
        assert line in lines or (line.startswith("[") and line.endswith("]"))


def test_removed_dashes_are_no_file() -> None:
    """A removed line that starts with dashes is a change, since the hunk counts it."""
    lines = [
        "--- a/x.sql",
        "+++ b/x.sql",
        "@@ -1,2 +1,1 @@",
        "--- old note",
        " select 1",
    ]
    diff = read_diff(lines)
    assert list(diff.parts[3:]) == [Part.REMOVED, Part.CONTEXT]
    assert diff.files == ["x.sql"]


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        (
            ["diff -r a/x b/x", "3c3", "< old", "---", "> new"],
            [Part.FILE, Part.HUNK, Part.REMOVED, Part.DETAIL, Part.ADDED],
        ),
        (
            [
                "*** a/x",
                "--- b/x",
                "***************",
                "*** 1,2 ****",
                "! old",
                "  same",
            ],
            [Part.FILE] * 2 + [Part.HUNK, Part.DETAIL, Part.REMOVED, Part.CONTEXT],
        ),
        (
            ["***************", "*** 1 ****", "! old", "--- 1 ----", "! new", "+ more"],
            [Part.HUNK, Part.DETAIL, Part.REMOVED, Part.DETAIL] + [Part.ADDED] * 2,
        ),
        (
            ["diff --cc x", "@@@ -1,2 -1,2 +1,5 @@@", "++<<<<<<< HEAD", " +a", "- b"],
            [Part.FILE, Part.HUNK, Part.ADDED, Part.ADDED, Part.REMOVED],
        ),
        (
            ["Index: x", "=" * 67, "--- x\t(revision 1)", "+++ x\t(revision 2)"],
            [Part.FILE, Part.DETAIL, Part.FILE, Part.FILE],
        ),
    ],
)
def test_other_forms_are_understood(lines: list[str], parts: list[Part]) -> None:
    """Plain, context, combined and svn diffs are read like unified ones."""
    assert list(read_diff(lines).parts) == parts


def test_diffs_are_recognised() -> None:
    """The compressor that reads a diff is the one for diffs."""
    text = "\n".join(ROUTINE)
    found = read(text, Sample.of(text))
    assert found is not None
    assert found[0].kind == "diff"


@pytest.mark.parametrize(
    "text",
    [
        "- one\n- two\n+ three\n" * 40,
        "Apply this:\n\n@@ -1 +1 @@\n\nThen go on.\nAnd on.\n" * 20,
        "2026-01-01 10:00:00 INFO diff --git\n" * 40,
    ],
)
def test_other_texts_are_left_to_others(text: str) -> None:
    """Lists, prose about a patch and logs are not taken for diffs."""
    assert Diffs().likeness(Sample.of(text)) == 0


LINES = st.one_of(
    st.builds(
        "{}{}".format, st.sampled_from(["+", "-", " ", "! "]), st.text(max_size=9)
    ),
    st.sampled_from(
        [
            "diff --git a/x b/x",
            "--- a/x",
            "+++ b/x",
            "@@ -1,3 +1,4 @@",
            "@@@ -1 -1 +1 @@@",
            "***************",
            "*** 1 ****",
            "1c1",
            "< a",
            "> b",
            "commit 0123456789",
            "Only in a: b",
            "",
            "\\ No newline at end of file",
            "--- ",
            "Index: ",
        ]
    ),
)


@given(st.lists(LINES, max_size=40), st.integers(0, 60))
@settings(deadline=None, max_examples=200)
def test_any_text_is_read_without_failing(lines: list[str], budget: int) -> None:
    """Whatever a text is, what is shown of it are its lines, and marks."""
    text = "\n".join(lines)
    sample = Sample.of(text)
    Diffs().likeness(sample)
    found = Diffs().read(text, sample)
    if found is None:
        return
    told = found.excerpt(budget=budget, interest=NOTHING_ASKED)
    original = text.split("\n")
    for line in told.text.split("\n"):
        assert line in original or line.startswith("[") or not line.strip()


def test_files_that_are_not_shown_are_named() -> None:
    """Where not too many files are hidden, marks name each with its counts."""
    changes = [f"+    gather_{n}(amount, total, key={n})" for n in range(40)]
    lines = [one for n in range(9) for one in a_file(f"src/part{n}.py", *changes)]
    text = "\n".join(lines)
    reading = Diffs().read(text, Sample.of(text))
    assert reading is not None
    shown = reading.excerpt(budget=420, interest=NOTHING_ASKED).text
    assert all(f"src/part{n}.py" in shown for n in range(9))
