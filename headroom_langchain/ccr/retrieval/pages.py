"""Parts of an original as they are: lines by number, values by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.retrieval.excerpt import Excerpt, clip
from headroom_langchain.ccr.retrieval.json_query import JsonPath, follow
from headroom_langchain.ccr.retrieval.measure import beginning, measure
from headroom_langchain.ccr.retrieval.overview import show_overview
from headroom_langchain.structure.json_spans import json_path
from headroom_langchain.structure.lines import line_at

if TYPE_CHECKING:
    from headroom_langchain.ccr.retrieval.request import LineRange
    from headroom_langchain.structure.passages import Document

_HEADING: Final = 70
"""Estimated tokens of a heading, with some to spare."""
_HEADING_SHARE: Final = 0.25
"""The share of a small budget beyond which a heading is given no more to spare."""
_NARROWEST: Final = 32
_CHARACTERS_PER_TOKEN: Final = 2.5
_PATH_SHARE: Final = 0.2
_HINT_SHARE: Final = 0.3


def page(document: Document, key: str, lines: LineRange, budget: int) -> str:
    """Return lines by number, as many as the budget allows.

    Args:
        document: The text, as it was read.
        key: Its hash.
        lines: Which lines.
        budget: Estimated tokens of the whole.

    Returns:
        The lines, and which to ask for to go on.
    """
    total = len(document.lines)
    if lines.first > total:
        reason = f"{key} has {total:,} lines; line {lines.first:,} is beyond its end."
        return show_overview(document, reason, budget)
    last = min(total, lines.last or total)
    longest = _lines_head(key, total, lines.first, max(lines.first, last - 1), last)
    excerpt = Excerpt(document, _below(longest, budget))
    for at in range(lines.first - 1, last):
        if not excerpt.add(at):
            if not len(excerpt):
                excerpt.add_clipped(at, ())
            break
    body = excerpt.render()
    if not len(excerpt):
        # However little room there is, following the pages comes to an end.
        text = clip(document.line(lines.first - 1), (), _NARROWEST)
        left = excerpt.left - measure(f"{lines.first}: ") - 1
        body = f"{lines.first}: {beginning(text, left)}"
    end = lines.first + max(1, len(excerpt)) - 1
    return f"{_lines_head(key, total, lines.first, end, last)}\n{body}"


def page_of_values(document: Document, key: str, path: JsonPath, budget: int) -> str:
    """Return the values that a JSON path leads to, as they stand in the text.

    Args:
        document: The text, as it was read.
        key: Its hash.
        path: The path.
        budget: Estimated tokens of the whole.
    """
    shown = beginning(path.source[:80], _PATH_SHARE * budget)
    if document.form != "json":
        reason = f"{key} is not JSON, so `{shown}` leads nowhere in it."
        return show_overview(document, reason, budget)
    landing = follow(document.spans, path)
    if not landing.found:
        hint = beginning(landing.hint, _HINT_SHARE * budget)
        reason = f"`{shown}` leads nowhere in {key}: {hint}"
        return show_overview(document, reason, budget)
    rows: list[str] = []
    count = len(landing.found)
    total = len(document.lines)
    longest = f"{count:,} of {count:,} values at `{shown}` of {key}{_more(total)}:"
    left = _below(longest, budget)
    for at in landing.found:
        row = _value(document, at, left)
        cost = measure(row) + 2
        if not row or cost > left:
            break
        rows.append(row)
        left -= cost
    if not rows:
        span = document.spans[landing.found[0]]
        text = clip(document.text[span.value : span.end], (), _NARROWEST)
        rows.append(beginning(text, left - 1))
    more = ""
    if len(rows) < count:
        span = document.spans[landing.found[len(rows)]]
        more = _more(line_at(document.lines, span.value) + 1)
    head = f"{len(rows):,} of {count:,} values at `{shown}` of {key}{more}:"
    return "\n".join([head, *rows])


def _lines_head(key: str, total: int, first: int, end: int, last: int) -> str:
    """Say which lines these are, and which to ask for to go on."""
    more = ""
    if end < last:
        more = f'; go on with lines="{end + 1}-{last}", or search with query'
    elif end < total:
        more = f"{_more(end + 1)}, or search with query"
    return f"Lines {first:,}-{end:,} of {total:,}, of {key}{more}."


def _below(heading: str, budget: int) -> float:
    """Return how much of a budget is left below a heading."""
    return budget - max(measure(heading), min(_HEADING, _HEADING_SHARE * budget))


def _more(line: int) -> str:
    return f'; more with lines="{line}-"'


def _value(document: Document, at: int, left: float) -> str:
    """Return one value under its path, cut where it is too long for what is left."""
    span = document.spans[at]
    text = document.text[span.value : span.end]
    first = line_at(document.lines, span.value) + 1
    last = line_at(document.lines, span.end - 1) + 1
    where = f"line {first}" if first == last else f"lines {first}-{last}"
    name = f"{json_path(document.spans, at)[-200:]} ({where}): "
    width = int(left * _CHARACTERS_PER_TOKEN) - len(name)
    while width > 0:
        row = name + clip(text, (), width)
        if measure(row) + 2 <= left:
            return row
        width = width * 3 // 4
    return ""
