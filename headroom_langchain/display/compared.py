"""A text as it was beside the text that is sent, as HTML.

Of the original the lines that are sent can be read at once, and what is hidden is in
folds between them. Long texts are cut, and say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from headroom_langchain.display.legible import legible
from headroom_langchain.display.runs import Run, runs
from headroom_langchain.display.view import counted

_LOOKED_AT: Final = 400_000
"""Characters of an original that are compared with its excerpt."""

_SIDE: Final = 24_000
"""Characters that each of the two sides has at most."""

_RUN: Final = 4_000
"""Characters of one run of hidden lines."""

_INLINE: Final = 2
"""As many hidden lines are not folded, but marked where they stand."""

_TAGS: Final = 100
"""Characters that a run counts for beside its text."""


def compared(before: str, after: str) -> str:
    """Return both texts side by side, or one above the other where it is narrow.

    Args:
        before: The original.
        after: What is sent instead.
    """
    return (
        f'<div class="hr-two">{_side("as it was", _original(before, after))}'
        f"{_side('as it is sent', _sent(after))}</div>"
    )


def plain(text: str) -> str:
    """Return a text by itself."""
    return _scrolled("the text", _pre(_cut(text, _SIDE)))


def _side(name: str, inner: str) -> str:
    return f'<div><p class="hr-head">{name}</p>{_scrolled(name, inner)}</div>'


def _scrolled(name: str, inner: str) -> str:
    # What scrolls must be reached by the keyboard too.
    return (
        f'<div class="hr-text" role="group" tabindex="0" aria-label="{name}">'
        f"{inner}</div>"
    )


def _original(before: str, after: str) -> str:
    looked_at = before[:_LOOKED_AT]
    if len(looked_at) < len(before):
        # The last line is cut, and so is no line of the original.
        looked_at = looked_at.rpartition("\n")[0] or looked_at
    found = runs(looked_at, after[:_LOOKED_AT])
    if found is None:
        told = '<p class="hr-soft">Rewritten as a whole.</p>'
        return told + _pre(_cut(before, _SIDE))
    parts, room = [], _SIDE
    for number, run in enumerate(found):
        if room <= 0:
            parts.append(_more(sum(len(r.lines) for r in found[number:]), "line"))
            break
        text = "\n".join(run.lines)
        most = min(room, _RUN) if run.hidden else room
        room -= min(len(text), most) + _TAGS
        parts.append(_run(run, text, most))
    if len(looked_at) < len(before):
        parts.append(_more(len(before) - len(looked_at), "character"))
    return "".join(parts)


def _run(run: Run, text: str, most: int) -> str:
    shown = _cut(text, most)
    if not run.hidden:
        return _pre(shown)
    if len(run.lines) <= _INLINE and len(text) <= most:
        return _pre(f"<del>{shown}</del>", gone=True)
    many = counted(len(run.lines), "line")
    where = (
        f"{run.first:,}\N{EN DASH}{run.last:,}" if run.last > run.first else run.first
    )
    return (
        f'<details class="hr-hidden"><summary>{many} hidden '
        f'<span class="hr-soft">{where}</span></summary>{_pre(shown, gone=True)}'
        "</details>"
    )


def _sent(after: str) -> str:
    marked = "\n".join(_marked(legible(after[:_SIDE])))
    rest = len(after) - _SIDE
    more = _more(rest, "character") if rest > 0 else ""
    return _pre(marked) + more


def _marked(text: str) -> Iterator[str]:
    """Yield lines, those that stand for what is missing marked as such."""
    for line in text.split("\n"):
        said = line.strip()
        if said.startswith(("[headroom:", "[... ")) and said.endswith("]"):
            yield f"<em>{escape(line)}</em>"
        else:
            yield escape(line)


def _cut(text: str, most: int) -> str:
    """Return a text ready for the page, up to some characters."""
    rest = len(text) - most
    more = f"\n… {counted(rest, 'character')} more" if rest > 0 else ""
    return escape(legible(text[:most])) + more


def _pre(inner: str, *, gone: bool = False) -> str:
    of = ' class="hr-gone"' if gone else ""
    # The style is what remains where pages lose their style sheets, and the first line
    # feed in the element is no part of its text.
    return f'<pre{of} style="white-space:pre-wrap">\n{inner}</pre>'


def _more(number: int, thing: str) -> str:
    return f'<p class="hr-soft">… {counted(number, thing)} more, not shown here</p>'
