"""Sections of a JSON text: its arrays, objects and records."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from itertools import compress

from .json_spans import Spans, step
from .lines import Lines, line_at
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
    text: str, spans: Spans, lines: Lines
) -> tuple[list[Section], array[int]]:
    """Return the arrays and objects of a text as sections, and the owner of each line.

    Args:
        text: The text.
        spans: Where its values stand.
        lines: The text as lines.
    """
    places: dict[int, int] = {NOWHERE: NOWHERE}
    sections: list[Section] = []
    names = _identities(text, spans)
    for at in compress(range(len(spans)), spans.shapes):
        places[at] = len(sections)
        parent, key = spans.parents[at], spans.keys[at]
        sections.append(
            Section(
                name="$" if parent < 0 and key == 0 else step(key),
                first=line_at(lines, spans.starts[at]),
                last=line_at(lines, spans.ends[at] - 1),
                parent=places[parent],
                record=spans.shapes[at] == "{" and _is_record(spans, at),
                identity=names.get(at, ()),
            )
        )
    return sections, _owners(text, spans, lines)


def _is_record(spans: Spans, at: int) -> bool:
    parent = spans.parents[at]
    return parent < 0 or isinstance(spans.keys[at], int) or spans.sizes[parent] > 1


def _owners(text: str, spans: Spans, lines: Lines) -> array[int]:
    """Return for each line the innermost container that holds its first character."""
    starts = array("q", compress(spans.starts, spans.shapes))
    ends = array("q", compress(spans.ends, spans.shapes))
    found = array("q")
    around: list[int] = []
    following = 0
    for start, end in zip(lines.starts, lines.ends, strict=True):
        piece = text[start:end]
        first = end - len(piece.lstrip())
        while following < len(starts) and starts[following] <= first:
            around.append(following)
            following += 1
        while around and ends[around[-1]] <= first:
            around.pop()
        found.append(around[-1] if around else NOWHERE)
    return found


def _identities(text: str, spans: Spans) -> dict[int, tuple[str, ...]]:
    """Return for each object up to two of its values that tell it from its like.

    Values that occur once tell more than others, and names more than other texts.
    """
    shown: dict[int, str] = {}
    found: dict[int, list[int]] = {}
    naming: dict[str, bool] = {}
    for at, (key, shape) in enumerate(zip(spans.keys, spans.shapes, strict=True)):
        if shape or not isinstance(key, str):
            continue
        start, end = spans.values[at], spans.ends[at]
        if not 0 < end - start <= _LONGEST_NAME:
            continue
        is_name = naming.get(key)
        if is_name is None:
            is_name = naming[key] = _NAMING.search(key) is not None
        if is_name or text[start] == '"':
            shown[at] = f"{key}: {text[start:end]}"
            # Names are told from other texts by their sign.
            found.setdefault(spans.parents[at], []).append(~at if is_name else at)
    times = Counter(shown.values())
    return {at: _best(values, shown, times) for at, values in found.items()}


def _best(
    values: list[int], shown: dict[int, str], times: Counter[str]
) -> tuple[str, ...]:
    names = [shown[~at] for at in values if at < 0]
    if names:
        return tuple(sorted(names, key=lambda name: times[name] > 1)[:_MOST_NAMES])
    return (min((shown[at] for at in values), key=lambda value: times[value] > 1),)
