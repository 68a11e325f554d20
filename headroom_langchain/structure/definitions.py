"""Terms with what they mean below or beside them, as manuals and help texts list them.

An option, a keyword, a variable or an exit status stands at the beginning of a line.
Its meaning is indented deeper, or stands beside it in a second column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_ARGUMENT: Final = (
    r"(?:[ =]?(?:<[^<>]{1,80}>|\[[^\[\]]{1,40}\]|\{[^{}]{1,80}\}"
    r"|[A-Z][A-Z_\d.-]*(?![a-z]))|=[^\s,]{1,40})"
)
_SWITCH: Final = rf"[-+]{{1,2}}[\w?@#][\w.+:-]*{_ARGUMENT}{{0,4}}"
_OPTION = re.compile(rf"{_SWITCH}(?:(?:, ?| \| |/| or | ){_SWITCH}){{0,6}}")
_ITEM = re.compile(r"(?:(?:[-+•·\u2013]|\*{1,3}) |\d{1,3}[.)、] |\(\w{1,2}\) |[|>`~])")
_NO_MEANING: Final = ("```", "~~~", "|", "+-", "+=", ".. ")
_OPENING: Final = "-+"
_SENTENCE_ENDS: Final = (".", ",", ";", "!", "?", "。", "、", "::")
_LONGEST: Final = 72
_WIDEST: Final = 42
_WIDE_GAP: Final = 3
_MOST_WORDS: Final = 4
_DEEPER: Final = 2
_NOTATION: Final = frozenset("=<[{(/_*")


class Definition(NamedTuple):
    """A term and what it means."""

    stop: int
    """The line after its last."""
    column: int
    """Where its meaning begins in the first line, or 0 where that is below."""


class Term(NamedTuple):
    """A term at the beginning of a line."""

    indent: int
    """The characters of white space before it."""
    column: int
    """Where its meaning begins in the line, or 0 where that is below."""


def definition_at(
    lines: Sequence[str], at: int, *, after: bool, item: re.Pattern[str]
) -> Definition | None:
    """Read the definition that begins in a line, up to the next one, or to an item.

    Args:
        lines: The lines of the text.
        at: The number of the line.
        after: The line before is the last one of a definition.
        item: What the first line of an item of a list looks like.
    """
    term = _term(lines, at, after=after)
    if term is None:
        return None
    stop = at = at + 1
    while at < len(lines):
        line = lines[at]
        text = line.lstrip()
        if text:
            shallow = len(line) - len(text) <= term.indent
            if shallow or text.startswith(_NO_MEANING) or item.match(line):
                break
            if _term(lines, at, after=False):
                break
            stop = at + 1
        at += 1
    return Definition(stop, term.column)


def _term(lines: Sequence[str], at: int, *, after: bool) -> Term | None:
    line = lines[at]
    text = line.strip()
    indent = len(line) - len(line.lstrip())
    if not text or _ITEM.match(text):
        return None
    before = lines[at - 1] if at else ""
    if not after and before.strip() and _indent(before) == indent:
        return None
    if text[0] in _OPENING:
        return _option(line, indent)
    below = lines[at + 1] if at + 1 < len(lines) else ""
    return _beside(line, text, indent, below) or _above(text, indent, below)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _option(line: str, indent: int) -> Term | None:
    hit = _OPTION.match(line, indent)
    if hit is None:
        return None
    rest = line[hit.end() :]
    text = rest.lstrip()
    if not text:
        return Term(indent, 0)
    gap = rest.find("  ")
    if 0 < gap <= _WIDEST and not rest.startswith(" "):
        text = rest[gap:].lstrip()
    return Term(indent, len(line) - len(text))


def _beside(line: str, text: str, indent: int, below: str) -> Term | None:
    """A term with its meaning in a second column."""
    gap = text.find("  ", 0, _WIDEST)
    if gap <= 0:
        return None
    rest = text[gap:].lstrip()
    column = indent + len(text) - len(rest)
    spaces = column - indent - gap
    goes_on = below.strip() != "" and _indent(below) == column
    wide = spaces >= _WIDE_GAP
    alike = (
        _indent(below) == indent
        and below[column : column + 1].strip() != ""
        and below[column - 2 : column] == "  "
    )
    alone = wide and " " not in text[:gap] and (not below.strip() or alike)
    if goes_on or (wide and alike) or alone:
        return Term(indent, len(line.rstrip()) - len(rest))
    return None


def _above(text: str, indent: int, below: str) -> Term | None:
    """A term with its meaning below it, indented deeper."""
    if len(text) > _LONGEST or text.endswith(_SENTENCE_ENDS):
        return None
    if not below.strip() or _indent(below) < indent + _DEEPER:
        return None
    few = text.count(" ") < _MOST_WORDS
    if few or not _NOTATION.isdisjoint(text):
        return Term(indent, 0)
    return None
