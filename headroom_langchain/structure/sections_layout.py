"""Sections of texts that are laid out by indentation and blank lines alone.

Manual pages, YAML, SQL and what tools print as paragraphs of fields have no headings,
but what stands further in belongs to the line above it, and a paragraph of fields is
about what its first line names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from .sections import NOWHERE, Section

_TAB = 8
_LONGEST = 80
_FEWEST_FIELDS = 3
_MOSTLY = 0.5
_FIELD = re.compile(r"[^\s:=|]{1,40}(?: [^\s:=|]{1,40}){0,3} *[:=|](?: |$)")


def layout_sections(texts: Sequence[str]) -> list[Section]:
    """Return the lines that have others further in, and the paragraphs of fields.

    Args:
        texts: The lines of the text.
    """
    sections: list[Section] = []
    around: list[int] = []
    for first, last in sorted(_runs(texts), key=lambda run: (run[0], -run[1])):
        while around and sections[around[-1]].last < first:
            around.pop()
        parent = around[-1] if around else NOWHERE
        if parent != NOWHERE and sections[parent].first == first:
            continue
        around.append(len(sections))
        name = texts[first].strip()[:_LONGEST].rstrip()
        sections.append(Section(name, first, last, parent, record=True))
    return sections


def _runs(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last line of everything that belongs together."""
    depths: dict[int, int] = {}
    starts: dict[int, int] = {}
    for lines in _paragraphs(texts):
        indents = [_indent(texts[at]) for at in lines]
        # A title may be centred above what it names.
        indents[0] = min(indents)
        depths.update(zip(lines, indents, strict=True))
        starts[lines[-1]] = lines[0] if indents[-1] == indents[0] else lines[-1]
        if indents[0] == 0 and _are_fields([texts[at] for at in lines]):
            yield lines[0], lines[-1]
    last = -1
    heads: list[tuple[int, int]] = []
    # A line with others further in, and where what it heads begins: if a blank line
    # comes between, all of its paragraph is the head, as above a commit message.
    for at, below in pairwise([*depths, len(texts)]):
        while heads and depths[heads[-1][1]] >= depths[at]:
            yield heads.pop()[0], last
        last = at
        if depths.get(below, -1) > depths[at]:
            heads.append((starts.get(at, at), at))
    for first, _ in heads:
        yield first, last


def _paragraphs(texts: Sequence[str]) -> Iterator[range]:
    """Yield the lines of each paragraph: those between two that say nothing."""
    first = 0
    for at, text in enumerate([*texts, ""]):
        if not text.strip(" \t\r\n-="):
            if first < at:
                yield range(first, at)
            first = at + 1


def _are_fields(texts: Sequence[str]) -> bool:
    fields = sum(1 for text in texts if _FIELD.match(text.strip()))
    return fields >= max(_FEWEST_FIELDS, _MOSTLY * len(texts))


def _indent(text: str) -> int:
    return len(text[: len(text) - len(text.lstrip())].expandtabs(_TAB))
