"""What an excerpt of a search result shows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shown_lines import shows_its_lines

from headroom_langchain.compression.excerpt import NOTHING_ASKED, Excerpt, Interest
from headroom_langchain.compression.registry import read
from headroom_langchain.compression.sample import Sample
from headroom_langchain.compression.search.compressor import (
    SearchReading,
    SearchResults,
)
from headroom_langchain.tokens import estimate_tokens

USES = [
    f"src/part{i // 40}/mod{i // 20}.py:{i % 20 * 9 + 3}:        total = send(x[{i}])"
    for i in range(400)
]
ELLIPSIS = "…"


def reading(text: str) -> SearchReading:
    """Read a text that is a search result."""
    found = SearchResults().read(text, Sample.of(text))
    assert found is not None
    return found


def excerpt(lines: list[str], interest: Interest = NOTHING_ASKED) -> Excerpt:
    """Compress lines to the budget that fits them."""
    text = "\n".join(lines)
    budget = SearchResults().budget(estimate_tokens(text))
    return reading(text).excerpt(budget=budget, interest=interest)


def with_line(line: str) -> list[str]:
    """Put a line among many uses."""
    return [*USES[:230], line, *USES[230:]]


@pytest.mark.parametrize(
    "line",
    [
        "src/part5/mod11.py:77:def send(x):",
        "src/part5/mod11.ts:77:export async function send(x: number) {",
        "src/part5/mod11.go:77:func (c *Client) Send(x int) error {",
        "src/part5/mod11.c:77:static int send_all(struct conn *c, int x) {",
        "src/part5/mod11.py:77:        raise SendError(x)",
        "src/part5/mod11.py:77:SEND_LIMIT = 40",
        "src/part5/mod11.py:77:        limit = min(send(x), 3)",
        "src/part5/mod11.py:77:        if tries is not None and tries > send(x):",
        'src/part5/mod11.go:77:var ErrSend = errors.New("send: closed")',
        'src/part5/mod11.go:77:\tErrSend = &SendError{"send: not supported"}',
        "docs/send.md:3:Call send once.",
        "grep: src/secret: Permission denied",
        "Binary file src/part5/send.so matches",
    ],
)
def test_line_unlike_the_uses_is_shown(line: str) -> None:
    """A definition, an error, a constant, a file of its own and a message are shown."""
    assert line in excerpt(with_line(line)).text.split("\n")


def test_word_that_was_asked_for_is_shown() -> None:
    """A line with a rare word of the tool call is shown."""
    line = "src/part5/mod11.py:77:        total = send(marmot)"
    told = excerpt(with_line(line), Interest(arguments=("marmot",)))
    assert line in told.text


def test_definition_of_what_was_searched_for_comes_first() -> None:
    """Among many definitions that contain the word, the one that is the word shows."""
    lines = [f"src/m{i}.h:{i}:#define send_{i}_{i * 7 % 91} {i}" for i in range(600)]
    lines[333] = "src/m333.h:333:#define\tsend\t4"
    assert lines[333] in excerpt(lines, Interest(arguments=("send",))).text


def test_names_that_get_a_value_show_before_those_passed_on() -> None:
    """Of many lines that pass a name on, the few that give it a value show."""
    lines = [
        f"src/part{i // 40}/mod{i // 20}.py:{i}:        limit_{i % 7}=limit_{i % 7},"
        for i in range(400)
    ]
    given = [f'src/part0/mod0.py:{900 + i}:limit_{i} = read("{i}")' for i in range(7)]
    shown = excerpt([*lines, *given]).text.split("\n")
    assert all(line in shown for line in given)


def test_definitions_that_differ_show_before_those_alike() -> None:
    """Of many definitions with the same text, the one with another text shows."""
    lines = [f"src/mod{i // 9}.py:{i}:    def send(self):" for i in range(300)]
    lines[177] = "src/mod19.py:177:    def send(self, twice=True):"
    assert lines[177] in excerpt(lines).text.split("\n")


def test_definition_that_differs_in_more_than_its_name_is_shown() -> None:
    """Of an index of classes, the one with a base that no other has shows."""
    lines = [f"src/mod{i // 9}.py:{i}:class Thing{i}(Model):" for i in range(300)]
    lines[177] = "src/mod19.py:177:class Thing177(asyncio.CancelledError):"
    assert lines[177] in excerpt(lines).text.split("\n")


def test_tests_stand_behind_the_source() -> None:
    """Definitions in tests leave the room to those in the source."""
    lines = [
        f"{'tests/test_' if i % 2 else 'src/'}mod{i // 8}.py:{i}:def send_{i}(x):"
        for i in range(400)
    ]
    shown = excerpt(lines).text.split("\n")
    source = sum(line.startswith("src/") for line in shown)
    assert source > 2 * sum(line.startswith("tests/") for line in shown)


def test_search_among_tests_has_none_aside() -> None:
    """Where all files are tests, a folder among them counts like any other."""
    lines = [f"a/tests/mod{i // 8}.py:{i}:def send_{i}(x):" for i in range(400)]
    plain = [line.replace("a/tests/", "a/thing/") for line in lines]
    told = excerpt(lines).text.replace("a/tests/", "a/thing/")
    assert told == excerpt(plain).text


def test_long_absolute_folder_is_said_once() -> None:
    """What all absolute paths begin with stands in the first line of the excerpt."""
    root = "/opt/lib/python3.11/site-packages/"
    lines = [root + line for line in USES]
    text = excerpt(lines).text
    assert text.startswith(f"[{ELLIPSIS} is {root}src/]\n")
    assert text.count(root) == 1
    shown = [one for one in unfold_root(text) if not one.startswith("[")]
    assert shown
    assert all(line in lines for line in shown)


def unfold_root(text: str) -> list[str]:
    """Put back what all paths begin with."""
    head, *rest = text.split("\n")
    root = head.removeprefix(f"[{ELLIPSIS} is ").removesuffix("]")
    return [root + one[1:] if one.startswith(ELLIPSIS) else one for one in rest]


def test_every_line_is_original_or_marked() -> None:
    """Every line of an excerpt is a line of the result or stands in square brackets."""
    lines = with_line("src/part5/mod11.py:77:def send(x):")
    for line in excerpt(lines).text.split("\n"):
        assert line in lines or (line.startswith("[... ") and line.endswith("]"))


def test_marks_count_what_is_not_shown() -> None:
    """The numbers in the marks and the lines shown make up the whole."""
    told = excerpt(USES)
    lines = told.text.split("\n")
    hidden = [line for line in lines if line.startswith("[... ")]
    counted = sum(
        int(part.split()[0])
        for line in hidden
        for part in line.removeprefix("[... ").split(", ")
    )
    assert counted + len(lines) - len(hidden) == len(USES)
    assert told.omitted == f"{counted} of {len(USES)} matches"


def test_each_file_is_shown_or_named() -> None:
    """Of each file a line is shown, or its matches are counted under its name."""
    text = excerpt(USES).text
    assert all(f"src/part{i // 2}/mod{i}.py" in text for i in range(20))


def test_failures_in_searched_logs_come_first() -> None:
    """Distinct failures found in logs are shown, however many routine lines match."""
    lines = [f"app.log:{i}:2026-01-01 10:00:00 INFO send {i}" for i in range(500)]
    lines[321] = "app.log:321:2026-01-01 10:00:00 ERROR send refused by 10.0.0.7"
    assert lines[321] in excerpt(lines).text


def test_files_over_their_lines() -> None:
    """Where names of files stand over lines, the name comes with the first line."""
    lines: list[str] = []
    for i in range(30):
        found = [f"{n}:    total = send(x{n})" for n in range(3, 200, 9)]
        lines += [f"src/mod{i}.py", *found, ""]
    lines[lines.index("src/mod17.py") + 5] = "39:def send(x):"
    shown = excerpt(lines).text.split("\n")
    at = shown.index("39:def send(x):")
    names = [line for line in shown[:at] if line.startswith("src/")]
    assert names[-1] == "src/mod17.py"


def test_context_gives_way_to_matches() -> None:
    """Matches are shown before the lines around them, and context is told apart."""
    lines: list[str] = []
    for i in range(1, 90):
        lines += [
            f"a-1-b/c.py-{i * 5 - 1}-    before {i}",
            f"a-1-b/c.py:{i * 5}:    send({i})",
            f"a-1-b/c.py-{i * 5 + 1}-    after {i}",
            "--",
        ]
    told = excerpt(lines)
    assert told.omitted.endswith(" of 89 matches")
    assert told.text.count("send(") > 2 * told.text.count("before")


def test_counts_show_the_largest() -> None:
    """Of counts of matches, the largest are shown."""
    lines = [f"pkg/sub{i % 9}/mod{i}.py:{i % 7}" for i in range(300)]
    lines[201] = "pkg/sub3/mod201.py:4711"
    assert lines[201] in excerpt(lines).text


def test_over_long_line_is_cut_around_what_was_asked_for() -> None:
    """Of a minified file, the place that was found is shown, marked where it is cut."""
    line = "dist/app.min.js:1:" + "a=b;" * 900 + "marmot(1);" + "c=d;" * 900
    told = excerpt(with_line(line), Interest(arguments=("marmot",)))
    shown = [one for one in told.text.split("\n") if "marmot(1);" in one]
    assert len(shown) == 1
    assert all(piece in line for piece in shown[0].split(ELLIPSIS))
    assert len(shown[0]) < 500


@pytest.mark.parametrize(
    "text",
    [
        "src/a.c:12:5: error: expected ';'\n" * 40,
        "pkg/a.py:12:3: F401 unused import\n" * 40,
        "2026-01-01 10:00:00 INFO started\n" * 40,
        "12:34:56 started\n12:34:57 stopped\n" * 40,
        "url: http://a.b/c\nname: x\nport: 12\n" * 40,
        "Call me: 12:30 is fine.\nOr not.\n" * 40,
    ],
)
def test_other_texts_are_left_to_others(text: str) -> None:
    """Diagnostics, logs, settings and prose are not taken for search results."""
    assert SearchResults().likeness(Sample.of(text)) == 0
    assert SearchResults().read(text, Sample.of(text)) is None


def test_search_results_are_recognised() -> None:
    """The compressor that reads a search result is the one for search results."""
    text = "\n".join(USES)
    found = read(text, Sample.of(text))
    assert found is not None
    assert found[0].kind == "search"


def unfold(text: str) -> str:
    """Undo the folding of paths."""
    out: list[str] = []
    path = ""
    for line in text.split("\n"):
        if line.startswith(f"[{ELLIPSIS} is "):
            path = line[len(f"[{ELLIPSIS} is ") : -1]
        elif line.startswith(ELLIPSIS):
            out.append(path + line[1:])
        else:
            out.append(line)
    return "\n".join(out)


LINES = st.one_of(
    st.builds(
        "{}{}:{}:{}".format,
        st.sampled_from(["src/a/", "lib.b/", "[… is x]/", ""]),
        st.sampled_from(["main.py", "long_name_of_a_module.rs", "c d.js"]),
        st.integers(0, 99),
        st.text(max_size=12),
    ),
    st.sampled_from(["--", "", "grep: x: Is a directory", "…", "\r"]),
)


@given(st.lists(LINES, min_size=8, max_size=40))
@settings(deadline=None, max_examples=150)
def test_folding_paths_loses_nothing(lines: list[str]) -> None:
    """From the lossless form the result can be put together again, byte for byte."""
    text = "\n".join(lines)
    found = SearchResults().read(text, Sample.of(text))
    folded = found.lossless() if found is not None else None
    if folded is not None:
        assert unfold(folded) == text
        assert len(folded) < len(text)


def test_folded_paths_are_shorter() -> None:
    """A result with many lines of each file gets much shorter without a loss."""
    text = "\n".join(USES)
    folded = reading(text).lossless()
    assert folded is not None
    assert unfold(folded) == text
    assert len(folded) < 0.8 * len(text)


@given(st.lists(LINES, max_size=40), st.integers(0, 60))
@settings(deadline=None, max_examples=150)
def test_any_text_is_read_without_failing(lines: list[str], budget: int) -> None:
    """Whatever a text is, what is shown of it are its lines, and marks."""
    assert shows_its_lines(SearchResults(), lines, budget)
