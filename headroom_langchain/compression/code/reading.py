"""One text of source code, read and cut down to its outline."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.code.asked import asked_ranges, asked_symbols
from headroom_langchain.compression.code.names import Names
from headroom_langchain.compression.code.notable import notes
from headroom_langchain.compression.code.selection import Selection
from headroom_langchain.compression.code.syntax import symbols_by_syntax
from headroom_langchain.compression.code.worth import weigh
from headroom_langchain.compression.code.worths import Worths
from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.structure.slices import Slices
from headroom_langchain.structure.source_braces import indent_by_braces, is_flat
from headroom_langchain.structure.source_files import (
    SourceFile,
    first_number,
    number_widths,
    split_files,
)
from headroom_langchain.structure.source_languages import Language
from headroom_langchain.structure.source_lines import SourceLines, read_source
from headroom_langchain.structure.source_symbols import Symbol, find_symbols, unwrap
from headroom_langchain.structure.text_lines import TextLines
from headroom_langchain.tokens import estimate_tokens

_BODIES = 0.75
_IN_QUESTION = 0.35
_HEADINGS = 0.5
_WORDS = 0.15
_NAMES = 0.3
_MENTIONED = 2
_PARTS = 8
_PART = 8_000
_CLIPPED = 400
_KEPT = 200
_MARK = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeReading:
    """One text of source code."""

    text: str
    language: Language
    """The language of what no heading names."""

    def lossless(self) -> str | None:
        """Return `None`: in code every character may matter."""
        return None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show the outline, and the bodies that were asked for.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        texts = TextLines(self.text)
        widths = number_widths(texts)
        plain = texts if widths is None else texts.behind(widths)
        outline = _Outline(len(texts), interest)
        for file in split_files(plain, self.language):
            outline.add(plain, file)
        selection = Selection(outline.sizes, _tokens(self.text))
        selection.add_each(outline.headings, _HEADINGS * budget)
        first = 1 if widths is None else first_number(texts)
        ranges = asked_ranges(interest.arguments, len(texts), first)
        _choose_asked(selection, ranges, outline, budget)
        _choose_words(selection, plain, interest.arguments, _WORDS * budget)
        selection.add_worths(outline.worths, budget)
        lines_asked = lines_with(plain, interest.question, few=_MENTIONED)
        selection.add_each([range(at, at + 1) for at in lines_asked], budget)
        selection.fill()
        named = outline.worths.named
        names = Names(plain, named, selection.shown, _NAMES * budget)
        return _written(texts, outline.sizes, selection.shown, names)


class _Outline:
    """What is kept of the files of a text, once each has been read."""

    def __init__(self, count: int, interest: Interest) -> None:
        self.sizes = array("i")
        self.worths = Worths(count)
        self.headings: list[range] = []
        self.asked: list[Symbol] = []
        self.in_question: list[Symbol] = []
        self._interest = interest

    def add(self, texts: Slices, file: SourceFile) -> None:
        """Read a file."""
        start = file.start + file.heading
        if file.heading:
            self.headings.append(range(file.start, start))
            self.sizes.append(len(texts[file.start]))
        lines = read_source(texts.between(start, file.stop), file.language)
        self.sizes.extend(map(len, lines.bodies))
        found = notes(lines.bodies)
        symbols = _symbols(lines, lambda: "\n".join(texts[start : file.stop]))
        weigh(lines, symbols, found, self.worths, start)
        asked = asked_symbols(symbols, self._interest.arguments)
        self.asked += [_moved(symbol, start) for symbol in asked]
        asked = asked_symbols(symbols, self._interest.question, telling=True)
        self.in_question += [_moved(symbol, start) for symbol in asked]


def _tokens(text: str) -> float:
    """Estimate the tokens of a text, of a long one from parts of it."""
    if len(text) <= _PARTS * _PART:
        return estimate_tokens(text)
    step = len(text) // _PARTS
    parts = "".join(text[at : at + _PART] for at in range(0, step * _PARTS, step))
    return estimate_tokens(parts) * len(text) / len(parts)


def _symbols(lines: SourceLines, text: Callable[[], str]) -> list[Symbol]:
    """Find the functions and types of a file by the way its blocks are written."""
    found: list[Symbol] | None = None
    if is_flat(lines):
        indent_by_braces(lines)
        found = symbols_by_syntax(text(), lines.language.name)
    if found is None:
        found = find_symbols(lines)
    unwrap(found, len(lines.bodies))
    return found


def _moved(symbol: Symbol, offset: int) -> Symbol:
    if not offset:
        return symbol
    return Symbol(
        name=symbol.name,
        holds=symbol.holds,
        first=symbol.first + offset,
        head=symbol.head + offset,
        last=symbol.last + offset,
    )


def _choose_asked(
    selection: Selection, wanted: list[range], outline: _Outline, budget: int
) -> None:
    """Show lines and symbols that the call named, and symbols of the question."""
    for run in [*wanted, *map(_whole, outline.asked)]:
        _add_body(selection, run, _BODIES * budget)
    for symbol in outline.in_question:
        limit = selection.spent + _IN_QUESTION * budget
        _add_body(selection, _whole(symbol), min(limit, _BODIES * budget))


def _whole(symbol: Symbol) -> range:
    return range(symbol.first, symbol.last + 1)


def _add_body(selection: Selection, run: range, limit: float) -> None:
    """Show lines whole, or as many of the first ones as fit."""
    if selection.add(run, limit):
        return
    for at in run:
        if not selection.add(range(at, at + 1), limit):
            return


def _choose_words(
    selection: Selection, texts: Sequence[str], words: Sequence[str], tokens: float
) -> None:
    few = max(3, len(texts) // 50)
    named = [word for word in words if "/" not in word and not word.isdigit()]
    found = [range(at, at + 1) for at in lines_with(texts, named, few=few)]
    selection.add_each(found, selection.spent + tokens)


def _written(
    texts: Sequence[str], sizes: Sequence[int], shown: bytearray, names: Names
) -> Excerpt:
    out: list[str] = []
    hidden = clipped = at = 0
    while at < len(shown):
        if shown[at]:
            line = _clip(texts[at])
            clipped += line.endswith(_MARK) and len(line) == _KEPT + 1
            out.append(line)
            at += 1
            continue
        stop = shown.find(1, at)
        stop = len(shown) if stop < 0 else stop
        if any(sizes[at:stop]):
            noun = "line" if stop - at == 1 else "lines"
            told = names.among(range(at, stop))
            out.append(f"[... {stop - at:,} {noun}{told}]")
        hidden += stop - at
        at = stop
    parts = [f"{hidden:,} of {len(texts):,} lines"] if hidden else []
    parts += [f"ends of {clipped:,} long lines"] if clipped else []
    text = "\n".join(out).rstrip("\r\n")
    return Excerpt(text=text, omitted=" and ".join(parts))


def _clip(line: str) -> str:
    return line if len(line) <= _CLIPPED else line[:_KEPT] + _MARK
