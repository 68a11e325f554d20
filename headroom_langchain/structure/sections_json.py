"""Sections of a JSON text: its arrays, objects and records."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .json_spans import Span, step
from .lines import Line, line_at
from .sections import NOWHERE, Section

_NAMING = re.compile(
    r"(?:^|[_\-. ])(?:id|name|key|title|arn|uid|uuid|slug|path|url|file|label|symbol)$"
    r"|[a-z0-9](?:Id|ID|Name|Key|Title|Arn|ARN|Uid|Path|File|Label|Identifier)$"
    r"|^(?:identifier|code|number|version|host|hostname|address|email|login|user)$",
)
_MOST_NAMES = 3
_LONGEST_NAME = 90


def json_sections(
    text: str, spans: Sequence[Span], lines: Sequence[Line]
) -> tuple[list[Section], tuple[int, ...]]:
    """Return the arrays and objects of a text as sections, and the owner of each line.

    Args:
        text: The text.
        spans: Where its values stand.
        lines: The text as lines.
    """
    places: dict[int, int] = {NOWHERE: NOWHERE}
    sections: list[Section] = []
    containers: list[Span] = []
    names = _identities(text, spans)
    for at, span in enumerate(spans):
        if not span.shape:
            continue
        places[at] = len(sections)
        outer = spans[span.parent] if span.parent >= 0 else None
        sections.append(
            Section(
                name="$" if outer is None and span.key == 0 else step(span.key),
                first=line_at(lines, span.start),
                last=line_at(lines, span.end - 1),
                parent=places[span.parent],
                record=span.shape == "{" and _is_record(span, outer),
                identity=names.get(at, ()),
            )
        )
        containers.append(span)
    return sections, _owners(text, containers, lines)


def _is_record(span: Span, outer: Span | None) -> bool:
    return outer is None or isinstance(span.key, int) or outer.size > 1


def _owners(
    text: str, containers: Sequence[Span], lines: Sequence[Line]
) -> tuple[int, ...]:
    """Return for each line the innermost container that holds its first character."""
    found: list[int] = []
    around: list[int] = []
    following = 0
    for line in lines:
        piece = text[line.start : line.end]
        first = line.start + len(piece) - len(piece.lstrip())
        while following < len(containers) and containers[following].start <= first:
            around.append(following)
            following += 1
        while around and containers[around[-1]].end <= first:
            around.pop()
        found.append(around[-1] if around else NOWHERE)
    return tuple(found)


def _identities(text: str, spans: Sequence[Span]) -> dict[int, tuple[str, ...]]:
    """Return for each object up to three of its values that tell it from its like."""
    naming: dict[int, list[str]] = {}
    fallback: dict[int, str] = {}
    for span in spans:
        key = span.key
        if span.shape or not isinstance(key, str) or span.end - span.value < 1:
            continue
        if span.end - span.value > _LONGEST_NAME:
            continue
        value = text[span.value : span.end]
        if _NAMING.search(key):
            found = naming.setdefault(span.parent, [])
            if len(found) < _MOST_NAMES:
                found.append(f"{key}: {value}")
        elif value[0] == '"' and span.parent not in fallback:
            fallback[span.parent] = f"{key}: {value}"
    named = {at: tuple(found) for at, found in naming.items()}
    return {at: (value,) for at, value in fallback.items()} | named
