"""The functions and types of source code, found by indentation and by their heads.

Well-indented code shows where a body ends: at the first line that is indented no
deeper than the head and does not close it. That holds in any language, and broken
code or a wrong guess of the language only makes an outline longer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .source_languages import Blocks
from .source_lines import Sort, SourceLines


@dataclass(slots=True)
class Symbol:
    """A function, a type, or what holds others like one."""

    name: str
    holds: bool
    """Whether it holds definitions, as a class does, rather than statements."""
    first: int
    """The first line of its head."""
    head: int
    """The last line of its head."""
    last: int
    """The last line of its body; that of its head when there is no body."""
    parent: int = -1
    """The index of the symbol around it, or -1."""


_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|fileprivate|static|final"
    r"|abstract|async|pub|pub\([\w ]{1,40}\)|unsafe|extern|extern \"[\w-]{1,20}\""
    r"|inline|virtual|override|declare|sealed|open|data|suspend|partial|const|constexpr"
    r"|case|readonly|mutating|implicit|local|typedef|friend|indirect|new|inner|operator)\s+)*"
)
_KEYWORD = re.compile(
    _MODIFIERS + r"(?:(class|interface|struct|enum(?: class| struct)?|trait|impl|module"
    r"|namespace|protocol|extension|mod|union|record|object|companion object|type"
    r"|annotation class|@interface|contract)"
    r"|(def|fun|func|fn|function|sub|proc|macro_rules!|defp?|defmacro)\b)[\s*]*"
    r"(?:\([^()]{0,120}\)\s*)?(?:<[^<>]{0,120}>\s*)?([A-Za-z_$~][\w$.:?!]*)?"
)
_INITIALIZER = re.compile(
    r"(?:(?:public|private|internal|convenience|required|override)\s+)*"
    r"(init|deinit|constructor)\b[?!]?\s*(?:\(|\{|<)"
)
_VARIABLE = re.compile(
    r"(?:export\s+)?(?:const|let|var|val)\s+([\w$]+)(?::[^=]{1,200})?\s*=\s*"
    r"(?:async\s*)?(?:function\b|\(|<|[\w$]+\s*=>)"
)
_ASSIGNED = re.compile(r"([\w$.\[\]'\"-]{1,120})\s*[:=]\s*(?:async\s*)?function\b")
_TESTED = re.compile(
    r"(describe|context|suite|it|test)(?:\.\w{1,12})?\((?:'([^']*)|\"([^\"]*)|`([^`]*))"
)
_TESTS = ("describe", "context", "suite", "it", "test")
_NAMED = (
    ("const ", _VARIABLE),
    ("let ", _VARIABLE),
    ("var ", _VARIABLE),
    ("val ", _VARIABLE),
    ("function", _ASSIGNED),
    ("init", _INITIALIZER),
    ("constructor", _INITIALIZER),
)
_FIRST_WORDS = frozenset(
    "export default public private protected internal fileprivate static final abstract"
    " async pub unsafe extern inline virtual override declare sealed open data suspend"
    " partial const constexpr case readonly mutating implicit local typedef friend"
    " indirect new inner operator class interface struct enum trait impl module"
    " namespace protocol extension mod union record object companion type annotation"
    " @interface contract def fun func fn function function* sub proc macro_rules! defp"
    " defmacro".split()
)
_CALLED = re.compile(r"([A-Za-z_$~#][\w$:~.]*|operator\s*\S{1,3})\s*(?:<[^<>()]*>)?$")
_GOES_ON = re.compile(
    r":(?!:)|,|throws\b|where\b|const\b|noexcept|override\b|->|extends\b|implements\b"
    r"|with\b|\{|=>|\)|&&|\|\||final\b|[|&?] "
)
_CONTROL = frozenset(
    "if for while switch else elif catch return try do when until using lock match"
    " except case new throw await foreach synchronized loop select defer go guard"
    " repeat unless elsif with sizeof yield assert import delete typeof and or not"
    " checked require finally let in".split()
)
_CLOSES = ("}", ")", "]", "{", "end", "else", "elif", "elsif", "rescue", "ensure")
_CLOSES_TOO = ("except", "finally", "catch", "fi", "done", "esac", "when ", ">", "then")
_LABEL = re.compile(r"[A-Za-z_]\w*(?: \w+)?:$")
_HEAD_LINES = 40
_TAIL_LINES = 8
_PROBED = 300
_WHOLE = 0.6


def find_symbols(lines: SourceLines) -> list[Symbol]:
    """Find the functions and types, outer ones before what they hold.

    Args:
        lines: The lines of one file.
    """
    return _Finder(lines).find()


class _Finder:
    """Goes over the lines once; knows which symbols are open."""

    def __init__(self, lines: SourceLines) -> None:
        self._lines = lines
        self._bodies = lines.bodies
        self._sorts = lines.sorts
        self._braced = lines.language.blocks is Blocks.BRACED
        self._found: list[Symbol] = []
        self._indents: list[int] = []
        self._open: list[int] = []
        self._unclosed = 0

    def find(self) -> list[Symbol]:
        at, before = 0, -1
        indents, sorts = self._lines.indents, self._sorts
        while at < len(self._bodies):
            sort = sorts[at]
            if sort in (Sort.BLANK, Sort.COMMENT, Sort.STRING):
                at += 1
                continue
            if self._open and self._closes(indents[at], self._bodies[at]):
                self._close(indents[at], self._bodies[at], before)
            before = at
            if sort == Sort.CLOSER and self._open and self._is_end(at):
                self._found[self._open.pop()].last = at
            if sort == Sort.CODE and (symbol := self._symbol(at)) is not None:
                symbol.parent = self._open[-1] if self._open else -1
                self._indents.append(indents[symbol.first])
                self._open.append(len(self._found))
                self._found.append(symbol)
                before = at = symbol.head
            at += 1
        for index in self._open:
            self._found[index].last = max(before, self._found[index].head)
        return self._found

    def _closes(self, indent: int, body: str) -> bool:
        own = self._indents[self._open[-1]]
        if indent > own:
            return False
        if self._braced and (body[0] == "#" or _LABEL.match(body)):
            return False
        return indent < own or not body.startswith(_CLOSES + _CLOSES_TOO)

    def _is_end(self, at: int) -> bool:
        """Whether a line of closing marks ends the innermost open block."""
        own = self._indents[self._open[-1]]
        return self._lines.indents[at] == own and self._bodies[at][0] in "}e"

    def _close(self, indent: int, body: str, before: int) -> None:
        while self._open and self._closes(indent, body):
            symbol = self._found[self._open.pop()]
            symbol.last = max(before, symbol.head)

    def _symbol(self, at: int) -> Symbol | None:
        body = self._bodies[at][:_PROBED]
        inside = bool(self._open) and not self._found[self._open[-1]].holds
        word = body.partition(" ")[0]
        known = word in _FIRST_WORDS or "(" in word or "<" in word
        match = _KEYWORD.match(body) if known else None
        if match is not None:
            symbol = self._by_keyword(at, body, match, inside=inside)
            if symbol is not None:
                return symbol
        if "(" not in body and "=>" not in body:
            return None
        if (symbol := self._assigned(at, body)) is not None:
            return symbol
        return None if inside else self._by_looks(at, body)

    def _assigned(self, at: int, body: str) -> Symbol | None:
        """A function that a name is given to, an initializer, or a test."""
        if body.startswith(_TESTS) and (tested := _TESTED.match(body)) is not None:
            name = tested[2] or tested[3] or tested[4] or ""
            holds = tested[1] in ("describe", "context", "suite")
            return self._opened(at, name, holds=holds)
        for word, pattern in _NAMED:
            if word in body and (named := pattern.match(body)) is not None:
                return self._opened(at, named[1], holds=False)
        return None

    def _by_keyword(
        self, at: int, body: str, match: re.Match[str], *, inside: bool
    ) -> Symbol | None:
        """A definition that a word such as `class` or `def` begins."""
        name = (match[3] or "").rstrip(".:?")
        rest = body[match.end() :].lstrip()
        if match[2]:
            known = bool(name) or rest.startswith("(")
            return self._headed(at, name, holds=False) if known else None
        if not name and not match[1].startswith(("impl", "companion", "extension")):
            return None
        if rest[:1] in ("=", ".", ",", "[") or rest.startswith("in "):
            return None
        ends = self._head_end(at)
        opens = self._opens_block(ends)
        if not opens and (inside or self._braced):
            return None
        if match[1] in ("struct", "enum", "union") and ("=" in rest or ")" in rest):
            return None
        return Symbol(name, holds=True, first=at, head=ends, last=ends)

    def _headed(self, at: int, name: str, *, holds: bool) -> Symbol:
        ends = self._head_end(at)
        return Symbol(name, holds, at, ends, ends)

    def _opened(self, at: int, name: str, *, holds: bool) -> Symbol | None:
        """A definition that counts only if its head opens a block."""
        ends = self._head_end(at)
        tail = self._bodies[ends].rstrip()
        if tail.endswith(("{", "=>", "do")) or self._opens_block(ends):
            return Symbol(name, holds, at, ends, ends)
        return None

    def _by_looks(self, at: int, body: str) -> Symbol | None:
        """A function that only its form tells: type, name, arguments, a block."""
        before = body[: body.index("(")].rstrip() if "(" in body else ""
        called = _CALLED.search(before[-120:])
        if called is None or ("=" in before and "operator" not in before):
            return None
        words = before.replace("<", " ").split(None, 1)
        name = called[1]
        if words[0] in _CONTROL or name in _CONTROL or body[0] in "#.@}":
            return None
        if body.endswith(";") and body.count("(") == body.count(")"):
            return None
        ends = self._head_end(at)
        if not self._opens_block(ends):
            return None
        return Symbol(
            name, holds=False, first=self._type_above(at), head=ends, last=ends
        )

    def _type_above(self, at: int) -> int:
        """The line above, when it has the type that a function returns."""
        above = at - 1
        alone = (
            above >= 0
            and self._sorts[above] == Sort.CODE
            and self._lines.indents[above] == self._lines.indents[at]
            and self._bodies[above][-1] not in ";{}():,\\=>"
            and self._bodies[above][0] not in "#}"
            and not (self._found and self._found[-1].head >= above)
        )
        return above if alone else at

    def _opens_block(self, at: int) -> bool:
        tail = self._bodies[at]
        if tail.endswith(("{", "{}", "{ }", "}")) or "{" in tail[-60:]:
            return True
        if not self._braced:
            return tail.endswith((":", "do", "then")) or ":" in tail
        following = self._bodies[at + 1 : at + 2]
        return bool(following) and following[0][:1] == "{"

    def _head_end(self, at: int) -> int:
        """Return the last line of the head that begins at a line."""
        depth = 0
        stop = min(len(self._bodies), at + _HEAD_LINES)
        if at < self._unclosed:
            return at
        for here in range(at, stop):
            body = self._bodies[here]
            depth += body.count("(") - body.count(")")
            if depth <= 0:
                return self._tail_end(here) if self._braced else here
        self._unclosed = stop
        return at

    def _tail_end(self, at: int) -> int:
        """Return where what follows the arguments ends: bounds, initializers."""
        if self._bodies[at].endswith(("{", ";", "}")) or "=>" in self._bodies[at]:
            return at
        for here in range(at + 1, min(len(self._bodies), at + 1 + _TAIL_LINES)):
            body = self._bodies[here]
            if not body or body[0] == "{" or not _GOES_ON.match(body):
                break
            if body.endswith(("{", "}")):
                return here
            if body.endswith(";"):
                break
        else:
            return at
        # Lines that go on a head end where the block stands on a line of its own.
        return here - 1 if body[:1] == "{" else at


def unwrap(symbols: Sequence[Symbol], count: int) -> None:
    """Let functions that are most of a file hold what is in them.

    Modules written as one big function keep their definitions in sight that way.

    Args:
        symbols: The symbols of a file.
        count: How many lines the file has.
    """
    holding = {symbol.parent for symbol in symbols}
    for index, symbol in enumerate(symbols):
        large = symbol.last - symbol.first >= _WHOLE * count
        outer = symbol.parent < 0 or symbols[symbol.parent].holds
        if large and outer and index in holding:
            symbol.holds = True
