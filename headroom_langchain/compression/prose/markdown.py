"""Documents: Markdown, reStructuredText, AsciiDoc, help texts, and plain prose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from headroom_langchain.compression.budget import power_budget
from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.compression.prose.links import Links
from headroom_langchain.compression.prose.pieces import Document
from headroom_langchain.compression.prose.selection import Selection
from headroom_langchain.compression.prose.show import omitted, show
from headroom_langchain.compression.sample import Sample

_FACTOR = 2.56
_POWER = 0.8
_CERTAIN = 0.7
_LIKELY = 0.4
_NAMES = (".md", ".rst", ".adoc", ".markdown", ".mdx")
_HEADING = re.compile(r"#{2,6} \S|={2,6} [^=]+$")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_DEEPER = re.compile(
    r"#{2,6} \S|={2,6} [^=]+$|\.\. [\w-]+::|\s*```\w*$"
    r"|[^\[]{0,200}\[[^\]\[]+\]\((?:http|#)"
)
_PROSE = re.compile(
    r"\s{0,12}(?:[-*+>] |\d+\. )?[^\W\d_](?:[\w'\u2019/(`-]+[.,;:)]{0,2} ){4}"
    r"|[^\x00-\u2fff]{12}"
)
# It begins with the mark, not with what stands before: so it is found far faster.
_SENTENCE = re.compile(
    r"[.!?。\uff01\uff1f](?:(?<=[^\W\d_)`\"'][.!?])(?:\s+[A-Z\"'(]|\s*$)"
    r"|(?<=[。\uff01\uff1f]))"
)
_FOREIGN = re.compile(
    r"\s*(?:[\w.]+\(.*\)$|diff --git|@@ -|import |from \w+ import|def "
    r"|class |func |return\b|<[a-z!/?]|[\w.-]+: ?\S{0,40}$|[\w.-]+ ?= ?\S"
    r"|\[?\d{2,4}[-/:]\d{2}[-/:]\d|(?:[\w./-]+[:-]\d+[:-]))"
)
_CODE_ENDS = (";", "{", "}")
_OPTION = re.compile(r"\s+-{1,2}[A-Za-z?][\w-]*(?:[ =,\[<]|$)")
_MANUAL = re.compile(r"\s*(\S{1,40}\(\d\w*\)) .{1,120} \1\s")
"""The first line of a manual page."""
_ABOVE = 800
_LEAST_OPTIONS = 0.12
_MOST_FOREIGN = 0.35
_LEAST_PROSE = 0.45
_LEAST_SENTENCES = 0.2
_LEAST_MARKS = 3
_A_PAIR = 2
_MOST_LINES = 20_000
_RULERS = tuple("=-~^\"'*+#")
_OVERHANG = 3


class Markdown:
    """Compresses documents."""

    @property
    def kind(self) -> str:
        """The name `markdown`."""
        return "markdown"

    def likeness(self, sample: Sample) -> float:
        """Return up to 0.7 for a text that consists of prose and markup."""
        lines = sample.lines
        headings = len(tuple(filter(_HEADING.match, lines)))
        fences = len(tuple(filter(_FENCE.match, lines)))
        if min(headings, fences) >= _A_PAIR:
            return _CERTAIN
        if _MANUAL.match(sample.beginning):
            return _CERTAIN
        usage = "usage" in sample.beginning[:_ABOVE].lower()
        if usage and sample.share(_OPTION) >= _LEAST_OPTIONS:
            return _CERTAIN
        deeper = len(tuple(filter(_DEEPER.match, lines))) + _ruled(lines)
        named = sample.named(*_NAMES)
        if deeper >= _LEAST_MARKS and (named or not _is_foreign(lines)):
            return _CERTAIN
        if sample.share(_PROSE) < _LEAST_PROSE or _is_foreign(lines):
            return 0.0
        sentences = len(tuple(filter(_SENTENCE.search, lines)))
        return _LIKELY if sentences >= _LEAST_SENTENCES * len(lines) else 0.0

    def read(self, text: str, _sample: Sample) -> MarkdownReading | None:
        """Read a document.

        Returns:
            The reading; `None` for a text without any visible character, and for
            one of more lines than people write.
        """
        if text.count("\n") > _MOST_LINES or not text.strip():
            return None
        return MarkdownReading(text)

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        return power_budget(tokens, factor=_FACTOR, power=_POWER)


def _is_foreign(lines: Sequence[str]) -> bool:
    """Whether many lines are those of code, settings or logs."""
    foreign = sum(
        1 for line in lines if line.endswith(_CODE_ENDS) or _FOREIGN.match(line)
    )
    return foreign >= _MOST_FOREIGN * len(lines)


def _ruled(lines: Sequence[str]) -> int:
    """Count the titles with a line of one character below that is as long."""
    return sum(
        1
        for title, ruler in pairwise(lines)
        if ruler[:1] in _RULERS
        and title[:1].isalnum()
        and 0 <= len(ruler.rstrip()) - len(title.rstrip()) <= _OVERHANG
        and not ruler.strip().strip(ruler[0])
    )


@dataclass(frozen=True, slots=True)
class MarkdownReading:
    """One document."""

    text: str

    def lossless(self) -> str | None:
        """Return `None`: in code blocks and tables every character may matter."""
        return None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show the outline of the document, and what it states.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        document = Document(self.text)
        links = Links(self.text)
        shown = Selection(document, links).shown(budget, interest)
        text = links.cut_but_first(show(document, shown))
        return Excerpt(text=text, omitted=omitted(document, shown))
