"""What each line of a source file is worth to somebody who cannot see all of it.

Heads of definitions come first, then fields and constants, then what can go wrong,
first sentences of documentation, imports, and what else stands out in a body.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from headroom_langchain.compression.code.notable import Note, notes
from headroom_langchain.structure.source_languages import Blocks
from headroom_langchain.structure.source_lines import Sort, SourceLines
from headroom_langchain.structure.source_symbols import Symbol


class Worth(IntEnum):
    """How soon lines are shown; the smaller, the sooner."""

    ODD = 0
    """What code hardly ever has: prose, a failure in capitals, a very large number."""
    HEAD = 1
    """The head of a function or type, with its decorators."""
    CONSTANT = 2
    """A name and its value, outside of any function."""
    FIELD = 3
    """A field, a declaration, a statement, outside of any function."""
    ALARM = 4
    """Something raised, unsafe, deprecated or left to do."""
    DOC = 5
    """The first sentence of what documents a definition."""
    MEMBER = 6
    """One of the first lines inside a statement of several lines."""
    IMPORT = 7
    NESTED = 8
    """The head of a definition inside a function."""
    NOTABLE = 9
    """A limit, a default, a failure in words, inside a body or a comment."""
    REST = 10
    """Other lines outside of functions."""


@dataclass(frozen=True, slots=True)
class Worths:
    """The lines of one file by their worth, in groups that are shown together."""

    groups: dict[Worth, list[Sequence[int]]] = field(
        default_factory=lambda: {worth: [] for worth in Worth}
    )

    def add(self, worth: Worth, group: Sequence[int]) -> None:
        """Add lines that are shown together or not at all."""
        self.groups[worth].append(group)


_SENTENCE = re.compile(r"[.!?。\uff01](?:[\s)\"'*]|$)|\*/|[^\s\"'](?:\"\"\"|''')|:$")
_LICENCE = re.compile(r"copyright|licen[cs]e|spdx|all rights|\(c\) ", re.IGNORECASE)
_PROSE = re.compile(
    r"(?!(?:return|yield|assert|raise|global|nonlocal|del|if|not|else|case|when|await"
    r"|using|typedef|break|continue|goto|go|defer|echo|throw|new|print)\b)"
    r"[^\W\d_][\w'-]*(?: [\w'-]+[.,]?){2,}$"
)
_MARKS = frozenset("{}()[];:,=\\")
_CONSTANT = re.compile(
    r"#\s*define \w+[( \t]+\S|typedef .*;|using \w+ =|(?:export )?type \w+ ?[=<]"
    r"|(?:[\w<>\[\],:&*]+ +){0,6}"
    r"[A-Z_][A-Z0-9_]{2,}\b[^=()]{0,80}="
    r"|(?:export |pub |static |final )*(?:const|constexpr|val|readonly) .{0,200}="
)
_OF_NOTE = {
    Note.COMMON: Worth.REST,
    Note.NOTABLE: Worth.NOTABLE,
    Note.ALARM: Worth.ALARM,
}
_LIST = re.compile(r"(?:export |typedef )*(?:const|var|type|enum)\b[^=]*[({]$")
_CONDITION = re.compile(r"#\s*(?:if|ifdef|ifndef|else|elif|endif)\b|__\w+$")
_DECLARATION = re.compile(
    r"(?!(?:return|throw|new|delete|await|yield|else|goto|case|typedef|using|const)\b)"
    r"[\w:<>\[\],.&*?]+ [^=(;]{1,160}\("
)
_DECLARED_LINES = 6
_TEXT = re.compile(r"[^\W_]{2}")
_DOC_LINES = 2
_LITERAL = 5
_WIDE_CALL = 3
_SAME = 2


def weigh(lines: SourceLines, symbols: Sequence[Symbol]) -> Worths:
    """Say what the lines of a file are worth.

    Args:
        lines: The lines of the file.
        symbols: Its functions and types.
    """
    return _Weigher(lines, symbols).weigh()


class _Weigher:
    """Sorts the lines of one file."""

    def __init__(self, lines: SourceLines, symbols: Sequence[Symbol]) -> None:
        self._bodies = lines.bodies
        self._indents = lines.indents
        self._sorts = lines.sorts
        self._symbols = symbols
        self._taken = bytearray(len(lines.bodies))
        self._in_body = bytearray(len(lines.bodies))
        self._worths = Worths()
        # In languages without braces or colons a statement may look like prose.
        self._commands = lines.language.blocks is Blocks.ENDED
        self._notes = notes(lines.bodies)
        self._said: Counter[str] = Counter()

    def weigh(self) -> Worths:
        for symbol in self._symbols:
            outer = not self._in_body[symbol.first]
            self._head(symbol, Worth.HEAD if outer else Worth.NESTED)
            if not symbol.holds and outer:
                size = symbol.last - symbol.head
                self._in_body[symbol.head + 1 : symbol.last + 1] = b"\1" * size
        at = 0
        while at < len(self._bodies):
            sort = self._sorts[at]
            if sort is Sort.COMMENT and not self._taken[at]:
                at = self._comments(at)
                continue
            if not self._taken[at] and sort > Sort.COMMENT:
                at = self._statement(at, sort)
                continue
            at += 1
        return self._worths

    def _head(self, symbol: Symbol, worth: Worth) -> None:
        first = symbol.first
        while first and self._sorts[first - 1] is Sort.ATTRIBUTE:
            first -= 1
        group = range(first, symbol.head + 1)
        for at in group:
            self._taken[at] = 1
        self._worths.add(worth, group)

    def _comments(self, start: int) -> int:
        """Sort a run of comment lines; return where it ends."""
        stop = start
        while (
            stop < len(self._bodies)
            and self._sorts[stop] is Sort.COMMENT
            and not self._taken[stop]
        ):
            stop += 1
        rest = start
        if not self._in_body[start] or self._documents(start):
            sentence = list(self._sentence(start, stop))
            licence = any(_LICENCE.search(self._bodies[at]) for at in sentence)
            self._worths.add(Worth.REST if licence else Worth.DOC, sentence)
            rest = sentence[-1] + 1 if sentence else start
        for at in range(rest, stop):
            self._notice(at)
        return stop

    def _documents(self, at: int) -> bool:
        """Whether a comment in a body begins it, as a docstring does."""
        return at > 0 and bool(self._taken[at - 1]) and self._bodies[at][0] in "\"'rRuU"

    def _sentence(self, start: int, stop: int) -> Iterator[int]:
        found = 0
        for at in range(start, stop):
            if _TEXT.search(self._bodies[at]):
                yield at
                found += 1
                if found == _DOC_LINES or _SENTENCE.search(self._bodies[at]):
                    return
            elif found:
                return

    def _statement(self, at: int, sort: Sort) -> int:
        """Sort a line of code and what belongs to it; return the next line."""
        if self._in_body[at]:
            if sort in (Sort.CODE, Sort.STRING):
                self._notice(at)
            return at + 1
        if sort is not Sort.CODE:
            worth = Worth.IMPORT if sort is Sort.IMPORT else Worth.REST
            self._worths.add(worth, (at,))
            return at + 1
        stop = at + 1
        while stop < len(self._bodies) and self._goes_on(at, stop):
            stop += 1
        if stop - at <= _DECLARED_LINES and self._declares(at, stop):
            self._worths.add(Worth.HEAD, range(at, stop))
            return stop
        lists = _LIST.match(self._bodies[at]) is not None
        worth = Worth.FIELD
        if _CONSTANT.match(self._bodies[at]):
            worth = Worth.CONSTANT
        elif _CONDITION.match(self._bodies[at]):
            worth = Worth.REST
        self._field(at, worth)
        for inner in range(at + 1, stop):
            if self._sorts[inner] is Sort.COMMENT:
                self._notice(inner)
            else:
                near = inner - at <= _LITERAL
                member = Worth.FIELD if lists else Worth.MEMBER
                self._field(inner, member if near or lists else Worth.REST)
        return stop

    def _declares(self, at: int, stop: int) -> bool:
        """Whether lines are the head of a function that has its body elsewhere."""
        body = self._bodies[at]
        if self._commands or not self._bodies[stop - 1].endswith(";"):
            return False
        return _DECLARATION.match(body) is not None

    def _field(self, at: int, worth: Worth) -> None:
        self._worths.add(worth, (at,))
        odd = self._notes[at] == Note.ODD or self._is_prose(at, self._bodies[at])
        if odd or worth in (Worth.REST, Worth.MEMBER):
            self._notice(at)

    def _goes_on(self, at: int, stop: int) -> bool:
        """Whether a line belongs to the statement that began above it."""
        if self._taken[stop] or self._in_body[stop]:
            return False
        sort = self._sorts[stop]
        if sort is Sort.STRING:
            return True
        deeper = self._indents[stop] > self._indents[at] and sort is not Sort.BLANK
        return deeper and sort is not Sort.IMPORT

    def _notice(self, at: int) -> None:
        """Take note of a line inside a body, if anything about it stands out."""
        body = self._bodies[at]
        if self._notes[at] == Note.ODD or self._is_prose(at, body):
            worth = Worth.ODD
        elif self._notes[at]:
            worth = _OF_NOTE[Note(self._notes[at])]
        else:
            return
        self._said[body] += 1
        if self._said[body] <= _SAME:
            self._worths.add(worth, self._with_arguments(at))

    def _is_prose(self, at: int, body: str) -> bool:
        if self._commands or self._sorts[at] is not Sort.CODE:
            return False
        return body[-1] not in _MARKS and _PROSE.match(body) is not None

    def _with_arguments(self, at: int) -> Sequence[int]:
        """A line, and those below that hold the arguments of its call."""
        stop = at + 1
        if self._bodies[at].endswith(("(", "{")) and self._sorts[at] is Sort.CODE:
            most = min(len(self._bodies), at + 1 + _WIDE_CALL)
            while stop < most and self._indents[stop] > self._indents[at]:
                stop += 1
        return range(at, stop)


def merged(parts: Sequence[tuple[int, Worths]]) -> Worths:
    """Put the lines of several files together.

    Args:
        parts: For each file the number of its first line, and its lines.
    """
    if len(parts) == 1 and not parts[0][0]:
        return parts[0][1]
    whole = Worths()
    for offset, worths in parts:
        for worth, groups in worths.groups.items():
            for group in groups:
                whole.add(worth, [offset + at for at in group])
    return whole
