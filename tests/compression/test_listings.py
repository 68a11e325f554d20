"""What an excerpt of a listing of files shows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shown_lines import shows_its_lines

from headroom_langchain.compression.excerpt import NOTHING_ASKED, Excerpt, Interest
from headroom_langchain.compression.registry import read
from headroom_langchain.compression.sample import Sample
from headroom_langchain.compression.search.listings import Listings
from headroom_langchain.tokens import estimate_tokens

PATHS = [f"./src/part{i // 25}/module_{i}.py" for i in range(600)]
MODES = [
    f"-rw-r--r-- 1 root root {1000 + i * 37 % 900:6} May 12  2025 module_{i}.py"
    for i in range(500)
]
TREE = [
    line
    for i in range(40)
    for line in (f"├── part{i}", *(f"│   ├── module_{i}_{j}.py" for j in range(12)))
]
FOLDERS = [
    line
    for i in range(20)
    for line in (f"./part{i}:", "total 48", *MODES[i * 20 : i * 20 + 20], "")
]
FIELDS = [
    f"{1000 + i * 37 % 900:6} 2025-05-{1 + i % 9:02} ./src/part{i // 25}/module_{i}.py"
    for i in range(600)
]
PRINTED = [
    f"-rw-r--r-- root {1000 + i * 37 % 900:6} 2025-05-12 ./src/module_{i}.py"
    for i in range(500)
]
SIZED_TREE = [
    line
    for i in range(40)
    for line in (
        f"├── [       4096]  part{i}",
        *(f"│   ├── [{1000 + j:11}]  module_{i}_{j}.py" for j in range(12)),
    )
]
SIZES = [f"{4 * (i % 7)}\t./src/part{i // 25}/module_{i}.py" for i in range(600)]


def excerpt(lines: list[str], interest: Interest = NOTHING_ASKED) -> Excerpt:
    """Compress lines to the budget that fits them."""
    text = "\n".join(lines)
    reading = Listings().read(text, Sample.of(text))
    assert reading is not None
    budget = Listings().budget(estimate_tokens(text))
    return reading.excerpt(budget=budget, interest=interest)


def among(lines: list[str], line: str) -> list[str]:
    """Put a line into the middle of others."""
    half = len(lines) // 2 + 3
    return [*lines[:half], line, *lines[half:]]


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (PATHS, "./src/part12/kernel.cu"),
        (PATHS, "./src/odd_place/module.py"),
        (PATHS, "./README.md"),
        (PATHS, "find: './private': Permission denied"),
        (MODES, "-rwsr-xr-x 1 root root   1200 May 12  2025 module_x.py"),
        (MODES, "-rw-rw-rw- 1 root root   1200 May 12  2025 module_x.py"),
        (MODES, "-rw-r--r-- 1 eve  root   1200 May 12  2025 module_x.py"),
        (MODES, "-rw-r--r-- 1 root root 990000 May 12  2025 module_x.py"),
        (MODES, "-rw-r--r-- 1 root root   1200 Nov 21 09:10 module_x.py"),
        (MODES, "-rw-r--r-- 1 root root   1.2G May 12  2025 module_x.py"),
        (MODES, "total 4711"),
        (MODES, "ls: cannot access 'x': No such file or directory"),
        (TREE, "├── part99"),
        (TREE, "│   ├── UNMET DEPENDENCY left-pad@^1.0.0"),
        (SIZES, "99999\t./src/part12/dump"),
        (FIELDS, "999999 2025-05-03 ./src/part12/module_x.py"),
        (FIELDS, "  1200 2026-05-03 ./src/part12/module_x.py"),
        (FIELDS, "  1200 2019-05-03 ./src/part12/module_x.py"),
        (PRINTED, "-rw-r--r-- root 990000 2025-05-12 ./src/module_x.py"),
        (PRINTED, "-rw-r--r-- root   1200 2026-01-12 ./src/module_x.py"),
        (SIZED_TREE, "│   ├── [     990000]  module_x.py"),
    ],
)
def test_entry_unlike_the_others_is_shown(lines: list[str], line: str) -> None:
    """Odd rights, owners, sizes, dates, endings and folders, and messages are shown."""
    assert line in excerpt(among(lines, line)).text.split("\n")


def test_entry_that_was_asked_for_is_shown() -> None:
    """An entry with a rare word of the tool call is shown."""
    line = "./src/part12/marmot.py"
    told = excerpt(among(PATHS, line), Interest(arguments=("marmot",)))
    assert line in told.text


@pytest.mark.parametrize("lines", [PATHS, MODES, TREE, SIZES, FIELDS, PRINTED])
def test_every_line_is_original_or_marked(lines: list[str]) -> None:
    """Every line of an excerpt is a line of the listing or stands in brackets."""
    told = excerpt(lines)
    for line in told.text.split("\n"):
        assert line in lines or (line.startswith("[... ") and line.endswith("]"))
    assert told.omitted.endswith(" entries")


def test_each_folder_is_shown_or_counted() -> None:
    """Of each folder an entry is shown, or its entries are counted under its name."""
    text = excerpt(PATHS).text
    assert all(f"./src/part{i}/" in text for i in range(24))


def test_folder_of_an_entry_is_shown() -> None:
    """Under headings of folders, the heading comes with the first entry."""
    lines = FOLDERS.copy()
    line = "-rw-r--r-- 1 root root 990000 May 12  2025 module_x.py"
    lines.insert(lines.index("./part7:") + 5, line)
    shown = excerpt(lines).text.split("\n")
    names = [one for one in shown[: shown.index(line)] if one.startswith("./part")]
    assert names[-1] == "./part7:"


def test_every_folder_is_named() -> None:
    """Each heading of a folder is shown, and its total comes with it."""
    shown = excerpt(FOLDERS).text.split("\n")
    for i in range(20):
        assert shown[shown.index(f"./part{i}:") + 1] == "total 48"


def test_marks_say_how_large_the_hidden_files_are() -> None:
    """A mark tells the number of entries that it stands for, and their bytes."""
    told = excerpt(MODES)
    shown = told.text.split("\n")
    hidden = [line for line in MODES if line not in shown]
    total = sum(int(line.split()[4]) for line in hidden)
    assert f"[... {len(hidden):,} entries, {total:,} bytes: " in told.text


def test_branch_of_a_tree_is_shown() -> None:
    """In a tree, the branch from which an entry grows comes before it."""
    line = "│   ├── UNMET DEPENDENCY left-pad@^1.0.0"
    lines = TREE.copy()
    lines.insert(lines.index("├── part17") + 4, line)
    shown = excerpt(lines).text.split("\n")
    names = [one for one in shown[: shown.index(line)] if one.startswith("├── ")]
    assert names[-1] == "├── part17"


@pytest.mark.parametrize("lines", [PATHS, MODES, TREE, SIZES, FIELDS, PRINTED])
def test_listings_are_recognised(lines: list[str]) -> None:
    """The compressor that reads a listing is the one for listings."""
    text = "\n".join(lines)
    found = read(text, Sample.of(text))
    assert found is not None
    assert found[0].kind == "listing"


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01 10:00:00 GET /index.html 200\n" * 40,
        "| a | b |\n|---|---|\n| 1 | 2 |\n" * 40,
        "import os\nimport sys\n\nx = a / b\n" * 40,
        "See the folder src/main for details.\nOr ask.\n" * 40,
    ],
)
def test_other_texts_are_left_to_others(text: str) -> None:
    """Logs, tables, code and prose are not taken for listings."""
    assert Listings().likeness(Sample.of(text)) == 0


LINES = st.one_of(
    st.builds(
        "{}{}".format,
        st.sampled_from(["./a/", "b/c/", "├── ", "│   └── ", "-rw-r--r-- 1 a b 3 "]),
        st.text(max_size=12),
    ),
    st.sampled_from(["./a:", "total 3", "", "├──", "-rw-r--r-- ", "\r", "/"]),
)


@given(st.lists(LINES, max_size=40), st.integers(0, 60))
@settings(deadline=None, max_examples=150)
def test_any_text_is_read_without_failing(lines: list[str], budget: int) -> None:
    """Whatever a text is, what is shown of it are its lines, and marks."""
    assert shows_its_lines(Listings(), lines, budget)
