"""What the lines of source code are: comments, imports, attributes, code.

Strings and comments that go over several lines are followed from line to line, so
that what stands inside them is not taken for code.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

from .source_languages import Blocks, Language


class Sort(IntEnum):
    """What a line of source code is."""

    BLANK = 0
    CLOSER = 1
    """Nothing but brackets and marks, or a word such as `end`."""
    COMMENT = 2
    """A comment, or a string that documents, as Python has them."""
    STRING = 3
    """Inside a string of several lines."""
    IMPORT = 4
    ATTRIBUTE = 5
    """A decorator, an annotation."""
    CODE = 6


@dataclass(slots=True)
class SourceLines:
    """The lines of one file of source code, taken apart; all lists are as long."""

    language: Language
    bodies: list[str] = field(default_factory=list)
    """The lines without indentation and trailing blanks."""
    indents: array[int] = field(default_factory=lambda: array("i"))
    """How far each line is indented; a tab counts as four."""
    sorts: bytearray = field(default_factory=bytearray)
    """The `Sort` of each line."""


_CLOSER = re.compile(r"(?:[\])}{(;,>]+|end[,;)]?|fi|done|esac|then|do)$")
_IMPORT = re.compile(
    r"(?:import|#\s*include|#\s*import|require|require_relative|package|use|pub use"
    r"|extern crate|using|load|source|\. /)(?:[ \t(\"'<{*]|$)"
    r"|from [\w.]+ import|export .{0,200}\bfrom ['\"]"
    r"|(?:const|let|var|local) [\w${}, :]{1,200} = require\b|@import "
)
_NO_IMPORT = re.compile(
    r"using \w+ = |using ?\(|use .*\bfn\b|source +=|load +=|package ="
    r"|.*\bfunction\b"
)
_ATTRIBUTE = re.compile(
    r"@[A-Za-z_][\w.:]*(?:\(.*\)?|\[.*)?$|#!?\[.*|\[[A-Z][\w.]*.*\]$"
)
_TRIPLE = re.compile(r"\"\"\"|'''")
_DOCUMENTS = re.compile(r"[rRuUbBfF]{0,2}(?:\"\"\"|''')")
_FIRST_WORDS = tuple(
    "import from include require package use extern pub using load source export const"
    " let var local end fi done esac then do".split()
)
"""How an import, or a line that closes a block, begins if it begins with a letter."""

_TAB = 4
_LONGEST_BRACKET = 60
_PROBED = 400
_SHORT = 20
_KNOWN = 2000


def read_source(texts: Iterable[str], language: Language) -> SourceLines:
    """Take lines of source code apart.

    Args:
        texts: The lines, without line breaks.
        language: What language they are in.
    """
    lines = SourceLines(language=language)
    reader = _Reader(language)
    bodies, indents, sorts = lines.bodies, lines.indents, lines.sorts
    blank, sort = Sort.BLANK, reader.sort
    # Short lines such as `return None` come again and again: they are kept once.
    known: dict[str, str] = {}
    for at, text in enumerate(texts):
        body = text.strip()
        if len(body) <= _SHORT and len(known) < _KNOWN:
            body = known.setdefault(body, body)
        bodies.append(body)
        if not body:
            indents.append(0)
            sorts.append(blank)
            continue
        indent = text.index(body[0])
        if indent and "\t" in text:
            indent += (_TAB - 1) * text.count("\t", 0, indent)
        indents.append(indent)
        sorts.append(sort(body, at))
    if reader.open_since >= 0 and reader.closer in ('"""', "'''"):
        _reopen(lines, reader.open_since)
    return lines


def _reopen(lines: SourceLines, start: int) -> None:
    """Read on behind a string that never ends, as if it had not begun."""
    reader = _Reader(lines.language)
    reader.triple = False
    for at in range(start, len(lines.bodies)):
        if lines.bodies[at]:
            lines.sorts[at] = reader.sort(lines.bodies[at], at)


class _Reader:
    """Goes from line to line and knows what is open."""

    def __init__(self, language: Language) -> None:
        self.closer = ""
        self.open_since = -1
        self.triple = language.blocks is Blocks.INDENTED
        self._braced = language.blocks is Blocks.BRACED
        self._comments = language.comments
        self._inside = Sort.STRING
        self._depth = 0
        self._left = 0
        self._bracket = Sort.CODE
        self._at = -1

    def sort(self, body: str, at: int) -> Sort:
        """Return what a line is that is not blank."""
        self._at = at
        if self.closer:
            return self._within(body)
        if body.startswith(self._comments):
            attribute = self._braced and body.startswith(("#[", "#!["))
            return Sort.ATTRIBUTE if attribute else Sort.COMMENT
        if self._braced and "/*" in body and (sort := self._commented(body)):
            return sort
        if self.triple and _TRIPLE.search(body) and (sort := self._quoted(body)):
            return sort
        if not self._left and body[0].isalpha() and not body.startswith(_FIRST_WORDS):
            return Sort.CODE
        return self._bracketed(body[:_PROBED])

    def _within(self, body: str) -> Sort:
        sort = self._inside
        if self.closer in body:
            self.closer = ""
            self.open_since = -1
        return sort

    def _open(self, closer: str, inside: Sort) -> None:
        self.closer, self._inside, self.open_since = closer, inside, self._at

    def _commented(self, body: str) -> Sort | None:
        opened = body.rfind("/*")
        if body.find("*/", opened + 2) < 0:
            before = body[:opened]
            if opened == 0 or (before[-1:] == " " and before.count('"') % 2 == 0):
                self._open("*/", Sort.COMMENT)
        alone = body.startswith("/*") and (self.closer or body.endswith("*/"))
        return Sort.COMMENT if alone else None

    def _quoted(self, body: str) -> Sort | None:
        documents = _DOCUMENTS.match(body) is not None
        first = _TRIPLE.search(body)
        quote = first[0] if first else '"""'
        if body.count(quote) % 2:
            self._open(quote, Sort.COMMENT if documents else Sort.STRING)
        return Sort.COMMENT if documents else None

    def _bracketed(self, body: str) -> Sort:
        if self._left:
            self._left -= 1
            self._depth += _depth(body)
            if self._depth <= 0:
                self._left = 0
            return self._bracket
        if _CLOSER.match(body):
            return Sort.CLOSER
        sort = _sort_of(body)
        if sort != Sort.CODE:
            self._depth = _depth(body)
            self._left = _LONGEST_BRACKET if self._depth > 0 else 0
            self._bracket = sort
        return sort


def _sort_of(body: str) -> Sort:
    if body[0] in "@#[" and _ATTRIBUTE.match(body):
        return Sort.ATTRIBUTE
    if _IMPORT.match(body) and not _NO_IMPORT.match(body):
        return Sort.IMPORT
    return Sort.CODE


def _depth(body: str) -> int:
    opened = body.count("(") + body.count("{") + body.count("[")
    return opened - body.count(")") - body.count("}") - body.count("]")
