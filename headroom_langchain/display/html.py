"""A view as HTML for a notebook, or for any other page.

It has no script and asks for nothing. Its style sheet holds for itself only, follows
the theme of JupyterLab, VS Code, Colab and Material for MkDocs, else the browser's;
where style sheets are taken away, as on GitHub, it is a table with folds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from importlib import resources
from itertools import islice
from typing import Final

from headroom_langchain.display.bars import bar
from headroom_langchain.display.compared import compared
from headroom_langchain.display.legible import short
from headroom_langchain.display.view import (
    MOST_ROWS,
    Left,
    Row,
    View,
    counted,
    grouped,
    saved,
)

_ROOM: Final = 400_000
"""Characters of HTML after which no more texts are shown, but their figures."""

_FOLDED: Final = 1000
"""Rows in the fold at the end."""

_CELLS: Final = 12
"""Characters of a bar where there is no style sheet to draw it."""

# What remains where pages lose their style sheets.
_WRAPPED: Final = 'style="overflow-wrap:anywhere"'
_NUMBER: Final = 'style="text-align:right"'
_NAME: Final = 'style="text-align:left;font-weight:normal"'


def to_html(view: View) -> str:
    """Return a view as a piece of HTML that brings its style along."""
    inner = "".join(_parts(view))
    return f'<div class="headroom" {_WRAPPED}><style>{sheet()}</style>{inner}</div>'


@cache
def sheet() -> str:
    """Return the style sheet; it holds inside of elements of the class `headroom`."""
    return resources.files(__package__).joinpath("page.css").read_text("utf-8")


def drawn(before: float, after: float, largest: float) -> str:
    """Return a bar; its figures must stand beside it as text.

    Args:
        before: Tokens of a text as it was.
        after: Tokens of what is sent of it.
        largest: Tokens of the text whose bar is the longest.
    """
    each = bar(before, after, largest)
    pairs = zip(
        ("full", "rest"), (each.sent, each.gone), each.drawn(_CELLS), strict=True
    )
    parts = (
        f'<span class="hr-{name}" style="width:{100 * part:.2f}%">{cells}</span>'
        for name, part, cells in pairs
        if cells
    )
    return f'<span class="hr-bar" aria-hidden="true">{"".join(parts)}</span>'


def _parts(view: View) -> Iterator[str]:
    before, after = view.tokens_before, view.tokens_after
    yield (
        f'<p class="hr-lead"><strong>{saved(before, after)} saved</strong> '
        f"<span>{before:,} → {after:,} tokens</span></p>"
        f'<p class="hr-soft">{escape(view.told)}</p>'
    )
    if view.facts:
        yield '<dl class="hr-facts">'
        for fact in view.facts:
            yield f"<div><dt>{_word(fact.name)}</dt><dd>{_word(fact.value)}</dd></div>"
        yield "</dl>"
    for note in view.notes[:_FOLDED]:
        yield f'<p class="hr-note">{_word(note)}</p>'
    if view.rows:
        yield from _table(view)
    if view.asked:
        told = f"<summary>{counted(len(view.asked), 'retrieval')}</summary>"
        lines = "".join(f"<li>{_word(line)}</li>" for line in view.asked[:_FOLDED])
        yield f'<details class="hr-asked">{told}<ul>{lines}</ul></details>'


def _table(view: View) -> Iterator[str]:
    groups = list(grouped(view.rows))
    shown, rest = groups[:MOST_ROWS], groups[MOST_ROWS:]
    yield '<table class="hr-rows"><thead><tr><th scope="col">text</th>'
    yield f'<th scope="col" {_NUMBER}>tokens</th><th scope="col">saved</th></tr>'
    yield "</thead><tbody>"
    room = _ROOM
    for group in shown:
        if isinstance(group, Left):
            yield _fold(_left(group), group.rows, view.largest)
            continue
        yield _row(group, view.largest)
        if group.texts is not None:
            both = "Not shown here: there are too many texts."
            if room > 0:
                both = compared(group.texts.before, group.texts.after)
            room -= len(both)
            yield _more(f"<summary>before and after</summary>{both}")
    if rest:
        rows = [row for group in rest for row in _rows(group)]
        yield _fold(f"{counted(len(rows), 'text')} more", rows, view.largest)
    yield "</tbody></table>"


def _row(row: Row, largest: int) -> str:
    before, after = row.tokens_before, row.tokens_after
    about, figures = _word(row.told), f"{before:,}"
    drawing, of = drawn(before, after, largest), "hr-left"
    if row.skipped is None:
        about = f"{_word(row.kind)}, {about}" if row.kind else about
        figures += f" → {after:,}"
        drawing, of = f"{drawing} {saved(before, after)}", "hr-done"
    if row.key is not None and row.texts is None:
        about += f", <code>{_word(row.key)}</code>"
    return (
        f'<tr class="{of}"><th scope="row" {_NAME}>{_named(row)} '
        f'<span class="hr-about">{about}</span></th>'
        f"<td {_NUMBER}>{figures}</td><td>{drawing}</td></tr>"
    )


def _named(row: Row) -> str:
    name = f"<strong>{_word(row.who)}</strong>"
    if row.message is None:
        return name
    return f'<span class="hr-soft">{row.message}</span> {name}'


def _left(group: Left) -> str:
    return f"{counted(len(group.rows), 'text')} left alone, {group.tokens:,} tokens"


def _fold(told: str, rows: Sequence[Row], largest: int) -> str:
    inner = "".join(_row(row, largest) for row in islice(rows, _FOLDED))
    more = len(rows) - _FOLDED
    over = f"<p>… and {counted(more, 'text')} more</p>" if more > 0 else ""
    return _more(
        f'<summary>{told}</summary><table class="hr-rows"><tbody>{inner}</tbody>'
        f"</table>{over}"
    )


def _more(inner: str) -> str:
    return f'<tr><td colspan="3"><details>{inner}</details></td></tr>'


def _rows(group: Row | Left) -> Sequence[Row]:
    return group.rows if isinstance(group, Left) else (group,)


def _word(text: str) -> str:
    return escape(short(text))
