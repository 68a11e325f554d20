"""Every fenced block of the documentation runs, or is checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import DOCS, NAMES, PAGES, blocks
from playing import Page, check_command, same_output

from headroom_langchain.compression import registry


@pytest.mark.parametrize("name", NAMES)
def test_the_blocks_of_a_page_run_in_their_order(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a reader types works, and what a page shows is what is printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "88")
    # What a page registers ends with it.
    monkeypatch.setattr(registry, "_REGISTERED", dict(registry._REGISTERED))
    with Page(name, tmp_path) as page:
        page.play(blocks((DOCS / name).read_text("utf-8")))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("```python\nprint(1)\n```\n```text\n2\n```\n", "printed was"),
        ("```\nprint(1)\n```\n", "no such kind"),
        ("```console\nheadroom-langchain retreive x\n```\n", "invalid choice"),
        ("```console\npip install 'headroom-langchain[nothing]'\n```\n", "extra"),
        ("```console\npython -m tests.nothing\n```\n", "no module"),
        ("```console\nrm -rf /\n```\n", "no test knows"),
    ],
)
def test_a_block_that_is_wrong_fails(text: str, wrong: str, tmp_path: Path) -> None:
    """Output that differs, unknown kinds, commands, extras and modules are found."""
    page = Page("page.md", tmp_path)
    with pytest.raises(AssertionError, match=wrong):
        page.play(blocks(text))


def test_a_block_without_end_fails() -> None:
    """A fence that is never closed is no block."""
    with pytest.raises(ValueError, match="line 2"):
        list(blocks("text\n```python\nprint(1)\n"))


def test_a_fence_with_words_that_mean_nothing_fails() -> None:
    """Behind a fence stand a kind and perhaps a title."""
    with pytest.raises(ValueError, match="line 1"):
        list(blocks("```python skip\nprint(1)\n```\n"))


def test_a_block_with_a_title_is_a_file(tmp_path: Path) -> None:
    """What a page shows as a file is there for its commands."""
    with Page("page.md", tmp_path) as page:
        page.play(blocks('```text title="a.log"\nline\n```\n'))
    assert (tmp_path / "a.log").read_text("utf-8") == "line\n"


def test_a_line_of_dots_stands_for_any_lines() -> None:
    """What a page leaves out may be anything, and what it shows may not."""
    assert same_output("a\n...\nd\n", "a\nb\nc\nd\n")
    assert same_output("a\n...\nd\n", "a\nd\n")
    assert not same_output("a\n...\nd\n", "a\nb\nc\n")
    assert not same_output("a\n", "a\nb\n")


def test_commands_with_known_extras_pass() -> None:
    """An extra of pyproject.toml may be named."""
    check_command(["pip", "install", "headroom-langchain[agents]"])


def test_extras_in_the_text_are_those_of_the_package() -> None:
    """What a sentence tells to install can be installed."""
    for page in PAGES:
        text = page.read_text("utf-8")
        for named in re.findall(r"headroom-langchain\[[^\]]*\]", text):
            check_command(["pip", "install", named])
