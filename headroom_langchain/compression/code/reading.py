"""One text of source code, read and cut down to its outline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.code.asked import asked_ranges, asked_symbols
from headroom_langchain.compression.code.selection import Selection
from headroom_langchain.compression.code.syntax import symbols_by_syntax
from headroom_langchain.compression.code.worth import Worths, merged, weigh
from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.structure.source_braces import indent_by_braces, is_flat
from headroom_langchain.structure.source_files import (
    first_number,
    split_files,
    without_numbers,
)
from headroom_langchain.structure.source_languages import Language
from headroom_langchain.structure.source_lines import SourceLines, read_source
from headroom_langchain.structure.source_symbols import Symbol, find_symbols, unwrap
from headroom_langchain.tokens import estimate_tokens

_BODIES = 0.75
_IN_QUESTION = 0.35
_HEADINGS = 0.5
_WORDS = 0.15
_MENTIONED = 2
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
        texts = self.text.split("\n")
        plain = without_numbers(texts)
        files = split_files(plain, self.language)
        symbols: list[Symbol] = []
        bodies: list[str] = []
        parts: list[tuple[int, Worths]] = []
        for file in files:
            start = file.start + file.heading
            lines = read_source(plain[start : file.stop], file.language)
            found = _symbols(lines, plain[start : file.stop])
            parts.append((start, weigh(lines, found)))
            bodies += [*plain[file.start : start], *lines.bodies]
            symbols += [_moved(symbol, start) for symbol in found]
        selection = Selection(bodies, estimate_tokens(self.text))
        headings = [(file.start,) for file in files if file.heading]
        selection.add_each(headings, _HEADINGS * budget)
        first = 1 if plain is texts else first_number(texts)
        ranges = asked_ranges(interest.arguments, len(texts), first)
        _choose_asked(selection, ranges, symbols, budget, interest)
        _choose_words(selection, bodies, interest.arguments, _WORDS * budget)
        selection.add_worths(merged(parts), budget)
        lines_asked = lines_with(bodies, interest.question, few=_MENTIONED)
        selection.add_each([(at,) for at in lines_asked], budget)
        selection.fill()
        return _written(texts, bodies, selection.shown)


def _symbols(lines: SourceLines, texts: Sequence[str]) -> list[Symbol]:
    """Find the functions and types of a file by the way its blocks are written."""
    found: list[Symbol] | None = None
    if is_flat(lines):
        indent_by_braces(lines)
        found = symbols_by_syntax("\n".join(texts), lines.language.name)
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
    selection: Selection,
    wanted: list[range],
    symbols: Sequence[Symbol],
    budget: int,
    interest: Interest,
) -> None:
    """Show lines and symbols that the call named, and symbols of the question."""
    asked = asked_symbols(symbols, interest.arguments)
    for group in [*wanted, *map(_whole, asked)]:
        _add_body(selection, group, _BODIES * budget)
    for symbol in asked_symbols(symbols, interest.question, telling=True):
        limit = selection.spent + _IN_QUESTION * budget
        _add_body(selection, _whole(symbol), min(limit, _BODIES * budget))


def _whole(symbol: Symbol) -> range:
    return range(symbol.first, symbol.last + 1)


def _add_body(selection: Selection, group: Sequence[int], limit: float) -> None:
    """Show lines whole, or as many of the first ones as fit."""
    if selection.add(group, limit):
        return
    for at in group:
        if not selection.add((at,), limit):
            return


def _choose_words(
    selection: Selection, bodies: Sequence[str], words: Sequence[str], tokens: float
) -> None:
    few = max(3, len(bodies) // 50)
    named = [word for word in words if "/" not in word and not word.isdigit()]
    found = [(at,) for at in lines_with(bodies, named, few=few)]
    selection.add_each(found, selection.spent + tokens)


def _written(texts: Sequence[str], bodies: Sequence[str], shown: bytearray) -> Excerpt:
    out: list[str] = []
    hidden = clipped = 0
    at = 0
    while at < len(texts):
        if shown[at]:
            line = _clip(texts[at])
            clipped += line is not texts[at]
            out.append(line)
            at += 1
            continue
        stop = at
        while stop < len(texts) and not shown[stop]:
            stop += 1
        if any(bodies[at:stop]):
            noun = "line" if stop - at == 1 else "lines"
            out.append(f"[... {stop - at:,} {noun}]")
        hidden += stop - at
        at = stop
    parts = [f"{hidden:,} of {len(texts):,} lines"] if hidden else []
    parts += [f"ends of {clipped:,} long lines"] if clipped else []
    text = "\n".join(out).rstrip("\r\n")
    return Excerpt(text=text, omitted=" and ".join(parts))


def _clip(line: str) -> str:
    return line if len(line) <= _CLIPPED else line[:_KEPT] + _MARK
