"""Sections of a JSON text: its arrays, objects and records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from .json_spans import Span, step
from .lines import Line, line_at
from .sections import NOWHERE, Section

_NAMING = re.compile(
    r"(?:^|[_\-. ])(?:id|name|key|title|arn|uid|uuid|slug|path|url|file|label|symbol)$"
    r"|[a-z0-9](?:Id|ID|Name|Key|Title|Arn|ARN|Uid|Path|File|Label|Identifier)$"
    r"|^(?:Id|ID|Name|Key|Title|Arn|Path|Url|File|Label|identifier|code|number|version"
    r"|host|hostname|address|email|login|user)$"
)
_MOST_NAMES = 2
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
    """Return for each object up to two of its values that tell it from its like.

    Values that occur once tell more than others, and names more than other texts.
    """
    found: dict[int, list[tuple[bool, str]]] = {}
    times: Counter[str] = Counter()
    for span in spans:
        if span.shape or not isinstance(span.key, str):
            continue
        value = text[span.value : span.end]
        if not value or len(value) > _LONGEST_NAME:
            continue
        is_name = _NAMING.search(span.key) is not None
        if is_name or value[0] == '"':
            shown = f"{span.key}: {value}"
            times[shown] += 1
            found.setdefault(span.parent, []).append((not is_name, shown))
    return {at: _best(values, times) for at, values in found.items()}


def _best(values: list[tuple[bool, str]], times: Counter[str]) -> tuple[str, ...]:
    ranked = sorted(values, key=lambda value: (times[value[1]] > 1, value[0]))
    chosen = [shown for is_other, shown in ranked if not is_other][:_MOST_NAMES]
    return tuple(chosen or [shown for _, shown in ranked[:1]])
