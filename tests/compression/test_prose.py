"""What an excerpt of a document shows."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.excerpt import NOTHING_ASKED, Excerpt, Interest
from headroom_langchain.compression.prose.markdown import Markdown
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.markup import Part, read_blocks
from headroom_langchain.tokens import estimate_tokens

ORDINARY = [
    f"Paragraph {n} tells of ordinary things, and of things like them. It goes on in"
    f" the manner of such paragraphs, as item {n} does. Then it comes to its end."
    for n in range(160)
]


def excerpt(text: str, interest: Interest = NOTHING_ASKED) -> Excerpt:
    """Compress a text to the budget that fits it."""
    reading = Markdown().read(text, Sample.of(text))
    assert reading is not None
    budget = Markdown().budget(estimate_tokens(text))
    return reading.excerpt(budget=budget, interest=interest)


def document(*parts: str) -> str:
    """Ordinary paragraphs with others among them, far from both ends."""
    paragraphs = ORDINARY.copy()
    for number, part in enumerate(parts):
        paragraphs[60 + 7 * number] = part
    return "# Title\n\n" + "\n\n".join(paragraphs) + "\n"


def test_headings_are_shown() -> None:
    """Headings of every level and every markup are shown."""
    titles = ["## Toasters", "#### Slots and levers", "Safety\n------", "Use\n~~~"]
    shown = excerpt(document(*titles)).text
    assert all(title in shown for title in titles)


@pytest.mark.parametrize(
    "rule",
    [
        "The port must not be 0.",
        "The default is 60 seconds.",
        "At most 12 slots are possible.",
        "デフォルト値は60000です。",
        "该参数是必须的。",
        "По умолчанию порт равен 80.",
        "لا يمكن استخدام هذا المنفذ.",
        "यह मान अनिवार्य है।",
        "Der Wert ist veraltet.",
        "Ce paramètre est obligatoire.",
    ],
)
def test_rules_are_shown_in_any_script(rule: str) -> None:
    """A sentence that states a rule is shown, wherever its paragraph has it."""
    inside = f"This begins quietly, with much that nobody needs to know. {rule} "
    assert rule in excerpt(document(inside + "So it ends, quietly.")).text


def test_notes_are_shown_whole() -> None:
    """A note that is set apart is shown with all its sentences."""
    note = "> **Note:** Keep it dry. Water ruins it. So does steam."
    assert note in excerpt(document(note)).text


def test_sentence_that_goes_over_lines_is_shown_whole() -> None:
    """A rule that a line break divides is shown to its end."""
    rule = "You must never pull out\nthe plug while it is hot."
    before = "Much was said before this in the same paragraph, and none of it counts."
    assert rule in excerpt(document(f"{before}\n{rule}")).text


def test_short_code_is_shown_whole() -> None:
    """A short block of code is shown with its fences."""
    code = "```sh\npip install toaster\n```"
    assert code in excerpt(document(f"## Installing\n\n{code}")).text


def test_tables_show_their_head() -> None:
    """A long table shows its head and some rows."""
    rows = "\n".join(f"| name{n} | {n} |" for n in range(60))
    shown = excerpt(document(f"| name | size |\n|------|------|\n{rows}")).text
    assert "| name | size |\n|------|------|\n| name0 | 0 |" in shown


def test_repeated_addresses_are_cut() -> None:
    """Addresses on one site are shown in part, with a mark."""
    site = "https://forge.example/acme/toaster"
    items = [f"* fixed bug {n} ([#{n}]({site}/issues/{n}))" for n in range(200)]
    text = excerpt("# Changes\n\n## 1.0\n\n" + "\n".join(items)).text
    assert f"* fixed bug 0 ([#0]({site}/issues/0))" in text
    assert "* fixed bug 1 ([#1](…/issues/1))" in text


def test_breaking_change_is_shown_among_many_entries() -> None:
    """In a changelog, what breaks is shown before what is repaired."""
    items = [f"* repaired the lever of model {n}" for n in range(600)]
    items[333] = "* **breaking:** the lever is gone"
    assert items[333] in excerpt("# Changes\n\n## 2.0\n\n" + "\n".join(items)).text


def test_help_text_is_a_document() -> None:
    """Of a help text, labels are headings and an option goes with its default."""
    options = "\n".join(
        f"  -{n}, --option-{n} <x>   Sets thing {n} of this program,\n"
        f"                       which is seldom of use."
        for n in "abcdefghijklmnopqrstuvwxyz" * 4
    )
    odd = "  --retries <n>        How often to try. The default is 5."
    text = f"Usage: x [options]\n\nOptions:\n{options}\n{odd}\n\nOthers:\n{options}"
    assert Markdown().likeness(Sample.of(text)) > 0.5
    shown = excerpt(text).text
    assert all(label in shown for label in ("Options:", "Others:", odd))


def test_error_message_in_a_paragraph_is_shown() -> None:
    """The message of an error is shown, also amid the lines of a paragraph."""
    line = "ERROR: quota exceeded on volume seven"
    text = document(
        f"{ORDINARY[1][:-1]} and\n{line}\nand more of what was said before."
    )
    assert line in excerpt(text).text


def test_capitals_are_heeded() -> None:
    """A sentence with `NOT` in capitals is shown."""
    rule = "Runs do NOT overlap."
    assert rule in excerpt(document(f"{ORDINARY[1]} {rule} {ORDINARY[2]}")).text


def test_what_the_call_asked_for_is_shown() -> None:
    """A sentence with a rare word of the tool call is shown."""
    told = excerpt(document("Here lives the marmot."), Interest(arguments=("marmot",)))
    assert "Here lives the marmot." in told.text


@pytest.mark.parametrize(
    "text",
    [
        document(),
        "# A\n\n## B\n\n```py\nx = 1\n```\n\n## C\n\n```py\ny = 2\n```\n",
        "Title\n=====\n\nWords.\n\nPart\n----\n\nWords.\n\nOther\n-----\n\nWords.\n",
        "これは文書です。とても長い文が続きます。そして終わります。\n" * 20,
    ],
)
def test_documents_are_recognised(text: str) -> None:
    """Markdown, reStructuredText and plain prose are documents."""
    assert Markdown().likeness(Sample.of(text)) > 0.3


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    y = x\n    return y\n" * 20,
        "name   size   state\n" * 20,
        "2024-01-01 10:00:00 INFO started the server on port 80\n" * 20,
        "a: 1\nb: 2\n" * 20,
        "",
    ],
)
def test_other_texts_are_no_documents(text: str) -> None:
    """Code, tables, logs and settings are left to others."""
    assert Markdown().likeness(Sample.of(text)) == 0


def test_blocks_of_a_document() -> None:
    """Each block is told by its looks."""
    text = "# T\n\ntext\nmore\n\n- a\n- b\n\n```\ncode\n```\n\n| x |\n|---|\n\n"
    blocks = read_blocks([*text.split("\n"), "> **Note:** n"])
    parts = [block.part for block in blocks]
    assert parts == [
        Part.HEADING,
        Part.TEXT,
        Part.ITEM,
        Part.ITEM,
        Part.CODE,
        Part.ROWS,
        Part.NOTE,
    ]


AWKWARD = st.text(
    alphabet=st.sampled_from("ab #*-_`|>.=~:[]()!。\n\t\ré"), max_size=500
)


@given(AWKWARD)
@settings(deadline=None, max_examples=200)
def test_pieces_shown_are_pieces_of_the_text(text: str) -> None:
    """No text makes the compressor fail, and what it shows are slices of the text."""
    reading = Markdown().read(text, Sample.of(text))
    if reading is None:
        assert not text.strip()
        return
    told = reading.excerpt(budget=40, interest=NOTHING_ASKED)
    lines = {line.rstrip("\r") for line in text.split("\n")}
    for line in (one.rstrip("\r") for one in told.text.split("\n")):
        pieces = line.split("…")
        whole = len(pieces) == 1 and (line in lines or line.startswith("[... "))
        clipped = len(pieces) > 1 and all(piece.strip() in text for piece in pieces)
        assert whole or clipped, line


def test_gaps_are_counted() -> None:
    """The marks of gaps and the lines shown add up to the lines of the text."""
    text = "# T\n\n" + "\n".join(f"- item number {n}" for n in range(500))
    shown = excerpt(text).text.split("\n")
    hidden = sum(
        int(hit[1].replace(",", ""))
        for line in shown
        if (hit := re.fullmatch(r"\[\.\.\. ([\d,]+) lines?\]", line))
    )
    told = sum(1 for line in shown if not line.startswith("[... "))
    assert hidden + told == len(text.split("\n"))
