"""The blocks of a text with markup: headings, paragraphs, items, code, tables, notes.

Markdown, reStructuredText and AsciiDoc are read line by line with the same eyes,
and so is a text without any markup: it consists of paragraphs.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

from .definitions import definition_at


class Part(Enum):
    """What a block is."""

    HEADING = auto()
    TEXT = auto()
    ITEM = auto()
    TERM = auto()
    """A term, such as an option, with what it means."""
    CODE = auto()
    ROWS = auto()
    NOTE = auto()
    """A note, a warning or the like that is set apart."""
    FILLER = auto()
    """A ruler, a badge, an image, a link target, a comment."""


class Block(NamedTuple):
    """Lines `first` to before `stop`, none of them blank at either end."""

    part: Part
    first: int
    stop: int
    level: int = 0
    """Of a heading: 1 is the highest. Of a term: the characters of its first line
    before its meaning, or 0 where that is below."""


_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_LISTING = re.compile(r"(-{4,}|\.{4,})\s*$")
_HASHES = re.compile(r"(#{1,6}|={1,6})[ \t]+\S")
_RULER = re.compile(r"([=\-~^\"'*+_#:.])\1{2,}\s*$")
_MARKED = r"(?:[-+•·\u2013]|\*{1,3}) |\d{1,3}[.)、] ?|\(\w{1,2}\) |:\w[^:]{0,40}: "
_ITEM = re.compile(
    rf"\s*(?:{_MARKED}|-{{1,2}}[\w?][\w=, <>-]*(?:\s|$)|[\w.$/-]{{2,40}} {{3,}}\S)"
)
_MANUAL = re.compile(r"(\S+\(\d\w*\)) .* \1$")
_RELEASE = re.compile(
    r"(?:\*{1,2} )?(?:(?:version|release|changes (?:in|with|for|between)|new in)\s+)?"
    r"(?:[\w-]{1,30} )?v?\d+\.\d+[\w.+-]*\s*(?:$|[(\[/:,\u2013-].{0,60}$)",
    re.IGNORECASE,
)
"""A line that opens the changes of one version."""
_MANUAL_ITEM = re.compile(rf"\s*(?:{_MARKED})")
_DIRECTIVE = re.compile(r"\s*\.\. (\w[\w-]*)::")
_APART = re.compile(
    r"\s*(?:>\s*)*(?:\[!\w+\]|!!! ?\w|\?\?\? ?\w|:::+ ?(?:note|tip|warn|caution|danger"
    r"|important|info)|(?:\*\*|__)?(?:\w{1,16} ){0,2}"
    r"(?:note|warning|caution|danger|important|attention"
    r"|nb|tip)(?:\*\*|__)?\s?[:!])",
    re.IGNORECASE,
)
_LITERAL = frozenset(
    ("code", "code-block", "sourcecode", "parsed-literal", "literalinclude")
)
_ADMONITIONS = frozenset(
    "note warning caution danger important tip hint attention error deprecated"
    " versionchanged versionadded admonition seealso versionremoved".split()
)
_UNSEEN = re.compile(
    r"\s*(?:\[!\[|!\[|<img|<p align|<a href|<!--|\.\. _|\[[^\]]+\]: ?http"
    r"|</?(?:p|div|a|br|center|details|h\d)\b[^<>]*>\s*$"
    r"|\.\. (?:image|figure|toctree|contents|only|raw)::"
    r"|[-*_] ?[-*_] ?[-*_][-*_ ]*$|\[//\])",
    re.IGNORECASE,
)
_CONTENTS = re.compile(r"\s*(?:[-*+]|\d+\.) \[[^\]]*\]\(#[^)]*\)\s*$")
_MOST_META: Final = 60
_CODE_INDENT: Final = 4
_MANUAL_INDENT: Final = 4
_PROBED: Final = 400
_PAIR: Final = 2
_MOST_LISTED: Final = 200
_MOSTLY: Final = 0.6
_TITLE: Final = 160
_TITLED: Final = 4
_LABEL: Final = 40
_WORDS_OF_PROSE: Final = 6


def read_blocks(lines: Sequence[str]) -> list[Block]:
    """Take a text apart into its blocks, in order.

    Args:
        lines: The lines of the text. Blank lines between blocks belong to none.
    """
    return _Reader(lines).blocks()


class _Reader:
    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._at = 0
        self._levels: dict[str, int] = {}
        self._found: list[Block] = []
        self._indented = _mostly_indented(lines)
        title = next((line for line in lines[:_TITLED] if line.strip()), "")
        self._manual = _MANUAL.match(title.strip()[:_TITLE]) is not None
        self._item = _MANUAL_ITEM if self._manual else _ITEM
        self._closers = {mark: _closers(lines, mark) for mark in "`~"}
        self._unclosed = {"`": len(lines), "~": len(lines)}

    def blocks(self) -> list[Block]:
        self._front_matter()
        size = len(self._lines)
        while self._at < size:
            line = self._lines[self._at]
            if not line or line.isspace():
                self._at += 1
            else:
                self._block(line)
        return self._found

    def _add(self, part: Part, stop: int, level: int = 0) -> None:
        self._found.append(Block(part, self._at, stop, level))
        self._at = stop

    def _front_matter(self) -> None:
        if not self._lines or self._lines[0].rstrip() != "---":
            return
        for at, line in enumerate(self._lines[1:_MOST_META], 1):
            if line.rstrip() == "---":
                self._add(Part.CODE, at + 1)
                return

    def _block(self, line: str) -> None:
        if self._fenced(line) or self._label(line) or self._heading(line):
            return
        if self._directive(line) or self._term():
            return
        text = line.lstrip()
        if text.startswith(("|", "+-", "+=")):
            self._add(Part.ROWS, self._while_rows())
        elif _APART.match(line):
            self._add(Part.NOTE, self._paragraph())
        elif _UNSEEN.match(line) or _RULER.match(text) or _CONTENTS.match(line):
            self._add(Part.FILLER, self._at + 1)
        elif self._item.match(line):
            self._add(Part.ITEM, self._paragraph())
        elif len(line) - len(text) >= _CODE_INDENT and self._is_literal():
            self._add(Part.CODE, self._while_indented(1))
        elif "|" in line and self._next().lstrip("|: \t").startswith("--"):
            self._add(Part.ROWS, self._while_rows())
        else:
            self._add(Part.TEXT, self._paragraph())

    def _next(self, step: int = 1) -> str:
        at = self._at + step
        return self._lines[at] if 0 <= at < len(self._lines) else ""

    def _heading(self, line: str) -> bool:
        mark = line[0]
        if mark in "#=" and (hit := _HASHES.match(line)) and len(line) < 2 * _TITLE:
            self._add(Part.HEADING, self._at + 1, len(hit[1]))
            return True
        if mark.isspace() or len(line) > _TITLE:
            return False
        return self._release(line) or self._ruled_heading(line)

    def _release(self, line: str) -> bool:
        """Take a line that opens the changes of a version."""
        if _RELEASE.match(line) is None or self._next(-1).strip():
            return False
        self._add(Part.HEADING, self._at + 1, self._level("release"))
        return True

    def _ruled_heading(self, line: str) -> bool:
        """Take a title with a ruler below it, or above and below."""
        mark = line[0]
        under = self._next()
        if _RULER.match(line):
            if under.strip() and self._next(2).rstrip() == line.rstrip():
                self._add(Part.HEADING, self._at + 3, self._level(mark * 2))
                return True
            return False
        if under[:1] == under[1:2] and _is_ruler_under(line, under):
            self._add(Part.HEADING, self._at + 2, self._level(under[0]))
            return True
        return False

    def _label(self, line: str) -> bool:
        """Take the title of what is indented below, as in a help text."""
        if self._manual and (title := self._manual_title(line)):
            self._add(Part.HEADING, self._at + 1, title)
            return True
        if len(line) > _LABEL or not line[0].isalpha():
            return False
        below = self._next() if self._next().strip() else self._next(2)
        is_label = line.isupper() or line.rstrip().endswith(":")
        if is_label and (below[:1].isspace() or "   " in below):
            self._add(Part.HEADING, self._at + 1, self._level("label"))
            return True
        return False

    def _manual_title(self, line: str) -> int:
        """Return the level of a title in a manual page, where only titles stand out."""
        indent = len(line) - len(line.lstrip())
        below = self._next() if self._next().strip() else self._next(2)
        deeper = len(below) - len(below.lstrip()) > indent
        if indent > _MANUAL_INDENT or not deeper or len(line) > _TITLE:
            return 0
        return 1 if indent == 0 else 2

    def _term(self) -> bool:
        """Take a term with its meaning, up to the next term, item or code."""
        if self._manual and not self._found:
            return False
        last = self._found[-1] if self._found else None
        after = last is not None and last.part is Part.TERM and last.stop == self._at
        found = definition_at(self._lines, self._at, after=after, item=self._item)
        if found is None:
            return False
        self._add(Part.TERM, found.stop, found.column)
        return True

    def _level(self, mark: str) -> int:
        return self._levels.setdefault(mark, len(self._levels) + 1)

    def _fenced(self, line: str) -> bool:
        hit = _FENCE.match(line)
        if hit is not None:
            return self._until_closed(hit[1][0], len(hit[1]))
        after_title = self._at and self._lines[self._at - 1].startswith("[")
        hit = _LISTING.match(line) if after_title else None
        if hit is None:
            return False
        for at in range(self._at + 1, min(len(self._lines), self._at + _MOST_LISTED)):
            if self._lines[at].rstrip() == hit[1]:
                self._add(Part.CODE, at + 1)
                return True
        return False

    def _until_closed(self, mark: str, length: int) -> bool:
        """Take the lines up to the fence that closes, where there is one."""
        if length >= self._unclosed[mark]:
            return False
        closers = self._closers[mark]
        while closers and closers[0][0] <= self._at:
            closers.popleft()
        for at, size in closers:
            if size >= length:
                self._add(Part.CODE, at + 1)
                return True
        # No later fence of this length or a longer one can be closed either.
        self._unclosed[mark] = length
        return False

    def _directive(self, line: str) -> bool:
        hit = _DIRECTIVE.match(line) if ".. " in line else None
        if hit is None or _UNSEEN.match(line):
            return False
        indent = len(line) - len(line.lstrip()) + 1
        part = Part.CODE if hit[1] in _LITERAL else Part.TEXT
        if hit[1] in _ADMONITIONS:
            part = Part.NOTE
        self._add(part, self._while_indented(indent))
        return True

    def _while_rows(self) -> int:
        at = self._at
        while at < len(self._lines) and ("|" in self._lines[at] or at == self._at):
            at += 1
        while at < len(self._lines) and self._lines[at].lstrip().startswith(("|", "+")):
            at += 1
        return at

    def _while_indented(self, indent: int) -> int:
        """Return the line after the last one that is indented, blank ones passed."""
        stop = at = self._at + 1
        while at < len(self._lines):
            line = self._lines[at]
            if line.strip():
                if len(line) - len(line.lstrip()) < indent:
                    break
                stop = at + 1
            at += 1
        return stop

    def _is_literal(self) -> bool:
        """Tell whether indented lines are code, and no prose of a list or a page."""
        before = self._found[-1] if self._found else None
        if self._indented:
            return False
        if before is not None:
            last = self._lines[before.stop - 1].rstrip()
            if last.endswith("::") or before.part is Part.CODE:
                return True
        text = self._lines[self._at].strip()
        return len(text.split()) < _WORDS_OF_PROSE or not text[:1].isupper()

    def _paragraph(self) -> int:
        """Return the line after a paragraph: a blank one, or where a block begins."""
        at = self._at + 1
        while at < len(self._lines):
            line = self._lines[at]
            text = line.lstrip()
            if not text or text.startswith(("```", "~~~", "|", "# ", "## ", "### ")):
                break
            if not text[0].isalnum() and self._item.match(line):
                break
            if (text[0].isdigit() or "   " in text) and self._item.match(line):
                break
            after = self._lines[at + 1] if at + 1 < len(self._lines) else ""
            if after[:1] == after[1:2] and _is_ruler_under(line, after):
                break
            at += 1
        return at


def _closers(lines: Sequence[str], mark: str) -> deque[tuple[int, int]]:
    """Return the lines that close fences, with how long they are."""
    return deque(
        (at, len(text))
        for at, line in enumerate(lines)
        if mark in line and len(text := line.strip()) > _PAIR and not text.strip(mark)
    )


def _mostly_indented(lines: Sequence[str]) -> bool:
    """Tell whether indentation is a matter of layout, as in a manual page."""
    filled = [line for line in lines[:_PROBED] if line.strip()]
    deep = sum(1 for line in filled if line.startswith(("    ", "\t")))
    return deep > _MOSTLY * len(filled)


def _is_ruler_under(title: str, ruler: str) -> bool:
    if not ruler[:1] or ruler[0].isalnum() or ruler[0].isspace():
        return False
    size = len(title.rstrip())
    return (
        _RULER.match(ruler) is not None
        and title[0].isalnum() | (title[0] in "`*:_\"'(<[@")
        and (2 * len(ruler.rstrip()) >= size or ruler[0] in "=-")
    )
