"""What an excerpt of a text of unknown format shows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.excerpt import NOTHING_ASKED, Excerpt, Interest
from headroom_langchain.compression.prose.text import PlainText
from headroom_langchain.compression.sample import Sample
from headroom_langchain.tokens import estimate_tokens

PROSE = [f"Sentence {i} tells of ordinary things and goes on." for i in range(400)]


def excerpt(text: str, interest: Interest = NOTHING_ASKED) -> Excerpt:
    """Compress a text to the budget that fits it."""
    reading = PlainText().read(text, Sample.of(text))
    assert reading is not None
    budget = PlainText().budget(estimate_tokens(text))
    return reading.excerpt(budget=budget, interest=interest)


def test_headings_are_shown() -> None:
    """The headings of a long document are shown."""
    lines = PROSE.copy()
    lines[200] = "## Installation on a toaster"
    assert lines[200] in excerpt("\n".join(lines)).text


def test_definitions_are_shown_before_bodies() -> None:
    """Of source code, all definitions are shown."""
    body = [f"    total_{i} = compute(total_{i}, {i})" for i in range(40)]
    lines = [one for i in range(12) for one in (f"def step_{i}(total):", *body)]
    text = excerpt("\n".join(lines)).text
    assert all(f"def step_{i}(total):" in text for i in range(12))


def test_rules_are_shown_in_any_script() -> None:
    """Lines that state rules are shown, in Japanese as in English."""
    for rule in ("The port must not be 0.", "デフォルト値は60000です。"):
        lines = PROSE.copy()
        lines[211] = rule
        assert rule in excerpt("\n".join(lines)).text


@pytest.mark.parametrize(
    "line",
    [
        "ERROR: disk quota exceeded on /var",
        "  Connection refused by 10.0.0.7",
        "java.lang.IllegalStateException: closed",
        "[FAIL] certificate has expired",
        "错误: 连接超时",
        "✗ one check of many",
    ],
)
@pytest.mark.parametrize("place", [40, 211, 390])
def test_failures_are_shown(line: str, place: int) -> None:
    """A line that tells of a failure is shown, wherever it stands."""
    lines = [f"{n} item of the list, as usual" for n in range(400)]
    lines[place] = line
    assert line in excerpt("\n".join(lines)).text.split("\n")


def test_each_distinct_failure_is_shown() -> None:
    """Failures that differ only in a number are each shown."""
    lines = [f"{n} item of the list, as usual" for n in range(900)]
    failures = [f"could not open volume {n}" for n in range(12)]
    for n, failure in enumerate(failures):
        lines[30 + 70 * n] = failure
    text = excerpt("\n".join(lines)).text
    assert all(failure in text for failure in failures)


def test_line_of_another_form_is_shown() -> None:
    """Among lines of one form, the one of another form is shown."""
    lines = [f"net.ipv4.conf.eth{n}.mtu = 1500" for n in range(400)]
    lines[277] = "** reduced to loopback **"
    assert lines[277] in excerpt("\n".join(lines)).text


def test_options_of_a_help_text_are_shown() -> None:
    """Of a help text, labels and defaults are shown."""
    options = [f"  --option-{n} <x>   Sets thing {n} of this." for n in range(200)]
    options[120] = "  --retries <n>   How often to try (default: 5)"
    text = excerpt("Usage: x [options]\n\nOptions:\n" + "\n".join(options)).text
    assert "Options:" in text
    assert options[120] in text


def test_interest_is_shown() -> None:
    """A line with a rare word of the tool call is shown."""
    lines = PROSE.copy()
    lines[133] = "Here lives the marmot, unseen."
    told = excerpt("\n".join(lines), Interest(arguments=("marmot",)))
    assert lines[133] in told.text


def test_patch_shows_files_and_changes() -> None:
    """Of a patch, file headers come before context lines."""
    hunk = ["@@ -1,80 +1,80 @@", *(f" unchanged {i}" for i in range(80)), "+added = 1"]
    patch: list[str] = []
    for i in range(9):
        patch += [f"diff --git a/f{i}.py b/f{i}.py", *hunk]
    text = excerpt("\n".join(patch)).text
    assert all(f"diff --git a/f{i}.py b/f{i}.py" in text for i in range(9))
    assert "+added = 1" in text


def test_outlier_of_a_table_is_shown() -> None:
    """A row with a number far above its column is shown."""
    rows = [f"host{i},{20 + i * 7 % 13},ok" for i in range(400)]
    rows[222] = "host222,9001,ok"
    assert rows[222] in excerpt("\n".join(["name,load,state", *rows])).text


def test_crlf_stays_as_it_is() -> None:
    """Lines shown side by side keep the line breaks between them."""
    text = excerpt("\r\n".join(PROSE)).text
    assert f"{PROSE[0]}\r\n{PROSE[1]}" in text


def test_one_long_line_is_cut_into_pieces() -> None:
    """One line of 400 KB gives pieces of that line, and says how much is missing."""
    told = excerpt("word and more, " * 28_000)
    assert "characters]" in told.text
    assert told.omitted.endswith("of 420,000 characters")


@given(st.text(alphabet=st.characters(codec=None), min_size=1, max_size=600))
@settings(deadline=None, max_examples=150)
def test_pieces_shown_are_pieces_of_the_text(text: str) -> None:
    """Whatever stands between the gaps is a slice of the text."""
    told = excerpt(text)
    rest = text
    for part in told.text.split("\n"):
        if part.startswith("[... "):
            continue
        piece = part.removeprefix("…").removesuffix("…")
        assert piece in rest or part in rest


def test_text_has_no_lossless_form() -> None:
    """A text of unknown format is not rewritten: trailing spaces may matter."""
    reading = PlainText().read("a   \n\n\n\nb", Sample.of("a   \n\n\n\nb"))
    assert reading is not None
    assert reading.lossless() is None


def test_what_is_said_once_comes_before_labels_of_numbers() -> None:
    """Of a history, what commits say is shown rather than their checksums."""
    subjects = [f"Give the {name} a lid" for name in ("kettle", "jar", "pot", "crate")]
    commits = [
        f"commit {n * 7919:040x}\nAuthor: A <a@b>\nDate: May {n % 28}\n\n    {what}\n"
        for n, what in enumerate(subjects * 8)
    ]
    for n, word in ((5, "quince"), (17, "fennel"), (26, "damson")):
        commits[n] += f"\n    And a {word}, for once\n"
    text = excerpt("\n".join(commits)).text
    assert all(what in text for what in (*subjects, "quince", "fennel", "damson"))
    assert text.count("Author: A") < len(commits) / 2


def test_terms_of_a_manual_are_shown() -> None:
    """What a manual page explains is shown before how it explains it."""
    names = [f"--{a}-{b}" for a in ("keep", "drop", "copy") for b in range(90)]
    page = "\n\n".join(
        f"       {name}\n              Entry {n} is kept for later.\n"
        + "".join(
            f"              It must never be done {n + m} times by default.\n"
            for m in range(3)
        )
        for n, name in enumerate(names)
    )
    text = excerpt(f"OPTIONS\n{page}").text
    assert sum(name in text for name in names) > 0.9 * len(names)
