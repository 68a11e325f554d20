"""Tables with a line drawn below the titles: psql, MySQL, SQLite, Markdown, pip.

The rule tells the columns: bars stand between the cells below it, or its strokes
are as wide as the columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from .tables_rows import FoundRows

_RULE: Final = frozenset("-=+|: \t_~─━═┌┬┐├┼┤└┴┘┏┳┓┡╇┩┗┻┛╔╦╗╠╬╣╚╩╝╞╪╡╭╮╰╯╟╫╢│┃║┝┿┥\r")
_DOUBLE: Final = re.compile(r"={2,}|\+{2,}")
_STROKES: Final = re.compile(r"[-=─━═]{2,}")
_FIRST_STROKES: Final = "-=+|:┌├┏╔╭ ─━═"
_BARS: Final = "|│┃║"
_JOINTS: Final = "+|┬┼╇╦╪┳ \t-"
_REMARK: Final = "# "
"""What test runners print before each line of a table."""
_NEAR: Final = 2
_WIDEST: Final = 4000
_COLUMNS: Final = 2


def read_ruled(lines: Sequence[str], at: int) -> FoundRows | None:
    """Read the table that starts at a line, or return `None`.

    Args:
        lines: The lines of the text.
        at: A line that is not blank: the titles, or a rule above them.
    """
    title = at + 1 if _is_rule(lines[at], 1) else at
    rule = title + 1
    if rule >= len(lines) or not lines[title].strip():
        return None
    # Bars in the titles tell the columns, whatever the rule is like.
    strokes = 1 if any(lines[title].count(one) > 1 for one in _BARS) else _COLUMNS
    if not _is_rule(lines[rule], strokes):
        return None
    if _is_rule(lines[title]):
        return None
    bar = next((one for one in _BARS if one in lines[title]), None)
    found = None if bar is None else _with_bars(lines, at, title, bar)
    return _with_strokes(lines, at, title) if found is None else found


def _is_rule(line: str, least: int = _COLUMNS) -> bool:
    """Whether a line is drawn, of as many strokes as that at least."""
    line = line.removeprefix(_REMARK)
    if line[:1] not in _FIRST_STROKES or len(line) > _WIDEST:
        return False
    if not _RULE.issuperset(line):
        return False
    strokes = _STROKES.findall(line) or line.count("-") * ["-"]
    return len(strokes) >= least or (bool(strokes) and line[:1] in "+|┌├╭┏╔")


def _with_bars(lines: Sequence[str], at: int, title: int, bar: str) -> FoundRows | None:
    names = _split(lines[title], bar, 0)
    found = FoundRows(start=at, body=title + 2, stop=title + 2, names=names, drawn=True)
    width = len(names)
    bars = [one for one in _BARS if one != bar]
    for number in range(title + 2, len(lines)):
        line = lines[number]
        here = bar if bar in line else next((b for b in bars if b in line), None)
        if _is_rule(line):
            found.stop = number + 1
        elif here is not None:
            found.add(_split(line, here, width), number, number + 1)
        elif width > 1 or not line.strip():
            break
    return found.finish() if width >= _COLUMNS and found.starts else None


def _split(line: str, bar: str, width: int) -> list[str]:
    inner = line.strip()
    if inner.startswith(bar):
        inner = inner[1:].removesuffix(bar)
    cells = inner.split(bar, width - 1) if width else inner.split(bar)
    return [cell.strip() for cell in cells]


def _with_strokes(lines: Sequence[str], at: int, title: int) -> FoundRows | None:
    rule = lines[title + 1]
    strokes = _DOUBLE if "==" in rule else _STROKES
    starts = [hit.start() for hit in strokes.finditer(rule)]
    if len(starts) < _COLUMNS:
        return None
    cuts = [*zip(starts, [*starts[1:], None], strict=True)]
    cuts[0] = (0, cuts[0][1])
    names = [lines[title][a:b].strip() for a, b in cuts]
    found = FoundRows(start=at, body=title + 2, stop=title + 2, names=names, drawn=True)
    for number in range(title + 2, len(lines)):
        line = lines[number]
        if not line.strip():
            break
        if _is_rule(line):
            found.stop = number + 1
        elif len(line) <= starts[1] and len(line.split()) > _NEAR:
            found.strangers.append(number)
        else:
            found.add([line[a:b].strip() for a, b in cuts], number, number + 1)
    return found.finish() if found.starts else None
