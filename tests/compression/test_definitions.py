"""What an excerpt shows of lists: options, terms, rows of tables, releases."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.excerpt import NOTHING_ASKED
from headroom_langchain.compression.prose.markdown import Markdown
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.markup import Part, read_blocks
from headroom_langchain.tokens import estimate_tokens

MEANING = (
    "              Sets the thing that is called {name}.  It goes on for a while, in\n"
    "              the manner of such pages, and then for some more, until at last\n"
    "              it has come to an end that tells nobody anything about {name}.\n"
)
NAMES = [f"--thing-{first}{second}" for first in "abcdefgh" for second in "klmnop"]


def manual(*sections: str) -> str:
    """A manual page of many options, with other sections behind them."""
    options = "\n".join(
        f"       -{name[-1]}, {name}\n{MEANING.format(name=name[8:])}" for name in NAMES
    )
    head = "TOAST(1)                User Commands                TOAST(1)\n\nNAME\n"
    body = f"       toast - brown bread\n\nOPTIONS\n{options}\n"
    return head + body + "\n".join(sections) + "\n"


def shown(text: str) -> str:
    """Compress a text to the budget that fits it."""
    reading = Markdown().read(text, Sample.of(text))
    assert reading is not None
    budget = Markdown().budget(estimate_tokens(text))
    return reading.excerpt(budget=budget, interest=NOTHING_ASKED).text


def test_manual_page_is_a_document() -> None:
    """A manual page is told by its first line, in any language."""
    text = manual().replace("User Commands", "사용자 명령").replace("OPTIONS", "옵션")
    assert Markdown().likeness(Sample.of(text)) > 0.5


def test_every_option_is_named() -> None:
    """Of many options each is named, and less of what they mean is shown."""
    told = shown(manual())
    assert [name for name in NAMES if f", {name}" not in told] == []
    assert len(told) < len(manual()) / 2


def test_short_names_go_with_their_meaning() -> None:
    """The meaning of an exit code is shown with it."""
    codes = [
        "       0      All is well.",
        "       1      Some slices are black.",
        "       2      The toaster burns, and\n              help is needed.",
    ]
    told = shown(manual("EXIT STATUS", "\n\n".join(codes), "SEE ALSO\n       bread(1)"))
    assert "1      Some slices are black." in told
    assert "2      The toaster burns" in told


def test_default_goes_with_its_option() -> None:
    """A default that is named late is shown with the option it belongs to."""
    text = manual().replace("nobody anything about fm", "all.  The default is 57")
    told = shown(text)
    before = told[: told.index("The default is 57")]
    assert before.rindex("--thing-fm") > before.rindex("--thing-fl")


def test_every_row_of_a_table_is_named() -> None:
    """Of a long table with wide rows the first cell of each row is shown."""
    rows = "\n".join(
        f"| optionNumber{n} | {'说明这个属性的用途和它的行为' * 3} | string | false |"
        for n in range(60)
    )
    told = shown(
        f"# API\n\n| 属性 | 说明 | 类型 | 默认值 |\n|---|---|---|---|\n{rows}\n"
    )
    assert [n for n in range(60) if f"| optionNumber{n}" not in told] == []


@pytest.mark.parametrize(
    "line",
    ["Version 3.7.9 (released 2023-02-09)", "* Version 3.7", "4.0.1 / 2019-05-01"],
)
def test_release_is_a_heading(line: str) -> None:
    """A line that opens the changes of a version is a heading."""
    blocks = read_blocks(["Changes", "", line, "", "Something was repaired."])
    assert blocks[1].part is Part.HEADING


@pytest.mark.parametrize(
    ("lines", "columns"),
    [
        (["Options", "", "  -a, --all  Show all", "  -b         Show both"], [13, 13]),
        (["  KEY", "      what it opens", "", "  Lock=", "      what is shut"], [0, 0]),
        (["  Host    Restricts what", "          follows."], [10]),
        (["  --retry <num> Try again", "  --tls Use TLS"], [16, 8]),
    ],
)
def test_terms_are_told_from_their_meaning(
    lines: list[str], columns: list[int]
) -> None:
    """It is known where the meaning of a term begins."""
    terms = [block for block in read_blocks(lines) if block.part is Part.TERM]
    assert [term.level for term in terms] == columns


@pytest.mark.parametrize(
    "lines",
    [
        ["       This is said of the option", "       -print and of others."],
        ["  It  ends  at last.", "  Nothing  more  is  said."],
        ["- an item", "  that goes on"],
    ],
)
def test_prose_is_no_term(lines: list[str]) -> None:
    """A line within a paragraph that begins like an option is none in a manual."""
    page = ["T(1)   T   T(1)", "", "NAME", *lines]
    assert all(block.part is not Part.TERM for block in read_blocks(page))


MANUAL = st.text(alphabet=st.sampled_from("ab -=<[|.,:(\n\n  "), max_size=600)


@given(MANUAL)
@settings(deadline=None, max_examples=150)
def test_pieces_of_definitions_are_pieces_of_the_text(text: str) -> None:
    """What is shown of any list is cut out of the text, with marks at the cuts."""
    page = f"T(1)   T   T(1)\n\n{text}"
    reading = Markdown().read(page, Sample.of(page))
    assert reading is not None
    told = reading.excerpt(budget=40, interest=NOTHING_ASKED).text
    lines = set(page.split("\n"))
    for line in told.split("\n"):
        parts = line.split("…")
        whole = len(parts) == 1 and (line in lines or line.startswith("[... "))
        clipped = len(parts) > 1 and all(part.strip() in page for part in parts)
        assert whole or clipped, line
