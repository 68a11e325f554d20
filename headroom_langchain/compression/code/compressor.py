"""Source code in any of some twenty languages.

An excerpt is an outline: heads of functions and types, fields, constants, what can
go wrong, first sentences of documentation. Bodies are counted, but for those that
the call asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom_langchain.compression.budget import power_budget
from headroom_langchain.compression.code.reading import CodeReading
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.source_files import without_numbers
from headroom_langchain.structure.source_languages import language_like, language_named

_UNMISTAKABLE = 0.8
_LIKELY = 0.6
_FACTOR = 1.9
_POWER = 0.808
_WIDEST = 1000
_NARROWEST = 13
_MANY_LINES = 10_000
_PATCH = re.compile(
    r"diff --git |@@ -\d+|Index: \S|\+\+\+ |--- [ab]/|\*\*\* \d|\*{15}$"
)
_FOUND = re.compile(r"\d{1,7}[:-]|[\w./@+-]{1,200}[:-]\d{1,7}[:-]|Binary file ")
_LOGGED = re.compile(
    r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "
    r"|Traceback \(|\[?(?:INFO|DEBUG|WARN|WARNING|ERROR)\b|E   |>   {2,}"
    r"|={5,} .{1,80} ={5,}$"
    r"|\S+::\S+ (?:PASSED|FAILED)|FAILED |\s*File \".*\", line \d|\s+at .{1,200}:\d+\)$"
)
_MARKUP = re.compile(r"<(?i:!doctype|html|/?(?:div|p|a|td|tr|li|span|head|body)\b)")
_DATA = re.compile(r"\s*\"[^\"]{1,120}\" ?:")
_BLOCK = ("```", "~~~")
_FOREIGN = re.compile(
    "|".join(one.pattern for one in (_PATCH, _LOGGED, _FOUND, _MARKUP))
)
_ENDS = (*"{}();,:[]\\=>", "*/")
_PLAUSIBLE = re.compile(
    r"\s*(?:#|//|/\*|\*|--|\"\"\"|@|return\b|import\b|from\b|use\b|end\b|pass$|break"
    r"|continue|else|fi$|done$|package\b|raise\b|yield\b|[\w.]+$)"
)
_OPERATOR = re.compile(r"[\w)\]] ?(?:[-+*|/]?=|\+\+|:=|->|=>|\()")
_ONE_BLOCK = 2
_FEW = 0.05
_MANY = 0.25
_CODE_NAMED = 0.3
_CODE_NAMED_ONLY = 0.8
_NEEDED = ((0.3, 0.4), (0.14, 0.62), (0.0, 0.85))
"""The more lines tell the language, the fewer must look like code of any kind."""


class SourceCode:
    """Compresses source code."""

    @property
    def kind(self) -> str:
        """The name `code`."""
        return "code"

    def likeness(self, sample: Sample) -> float:
        """Return 0.8 for code from a file with a name, 0.6 for what looks like code."""
        plain = _outside_comments(without_numbers(sample.lines))
        if not plain or _is_foreign(plain):
            return 0.0
        plausible = sum(map(_is_plausible, plain)) / len(plain)
        named = language_named(sample.arguments) is not None
        if plausible < (_CODE_NAMED if named else _NEEDED[0][1]):
            return 0.0
        guessed = language_like(plain)
        if named and (guessed is not None or plausible >= _CODE_NAMED_ONLY):
            return _UNMISTAKABLE
        data = len(tuple(filter(_DATA.match, plain)))
        if guessed is None or data > _MANY * len(plain):
            return 0.0
        hits = sum(1 for line in plain if guessed.told_by.match(line.strip()))
        needed = next(least for told, least in _NEEDED if hits >= told * len(plain))
        return _LIKELY if plausible >= needed else 0.0

    def read(self, text: str, sample: Sample) -> CodeReading | None:
        """Read source code.

        Returns:
            The reading, or `None` for a text of very long lines or of very many very
            short ones, and one that looks like no language.
        """
        count = text.count("\n") + 1
        width = len(text) / count
        if width > _WIDEST or (width < _NARROWEST and count > _MANY_LINES):
            return None
        language = language_named(sample.arguments) or language_like(
            without_numbers(sample.lines)
        )
        return None if language is None else CodeReading(text=text, language=language)

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so much code may have."""
        return power_budget(tokens, factor=_FACTOR, power=_POWER)


def _outside_comments(lines: Sequence[str]) -> Sequence[str]:
    """Leave out what stands inside comments of several lines: that is prose."""
    kept: list[str] = []
    inside = False
    for line in lines:
        if not inside:
            kept.append(line)
            inside = line.lstrip().startswith("/*")
        inside = inside and "*/" not in line
    return kept


def _is_plausible(line: str) -> bool:
    """Whether code has such lines, in whatever language."""
    if line.endswith(_ENDS) or _PLAUSIBLE.match(line):
        return True
    signs = "=" in line or "(" in line or "->" in line or "++" in line
    return signs and _OPERATOR.search(line) is not None


def _is_foreign(lines: Sequence[str]) -> bool:
    """Whether lines are those of a patch, a search, a log, Markdown or a page."""
    many = _MANY * len(lines)
    some = _FEW * len(lines)
    blocks = [at for at, line in enumerate(lines) if line.startswith(_BLOCK)]
    # One block that is nearly all of the text is code with a word before it.
    if len(blocks) > _ONE_BLOCK or (blocks and blocks[0] > some + _ONE_BLOCK):
        return True
    if len(blocks) == _ONE_BLOCK and blocks[1] < len(lines) - some - _ONE_BLOCK:
        return True
    lines = [*filter(_FOREIGN.match, lines)]
    for pattern, most in (
        (_PATCH, max(1.0, some)),
        (_LOGGED, max(3.0, some)),
        (_FOUND, many),
        (_MARKUP, many),
    ):
        if len(tuple(filter(pattern.match, lines))) > most:
            return True
    return False
