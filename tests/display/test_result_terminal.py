"""A result in a terminal: all figures, in any width, with and without color."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console
from shown_results import LOG, NAMES, compressed, conversation, results

from headroom_langchain import HeadroomChatModel, InMemoryCCRStore, compress_text
from headroom_langchain.reports.report import CallReport, RetrievalReport
from headroom_langchain.testing import ScriptedChatModel


def _printed(
    shown: object, *, width: int = 100, color: bool = False, encoding: str = "utf-8"
) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    console = Console(file=file, width=width, force_terminal=color, _environ={})
    console.print(shown)
    file.seek(0)
    return file.read()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 200])
@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_too_long(name: str, width: int) -> None:
    """Every line fits the terminal."""
    lines = _printed(results()[name], width=width).split("\n")
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("width", [60, 80, 140, 200])
def test_figures_are_there_at_any_width(width: int) -> None:
    """Tokens, keys and what is hidden can be read at any width."""
    result = results()["every kind"]
    words = re.sub(r"\s+", " ", _printed(result, width=width))
    for block in result.blocks:
        assert f"{block.tokens_before:,}" in words
        if block.key:
            assert block.key in words
            assert f"{block.tokens_after:,}" in words
    assert f"{result.tokens_before:,} → {result.tokens_after:,} tokens" in words


def test_each_text_has_a_bar() -> None:
    """Each line of the table ends with a bar; the largest text has the longest."""
    result = compressed(conversation(log=LOG, small="\n".join(LOG.split("\n")[:60])))
    lines = _printed(result, width=100).split("\n")
    bars = {
        line.split()[1]: len(line.rpartition("%")[2].strip())
        for line in lines
        if "░" in line
    }
    assert bars["log"] > 2 * bars["small"] > 0


def test_color_adds_no_words() -> None:
    """Without its colors the output is the one without color."""
    result = results()["every kind"]
    colored = _printed(result, color=True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == _printed(result)


def test_a_terminal_without_unicode_gets_ascii() -> None:
    """Where only ASCII can be written the bars are made of it."""
    shown = _printed(results()["every kind"], encoding="ascii")
    assert shown.isascii()
    assert "#." in shown


def test_hostile_names_do_nothing() -> None:
    """The name of a tool is shown, and the terminal obeys none of it."""
    shown = _printed(results()["hostile"], color=False)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert r"<b>tool\x1b\u202e" in shown


def test_names_are_no_markup() -> None:
    """A name in brackets is no style."""
    assert "[bold]x" in _printed(compressed(conversation(**{"[bold]x": LOG})))


def test_many_texts_end_in_one_line() -> None:
    """Of a thousand texts sixty have lines, and the others one together."""
    result = compressed(conversation(log=LOG) * 200)
    shown = _printed(result, width=100)
    assert len(shown.split("\n")) < 140
    assert "texts more" in shown


def test_one_text_and_nothing_are_shown() -> None:
    """A text by itself has a row and a key; no text is told so."""
    result = compress_text(LOG, store=InMemoryCCRStore())
    assert str(result.key) in _printed(result)
    assert "There was no text." in _printed(results()["empty"])


def test_a_call_is_shown_with_its_notes() -> None:
    """The report of a call has the net figure, what was retrieved, and notes."""
    inner = ScriptedChatModel(turns=["It is full."])
    model = HeadroomChatModel(inner, store=InMemoryCCRStore())
    model.invoke(conversation(log=LOG))
    assert "net saved" in _printed(model.report)
    asked = RetrievalReport(round=1, arguments='{"query": "x"}', tokens=9, error=False)
    failed = CallReport(blocks=(), retrievals=(asked,), rounds=2, notes=("disk full",))
    shown = _printed(failed)
    assert 'request 1: {"query": "x"}, 9 tokens' in shown
    assert "note: disk full" in shown
    assert "requests: 2" in shown
