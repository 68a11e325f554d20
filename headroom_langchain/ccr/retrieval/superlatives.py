"""Finds the extreme of a column when a query asks for the highest or the latest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.retrieval.terms import Tokenizer, query_terms
from headroom_langchain.structure.lines import line_at

if TYPE_CHECKING:
    from headroom_langchain.structure.passages import Document

_MOST: Final = frozenset(
    (
        "highest largest biggest maximum max longest most heaviest latest newest "
        "greatest slowest"
    ).split()
)
_LEAST: Final = frozenset(
    (
        "lowest smallest minimum min shortest least lightest earliest oldest fewest "
        "fastest"
    ).split()
)
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?")
_FEWEST: Final = 3
_RELATED: Final = 0.8
_FARTHER: Final = 0.2
_MATTERS: Final = 0.5


def extremes(
    document: Document, query: str, scores: Sequence[float], weight: float
) -> dict[int, float]:
    """Return the lines with an extreme value of the column that a query names.

    Args:
        document: The text, as it was read.
        query: What is asked for, such as `highest rate Construction`.
        scores: How well each line matches so far: among equal matches only the
            best decide where the extreme is looked for.
        weight: What a word of the query weighs on average.

    Returns:
        A share of 1 for the most extreme line, less for the next two; nothing
        when the query has no superlative or names no column.
    """
    words = _WORD.findall(query.lower())
    place = next((at for at, word in enumerate(words) if word in _MOST | _LEAST), None)
    if place is None:
        return {}
    after = _nearness(words[place + 1 :])
    before = _nearness(words[:place][::-1])
    cells = _best_column(document, after) or _best_column(document, before)
    related = _related(cells, scores, _MATTERS * weight)
    ranked = sorted(
        related,
        key=lambda cell: (cell[1], -cell[0]),
        reverse=words[place] in _MOST,
    )
    shares = (1.0, 0.6, 0.4)
    return {line: share for (line, _), share in zip(ranked, shares, strict=False)}


_Sortable = tuple[float, str]
_Cell = tuple[int, _Sortable]


def _nearness(words: Sequence[str]) -> dict[str, float]:
    """Return the terms of words, and what each counts: the first one most."""
    found: dict[str, float] = {}
    for place, word in enumerate(words):
        for term in query_terms(word):
            found.setdefault(term, 1 / (1 + _FARTHER * place))
    return found


def _related(
    cells: Sequence[_Cell], scores: Sequence[float], weight: float
) -> list[_Cell]:
    """Return the cells of the lines that match as well as the best, if any does."""
    best = max((scores[line] for line, _ in cells), default=0.0)
    if best < weight:
        return list(cells)
    return [cell for cell in cells if scores[cell[0]] >= _RELATED * best]


def _best_column(document: Document, names: Mapping[str, float]) -> list[_Cell]:
    """Return the cells of the column whose name has most words of the query."""
    shares: dict[str, float] = {}
    tokenizer = Tokenizer()
    for name in _column_names(document):
        terms = set(tokenizer.terms(name))
        shares[name] = sum(names.get(term, 0.0) for term in terms) / (
            len(terms) ** 0.25 or 1
        )
    best: list[_Cell] = []
    most = 0.0
    named = {name for name, share in shares.items() if share > 0}
    for name, cells in _columns(document, named):
        if len(cells) >= _FEWEST and shares[name] > most:
            best, most = cells, shares[name]
    return best


def _column_names(document: Document) -> Iterable[str]:
    if document.form == "json":
        return (key for key in set(document.spans.keys) if isinstance(key, str))
    return _titles(document)[1]


def _titles(document: Document) -> tuple[str | None, list[str]]:
    """Return what separates the columns of a table, and their names."""
    if document.form != "table" or document.header is None:
        return None, []
    titles = document.line(document.header)
    delimiter = next((mark for mark in ",\t;|" if mark in titles), None)
    return delimiter, titles.split(delimiter)


def _columns(document: Document, named: set[str]) -> Iterable[tuple[str, list[_Cell]]]:
    """Return the columns of these names with their cells, in their order."""
    if not named:
        return ()
    return (_json_columns if document.form == "json" else _table_columns)(
        document, named
    )


def _json_columns(
    document: Document, named: set[str]
) -> Iterable[tuple[str, list[_Cell]]]:
    columns: dict[str, list[_Cell]] = {}
    spans = document.spans
    for at, key in enumerate(spans.keys):
        if key not in named or spans.shapes[at] or not isinstance(key, str):
            continue
        value = _sortable(document.text[spans.values[at] : spans.ends[at]].strip('"'))
        if value is not None:
            cell = (line_at(document.lines, spans.starts[at]), value)
            columns.setdefault(key, []).append(cell)
    return columns.items()


def _table_columns(
    document: Document, named: set[str]
) -> Iterable[tuple[str, list[_Cell]]]:
    delimiter, names = _titles(document)
    columns: list[list[_Cell]] = [[] for _ in names]
    wanted = [place for place, name in enumerate(names) if name in named]
    for at in range((document.header or 0) + 1, len(document.lines)):
        cells = document.line(at).split(delimiter, len(names) - 1)
        for place in wanted:
            if place < len(cells):
                value = _sortable(cells[place].strip().strip('"'))
                if value is not None:
                    columns[place].append((at, value))
    return zip(names, columns, strict=True)


def _sortable(value: str) -> _Sortable | None:
    """Return a number as such, and a text that starts with a digit, as dates do."""
    if not value or not (value[0].isdigit() or value[0] in "+-."):
        return None
    if _NUMBER.fullmatch(value):
        return (float(value.replace(",", "")), "")
    return (0.0, value[:40])
