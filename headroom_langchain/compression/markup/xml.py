"""XML: records as tables, documents as lines, test reports by their failures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from headroom_langchain.compression.budget import power_budget
from headroom_langchain.compression.excerpt import Excerpt, Interest, Reading
from headroom_langchain.compression.gaps import show_spans
from headroom_langchain.compression.json.blocks import TITLE
from headroom_langchain.compression.json.packed import read_packed
from headroom_langchain.compression.json.reading import JsonReading
from headroom_langchain.compression.markup.choosing import (
    PagePieces,
    choose,
    omitted_pieces,
)
from headroom_langchain.compression.markup.junit import JUNIT_ROOTS, JUnitReading
from headroom_langchain.compression.markup.page_lines import PageLine
from headroom_langchain.compression.markup.xml_lines import comment_lines, read_lines
from headroom_langchain.compression.markup.xml_tree import read_tree
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.json_text import parse_json
from headroom_langchain.tokens import estimate_tokens

_FACTOR: Final = 2.7
_POWER: Final = 0.78
_REPORT: Final = 0.96
_CERTAIN: Final = 0.9
_PROBABLE: Final = 0.7
_COMMENTS: Final = 0.12
_MIXED: Final = 0.004
_FEWEST_PER_TAG: Final = 12
_PER_FRAME: Final = 300
"""Characters per frame of a stack trace where traces are what a document is for."""
_MANY_TAGS: Final = 30_000
_ROOT = re.compile(
    r"(?:<\?xml[^>]*>\s*|<\?[\w-]+[^>]*>\s*|<!--(?:[^-]|-(?!->))*+-->\s*"
    r"|<!DOCTYPE[^>\[]*(?:\[(?:[^\]]|\](?!>))*+\])?>\s*)*+<([A-Za-z_][\w.:-]*)([^>]*)>"
)
_TESTED = re.compile(r"<testcase\s")
_TAGGED = re.compile(r"\s*<")
_MOSTLY: Final = 0.4
_PAGE_TAGS: Final = frozenset("html head body div table p span ul ol script".split())
_HTML_NAMESPACE: Final = "http://www.w3.org/1999/xhtml"


class Xml:
    """Compresses XML of any vocabulary."""

    @property
    def kind(self) -> str:
        """The name `xml`."""
        return "xml"

    def likeness(self, sample: Sample) -> float:
        """Return 0.9 for a declared document, 0.7 for one element around all.

        A test report is 0.96: its stack traces do not make a log of it, which would
        not tell which tests failed.
        """
        beginning = sample.beginning
        found = _ROOT.match(beginning)
        if found is None or found.group(1).lower() in _PAGE_TAGS:
            return 0.0
        if _HTML_NAMESPACE in found.group(2):
            return 0.0
        if found.group(1) in JUNIT_ROOTS and _TESTED.search(beginning):
            return _REPORT
        if beginning.startswith("<?xml"):
            return _CERTAIN
        closing = f"</{found.group(1)}>"
        whole = sample.size <= len(beginning) + 1
        ended = sample.share(_TAGGED) > _MOSTLY
        if whole:
            ended = closing in beginning and beginning.rstrip().endswith(
                (closing, "-->")
            )
        return _PROBABLE if ended else 0.0

    def read(self, text: str, _sample: Sample) -> Reading | None:
        """Read a document.

        Returns:
            The reading; `None` when no element has anything in it, when nearly all
            is tags, so that hardly anything would be left to choose from, and when
            nearly all is stack traces, which are better read as lines.
        """
        tags = text.count("<")
        if tags > _MANY_TAGS and tags * _FEWEST_PER_TAG > len(text):
            return None
        tree = read_tree(text)
        if tree is None:
            return None
        if tree.root in JUNIT_ROOTS:
            report = JUnitReading.of(parse_json(tree.json))
            if report is not None:
                return report
        if text.count("\tat ") + text.count("    at ") > len(text) / _PER_FRAME:
            return None
        told = sum(map(len, tree.comments)) > _COMMENTS * len(text)
        if told or tree.mixed > _MIXED * len(text):
            # Both at once would take up much memory.
            del tree
            lines = read_lines(text)
            return XmlLinesReading(lines) if lines else None
        comments = [line for one in tree.comments for line in comment_lines(one)]
        value = read_packed(tree.json) or parse_json(tree.json)
        return XmlTreeReading(JsonReading.of(value), comments)

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        return power_budget(tokens, factor=_FACTOR, power=_POWER)


@dataclass(frozen=True, slots=True)
class XmlTreeReading:
    """A document of records, or of nested values."""

    values: JsonReading
    comments: list[PageLine]

    def lossless(self) -> str | None:
        """Return `None`: order and comments are part of a document."""
        return None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show the values as lines and tables.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        comments = XmlLinesReading(self.comments).excerpt(
            budget=round(_COMMENTS * budget), interest=interest
        )
        left = budget - estimate_tokens(comments.text)
        told = self.values.excerpt(budget=left, interest=interest)
        parts = [
            "XML; one line per element, records as tables",
            comments.text,
            told.text.removeprefix(f"{TITLE}\n"),
        ]
        missing = [
            "markup",
            comments.omitted.removeprefix("markup").replace("lines", "comments")[2:],
            told.omitted,
        ]
        return Excerpt(
            text="\n".join(filter(None, parts)),
            omitted=", ".join(filter(None, missing)),
        )


@dataclass(frozen=True, slots=True)
class XmlLinesReading:
    """A document of text, or of settings with comments."""

    lines: list[PageLine]

    def lossless(self) -> str | None:
        """Return `None`: white space may be part of a document."""
        return None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show elements and comments line by line.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        pieces = PagePieces(self.lines)
        shown = choose(pieces, budget, interest)
        text = show_spans(pieces.text, pieces.spans, shown)
        missing = "markup"
        if not all(shown):
            missing += f", {omitted_pieces(pieces.spans, shown)}"
        return Excerpt(text=text, omitted=missing)
