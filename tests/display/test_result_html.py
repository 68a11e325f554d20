"""A result in a notebook: all of it, safe, and never too large."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import BaseMessage, HumanMessage
from shown_results import (
    HOSTILE,
    LOG,
    NAMES,
    RECORDS,
    compressed,
    conversation,
    results,
)

from headroom_langchain import (
    CompressionResult,
    HeadroomChatModel,
    InMemoryCCRStore,
    compress,
    compress_text,
)
from headroom_langchain.display.html import to_html
from headroom_langchain.display.view import Row, Texts, View
from headroom_langchain.testing import ScriptedChatModel

LARGEST = 900_000
VOID = {"br", "img", "meta", "link", "input", "hr"}
OURS = set(
    "code dd del details div dl dt em li p pre span strong style summary table tbody "
    "td th thead tr ul".split()
)


class _Page(HTMLParser):
    """Reads a piece of HTML whose tags must be closed in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names.update(name for name, _ in attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += data


def _read(html: str) -> _Page:
    html.encode("utf-8")
    return _Page(html)


def _row(before: str, after: str, who: str = "tool") -> Row:
    return Row(
        message=0,
        who=who,
        kind="text",
        omitted="some lines",
        key=None,
        skipped=None,
        tokens_before=len(before),
        tokens_after=len(after),
        texts=Texts(before=before, after=after),
    )


@pytest.mark.parametrize("name", NAMES)
def test_only_our_own_tags_are_there(name: str) -> None:
    """The tags are ours and closed in their order, and nothing acts or is loaded."""
    page = _read(results()[name]._repr_html_())
    assert set(page.tags) <= OURS
    assert page.names <= {
        "class",
        "style",
        "scope",
        "colspan",
        "role",
        "tabindex",
        "aria-label",
        "aria-hidden",
    }


@settings(deadline=None, max_examples=60)
@given(st.text(), st.text(), st.text())
def test_any_text_stays_text(before: str, after: str, who: str) -> None:
    """Whatever texts and names are, they add no tag and break out of none."""
    some = _read(to_html(View(rows=(_row("x", "y"),)))).tags
    page = _read(to_html(View(rows=(_row(before, after, who),))))
    assert set(page.tags) <= OURS
    assert page.tags.count("table") == some.count("table")


def test_hostile_texts_can_be_read() -> None:
    """A text that would break out stands there as it was, controls by their signs."""
    page = _read(to_html(View(rows=(_row(f"a\n{HOSTILE}", "a"),))))
    assert "</details></pre><script>alert(1)</script>" in page.text
    assert r"\x1b[31mred" in page.text
    assert r"\u202egnp" in page.text
    assert r"\ud800" in page.text


def test_every_figure_is_text() -> None:
    """Each text has its tool, its tokens, what was saved and what is hidden."""
    result = results()["every kind"]
    text = _read(result._repr_html_()).text
    for block in result.blocks:
        assert f"{block.tokens_before:,}" in text
        if block.tool:
            assert block.tool in text
        if block.omitted:
            assert f"{block.omitted} hidden" in text
    assert f"{result.tokens_before:,} → {result.tokens_after:,} tokens" in text


def test_what_was_hidden_is_folded_where_it_stood() -> None:
    """Of a log the lines that are sent can be read, and the rest is in folds."""
    result = compressed(conversation(log=LOG))
    html = result._repr_html_()
    unfolded = re.sub(
        r'<details class="hr-hidden">.*?</details>', "", html, flags=re.DOTALL
    )
    sent = str(result.messages[3].content).split("\n")
    for line in LOG.split("\n"):
        shown = line.replace("<", "&lt;").replace(">", "&gt;")
        assert shown in html
        assert (shown in unfolded) == (line in sent)
    assert "lines hidden" in html


def test_what_was_rewritten_is_told_so() -> None:
    """Records that are sent as a table stand beside it as they were."""
    html = compressed(conversation(records=RECORDS))._repr_html_()
    assert "Rewritten as a whole." in html
    assert "web-77" in html


def test_a_huge_text_is_cut_and_says_so() -> None:
    """Ten million characters make a page of bounded size that names the rest."""
    huge = "\n".join(f"{n} <&> {'x' * 80}" for n in range(110_000))
    rows = (_row(huge, huge[::2]), _row("x" * 10**7, huge), _row("a\nb\n" * 10**6, "a"))
    html = to_html(View(rows=rows, notes=(huge,)))
    assert len(html) < LARGEST
    assert "characters more" in html
    _read(html)


def test_many_huge_texts_are_not_all_shown() -> None:
    """Where texts would make the page too large, the later ones have figures only."""
    costly = '"&<>' * 50_000
    html = to_html(View(rows=(_row(costly, costly),) * 40))
    assert len(html) < LARGEST
    assert html.count('<tr class="hr-done">') == 40
    assert "there are too many texts" in html


def test_many_texts_are_folded() -> None:
    """A thousand texts make a page of bounded size, in which each has its row."""
    rows = tuple(_row(f"{LOG}\n{n}", "10:00:00 INFO served 0") for n in range(1000))
    html = to_html(View(rows=rows))
    assert len(html) < LARGEST
    assert html.count('<tr class="hr-done">') == 1000
    assert "940 texts more" in html
    more = to_html(View(rows=rows * 3))
    assert "… and 1,940 texts more" in more
    assert len(more) < LARGEST + 500_000


def test_texts_left_alone_are_put_together() -> None:
    """Texts in a row that were left alone are one fold, with their tokens."""
    result = results()["some left alone"]
    assert "texts left alone, " in result._repr_html_()
    alone = results()["all left alone"]._repr_html_()
    assert "0 of 4 texts compressed" in alone
    assert "4 texts left alone" in alone


def test_nothing_is_shown_as_nothing() -> None:
    """A result without messages says so, without a table."""
    html = results()["empty"]._repr_html_()
    assert "There was no text." in html
    assert "<table" not in html


def test_dicts_are_shown_like_messages() -> None:
    """Messages as OpenAI's API takes them are shown before and after."""
    given: list[dict[str, Any]] = [
        {"role": "user", "content": "Which disk?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "c",
                    "type": "function",
                    "function": {"name": "log", "arguments": "{}"},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c", "content": LOG},
    ]
    result = compress(given, store=InMemoryCCRStore())
    assert result.given == given
    assert "INFO served 100" in result._repr_html_()


def test_the_messages_that_were_given_are_kept() -> None:
    """A result has the very objects that were given, and its `repr` has no copies."""
    messages = conversation(log=LOG)
    result = compressed(messages)
    assert all(one is two for one, two in zip(result.given, messages, strict=True))
    assert "INFO served 100 " not in repr(result).replace("\\n", " ")


def test_texts_that_do_not_fit_the_report_are_not_shown() -> None:
    """Where an extension put other messages in, figures are shown, and no texts."""
    result = compressed(conversation(log=LOG))
    given: list[BaseMessage] = [HumanMessage("other")]
    other = CompressionResult(
        messages=result.messages, blocks=result.blocks, given=given
    )
    html = other._repr_html_()
    assert "before and after" not in html
    assert "log" in html


def test_one_text_is_shown_alike() -> None:
    """The result for a text has its figures and the text before and after."""
    result = compress_text(LOG, store=InMemoryCCRStore())
    page = _read(result._repr_html_())
    assert result.given == LOG
    assert "before and after" in page.text
    assert f"{result.omitted} hidden" in page.text
    left = _read(compress_text("short")._repr_html_())
    assert "left alone: below trigger" in left.text


def test_a_call_is_shown_without_texts() -> None:
    """The report of a call has figures, keys and what was retrieved."""
    inner = ScriptedChatModel(turns=["It is full."])
    model = HeadroomChatModel(inner, store=InMemoryCCRStore())
    model.invoke(conversation(log=LOG))
    assert model.report is not None
    page = _read(model.report._repr_html_())
    assert "net saved" in page.text
    assert str(model.report.blocks[3].key) in page.text
    assert "before and after" not in page.text


def test_rich_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook without `rich` shows results, and `repr` needs nothing."""
    monkeypatch.setitem(sys.modules, "rich", None)
    result = results()["every kind"]
    assert "tokens" in result._repr_html_()
    assert repr(result).startswith("CompressionResult(messages=[")
