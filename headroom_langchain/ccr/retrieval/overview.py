"""What is in a text, for a model whose search found nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.retrieval.excerpt import clip
from headroom_langchain.ccr.retrieval.measure import measure

if TYPE_CHECKING:
    from headroom_langchain.structure.passages import Document

_HEADING: Final = 40
_MOST_SECTIONS: Final = 60
_FEWEST_SECTIONS: Final = 2
_WIDTH: Final = 110
_SAMPLE: Final = 24


def show_overview(document: Document, reason: str, budget: int) -> str:
    """Return the outline of a text: its sections, or lines from all over it.

    Args:
        document: The text, as it was read.
        reason: Why an outline is shown, as a sentence.
        budget: Estimated tokens of the whole.
    """
    total = len(document.lines)
    head = (
        f"{reason} Outline of its {total:,} lines; ask with other words or "
        'lines="120-180":'
    )
    rows = _sections(document)
    if len(rows) < _FEWEST_SECTIONS:
        rows = _sample(document)
    left = budget - measure(head)
    shown: list[tuple[int, str]] = []
    for line, row in rows:
        cost = measure(row) + 2
        if cost <= left:
            shown.append((line, row))
            left -= cost
    return "\n".join([head, *(row for _, row in sorted(shown))])


def _sections(document: Document) -> list[tuple[int, str]]:
    """Return the outermost sections first, then what they hold, as rows."""
    depths: list[int] = []
    for section in document.outline.sections:
        depths.append(depths[section.parent] + 1 if section.parent >= 0 else 0)
    order = sorted(range(len(depths)), key=lambda at: depths[at])
    return [
        (document.outline.sections[at].first, _row(document, at))
        for at in order[:_MOST_SECTIONS]
    ]


def _row(document: Document, at: int) -> str:
    section = document.outline.sections[at]
    label = document.label(at)
    identity = ", ".join(section.identity)
    named = f"{label} ({identity})" if identity else label
    return f"{section.first + 1}-{section.last + 1}: {named[:_WIDTH]}"


def _sample(document: Document) -> list[tuple[int, str]]:
    """Return lines from all over the text, first and last ones first."""
    total = len(document.lines)
    count = min(_SAMPLE, total)
    evenly = [at * (total - 1) // max(1, count - 1) for at in range(count)]
    order = dict.fromkeys([0, total - 1, *evenly])
    rows = [(at, clip(document.line(at), (), _WIDTH)) for at in order]
    return [(at, f"{at + 1}: {text}") for at, text in rows if text.strip()]
