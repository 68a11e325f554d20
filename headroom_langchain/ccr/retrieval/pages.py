"""Parts of an original as they are: lines by number, values by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.retrieval.excerpt import Excerpt, clip
from headroom_langchain.ccr.retrieval.json_query import JsonPath, follow
from headroom_langchain.ccr.retrieval.measure import measure
from headroom_langchain.ccr.retrieval.overview import show_overview
from headroom_langchain.structure.json_spans import json_path
from headroom_langchain.structure.lines import line_at

if TYPE_CHECKING:
    from headroom_langchain.ccr.retrieval.request import LineRange
    from headroom_langchain.structure.passages import Document

_HEADING: Final = 70
_CHARACTERS_PER_TOKEN: Final = 2.5
_VALUE_SHARE: Final = 0.6


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
    excerpt = Excerpt(document, budget - _HEADING)
    for at in range(lines.first - 1, last):
        if not excerpt.add(at):
            if not len(excerpt):
                excerpt.add_clipped(at, ())
            break
    body = excerpt.render()
    end = lines.first + len(excerpt) - 1
    more = ""
    if end < last:
        more = f'; go on with lines="{end + 1}-{last}"'
    elif end < total:
        more = f'; more with lines="{end + 1}-"'
    hint = ", or search with query" if more else ""
    return f"Lines {lines.first:,}-{end:,} of {total:,}, of {key}{more}{hint}.\n{body}"


def page_of_values(document: Document, key: str, path: JsonPath, budget: int) -> str:
    """Return the values that a JSON path leads to, as they stand in the text.

    Args:
        document: The text, as it was read.
        key: Its hash.
        path: The path.
        budget: Estimated tokens of the whole.
    """
    shown = path.source[:80]
    if document.form != "json":
        reason = f"{key} is not JSON, so `{shown}` leads nowhere in it."
        return show_overview(document, reason, budget)
    landing = follow(document.spans, path)
    if not landing.found:
        reason = f"`{shown}` leads nowhere in {key}: {landing.hint}"
        return show_overview(document, reason, budget)
    rows: list[str] = []
    left: float = budget - _HEADING
    for at in landing.found:
        row = _value(document, at, left)
        cost = measure(row) + 2
        if not row or cost > left:
            break
        rows.append(row)
        left -= cost
    head = f"{len(rows)} of {len(landing.found):,} values at `{shown}` of {key}:"
    return "\n".join([head, *rows])


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
