"""What each line of a source file is worth to somebody who cannot see all of it.

Heads of definitions come first, then fields and constants, then what can go wrong,
first sentences of documentation, imports, and what else stands out in a body.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from headroom_langchain.compression.code.notable import Note
from headroom_langchain.compression.code.worths import Worth, Worths
from headroom_langchain.structure.source_languages import Blocks
from headroom_langchain.structure.source_lines import Sort, SourceLines
from headroom_langchain.structure.source_symbols import Symbol

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
_OPTION = re.compile(
    r"(?:(?:readonly|static|public|declare) )*[\w$\"'-]{1,80}"
    r"(?:\?[:(]|: ?[^=;]{1,80} = \S)"
)
_CONDITION = re.compile(r"#\s*(?:if|ifdef|ifndef|else|elif|endif)\b|__\w+$")
_DECLARATION = re.compile(
    r"(?!(?:return|throw|new|delete|await|yield|else|goto|case|typedef|using|const)\b)"
    r"[\w:<>\[\],.&*?]+ [^=(;]{1,160}\("
)
_DECLARED_LINES = 6
_TEXT = re.compile(r"[^\W_]{2}")
_DEFINING = (Worth.CONSTANT, Worth.OPTION)
_DOC_LINES = 2
_LITERAL = 5
_WIDE_CALL = 3
_SAME = 2
_MOST_KNOWN = 4000


def weigh(
    lines: SourceLines,
    symbols: Sequence[Symbol],
    found: bytearray,
    worths: Worths,
    offset: int,
) -> None:
    """Say what the lines of a file are worth.

    Args:
        lines: The lines of the file.
        symbols: Its functions and types.
        found: The note of each line.
        worths: Where to say it.
        offset: The number of the file's first line.
    """
    _Weigher(lines, symbols, found, worths, offset).weigh()


class _Weigher:
    """Sorts the lines of one file."""

    def __init__(
        self,
        lines: SourceLines,
        symbols: Sequence[Symbol],
        found: bytearray,
        worths: Worths,
        offset: int,
    ) -> None:
        self._bodies = lines.bodies
        self._indents = lines.indents
        self._sorts = lines.sorts
        self._symbols = symbols
        self._taken = bytearray(len(lines.bodies))
        self._in_body = bytearray(len(lines.bodies))
        self._in_type = bytearray(len(lines.bodies))
        self._worths = worths
        self._offset = offset
        # In languages without braces or colons a statement may look like prose.
        self._commands = lines.language.blocks is Blocks.ENDED
        self._name = 1 + (lines.language.name == "go")
        self._notes = found
        self._said: Counter[str] = Counter()

    def _add(self, worth: Worth, start: int, stop: int) -> None:
        self._worths.runs[worth].add(self._offset + start, self._offset + stop)

    def weigh(self) -> None:
        self._odd()
        for symbol in self._symbols:
            outer = not self._in_body[symbol.first]
            self._head(symbol, Worth.HEAD if outer else Worth.NESTED)
            if not symbol.holds and outer:
                size = symbol.last - symbol.head
                self._in_body[symbol.head + 1 : symbol.last + 1] = b"\1" * size
            elif outer:
                size = symbol.last - symbol.head
                self._in_type[symbol.head + 1 : symbol.last + 1] = b"\1" * size
        at = 0
        while at < len(self._bodies):
            sort = self._sorts[at]
            if sort == Sort.COMMENT and not self._taken[at]:
                at = self._comments(at)
                continue
            if not self._taken[at] and sort > Sort.COMMENT:
                at = self._statement(at, sort)
                continue
            at += 1

    def _odd(self) -> None:
        """Take what code hardly ever has, wherever it stands."""
        at = self._notes.find(Note.ODD)
        while at >= 0:
            if self._is_new(self._bodies[at]):
                self._add(Worth.ODD, at, self._told_until(at))
            at = self._notes.find(Note.ODD, at + 1)

    def _head(self, symbol: Symbol, worth: Worth) -> None:
        first = symbol.first
        while first and self._sorts[first - 1] == Sort.ATTRIBUTE:
            first -= 1
        size = symbol.head + 1 - first
        self._taken[first : symbol.head + 1] = b"\1" * size
        self._add(worth, first, symbol.head + 1)
        if worth is Worth.HEAD:
            told = symbol.name in self._bodies[symbol.first]
            line = symbol.first if told else symbol.head
            self._worths.named[self._offset + line] = 1

    def _comments(self, start: int) -> int:
        """Sort a run of comment lines; return where it ends."""
        stop = start
        while (
            stop < len(self._bodies)
            and self._sorts[stop] == Sort.COMMENT
            and not self._taken[stop]
        ):
            stop += 1
        rest = start
        if not self._in_body[start] or self._documents(start):
            begin, rest = self._sentence(start, stop)
            told = range(begin, rest)
            licence = any(_LICENCE.search(self._bodies[at]) for at in told)
            if told:
                self._add(Worth.REST if licence else Worth.DOC, begin, rest)
        for at in range(rest, stop):
            self._notice(at)
        return stop

    def _documents(self, at: int) -> bool:
        """Whether a comment in a body begins it, as a docstring does."""
        return at > 0 and bool(self._taken[at - 1]) and self._bodies[at][0] in "\"'rRuU"

    def _sentence(self, start: int, stop: int) -> tuple[int, int]:
        """Return where the first sentence in some lines begins and ends."""
        begin = start
        while begin < stop and not _TEXT.search(self._bodies[begin]):
            begin += 1
        for at in range(begin, min(stop, begin + _DOC_LINES)):
            if not _TEXT.search(self._bodies[at]):
                return begin, at
            if _SENTENCE.search(self._bodies[at]):
                return begin, at + 1
        return begin, min(stop, begin + _DOC_LINES)

    def _statement(self, at: int, sort: int) -> int:
        """Sort a line of code and what belongs to it; return the next line."""
        if self._in_body[at]:
            if sort in (Sort.CODE, Sort.STRING):
                self._notice(at)
            return at + 1
        if sort != Sort.CODE:
            worth = Worth.IMPORT if sort == Sort.IMPORT else Worth.REST
            self._add(worth, at, at + 1)
            return at + 1
        stop = at + 1
        while stop < len(self._bodies) and self._goes_on(at, stop):
            stop += 1
        if stop - at <= _DECLARED_LINES and self._declares(at, stop):
            self._add(Worth.HEAD, at, stop)
            self._worths.named[self._offset + at] = self._name
            return stop
        lists = _LIST.match(self._bodies[at]) is not None
        self._field(at, self._worth(at))
        for inner in range(at + 1, stop):
            if self._sorts[inner] == Sort.COMMENT:
                self._notice(inner)
            else:
                near = inner - at <= _LITERAL
                member = Worth.FIELD if lists else Worth.MEMBER
                self._field(inner, member if near or lists else Worth.REST)
        return stop

    def _worth(self, at: int) -> Worth:
        """Return what a line outside of functions is worth."""
        body = self._bodies[at]
        if _CONSTANT.match(body):
            return Worth.CONSTANT
        if self._in_type[at] and _OPTION.match(body):
            return Worth.OPTION
        return Worth.REST if _CONDITION.match(body) else Worth.FIELD

    def _declares(self, at: int, stop: int) -> bool:
        """Whether lines are the head of a function that has its body elsewhere."""
        body = self._bodies[at]
        if self._commands or not self._bodies[stop - 1].endswith(";"):
            return False
        return _DECLARATION.match(body) is not None

    def _field(self, at: int, worth: Worth) -> None:
        self._add(worth, at, at + 1)
        defines = worth in _DEFINING or (worth is Worth.FIELD and self._in_type[at])
        if defines:
            self._worths.named[self._offset + at] = self._name
        odd = self._is_prose(at, self._bodies[at])
        if odd or worth in (Worth.REST, Worth.MEMBER):
            self._notice(at)

    def _goes_on(self, at: int, stop: int) -> bool:
        """Whether a line belongs to the statement that began above it."""
        if self._taken[stop] or self._in_body[stop]:
            return False
        sort = self._sorts[stop]
        if sort == Sort.STRING:
            return True
        deeper = self._indents[stop] > self._indents[at] and sort != Sort.BLANK
        return deeper and sort != Sort.IMPORT

    def _notice(self, at: int) -> None:
        """Take note of a line inside a body, if anything about it stands out."""
        body = self._bodies[at]
        if self._is_prose(at, body):
            worth = Worth.ODD
        elif 0 < self._notes[at] < Note.ODD:
            worth = _OF_NOTE[Note(self._notes[at])]
        else:
            return
        if self._is_new(body):
            self._add(worth, at, self._told_until(at))

    def _is_new(self, body: str) -> bool:
        """Tell whether a line was met fewer than two times before."""
        again = self._said[body]
        if again or len(self._said) < _MOST_KNOWN:
            self._said[body] += 1
        return again < _SAME

    def _is_prose(self, at: int, body: str) -> bool:
        if self._commands or self._sorts[at] != Sort.CODE:
            return False
        return body[-1] not in _MARKS and _PROSE.match(body) is not None

    def _told_until(self, at: int) -> int:
        """Return where the lines end that hold the rest of a sentence or a call."""
        stop = at + 1
        body = self._bodies[at]
        if self._sorts[at] == Sort.COMMENT:
            goes_on = stop < len(self._bodies) and not _SENTENCE.search(body)
            return stop + (goes_on and self._sorts[stop] == Sort.COMMENT)
        if body.endswith(("(", "{")) and self._sorts[at] == Sort.CODE:
            most = min(len(self._bodies), at + 1 + _WIDE_CALL)
            while stop < most and self._indents[stop] > self._indents[at]:
                stop += 1
        return stop
