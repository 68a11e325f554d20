"""What in a text changes from call to call.

Whatever stands in front of a provider's cached prefix must not change, or nothing
of it is read from the cache. System prompts and descriptions of tools stand there,
and what most often changes in them is filled in by a program: the time, an id, a
path. `volatile` finds such values. It is a pure function of the text, and linear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter

from headroom_langchain.cache_aligner.context import in_example, lowered
from headroom_langchain.cache_aligner.found import Found, Kind
from headroom_langchain.cache_aligner.identifiers import identifiers
from headroom_langchain.cache_aligner.moments import moments
from headroom_langchain.cache_aligner.places import places

_BEHIND = "behind the last cached block, for example into the last human message"
_ADVICE: Mapping[Kind, str] = {
    "uuid": f"Leave the id out, or move it {_BEHIND}.",
    "date": f"Move the date {_BEHIND}, or let a tool tell it.",
    "time": f"Move the time {_BEHIND}, or let a tool tell it; a date may do.",
    "epoch": f"Move the time {_BEHIND}, or let a tool tell it.",
    "jwt": "Take the token out: a model needs no credentials; give it to the tool.",
    "hash": f"Leave the hash out, or move it {_BEHIND}.",
    "id": f"Leave the id out, or move it {_BEHIND}.",
    "path": f"Give the folder a fixed name, or move the path {_BEHIND}.",
    "process": f"Leave the number out, or move it {_BEHIND}.",
    "address": "Write a text instead: this is the default form of an object.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatileToken:
    """A value that will be another one in the next call or conversation."""

    kind: Kind
    start: int
    """Where it begins, in characters."""
    end: int
    line: int
    """Counted from 1."""
    column: int
    """Counted from 1, in characters."""
    text: str
    advice: str
    """What to do about it."""


def volatile(text: str) -> tuple[VolatileToken, ...]:
    """Find the values of a text that change from call to call.

    What an author wrote stays and is not told: versions, dates of things that
    happened, examples of a format, pins, names of models, links to what stays.

    Args:
        text: Any text, such as a system prompt or the description of a tool.

    Returns:
        The values in order; none of them overlap.
    """
    tokens: list[VolatileToken] = []
    line, line_start, done = 1, 0, 0
    examples = "xample" in text
    lower = lowered(text)
    every = [*places(text, lower), *identifiers(text, lower), *moments(text, lower)]
    for found in _apart(every):
        if examples and in_example(text, found.start):
            continue
        if breaks := text.count("\n", done, found.start):
            line += breaks
            line_start = text.rindex("\n", done, found.start) + 1
        done = found.end
        tokens.append(
            VolatileToken(
                kind=found.kind,
                start=found.start,
                end=found.end,
                line=line,
                column=found.start - line_start + 1,
                text=text[found.start : found.end],
                advice=_ADVICE[found.kind],
            )
        )
    return tuple(tokens)


def _apart(found: list[Found]) -> list[Found]:
    """Sort what was found; of what overlaps, the earlier and longer one stays."""
    apart: list[Found] = []
    end = 0
    found.sort(key=attrgetter("end"), reverse=True)
    found.sort(key=attrgetter("start"))
    for one in found:
        if one.start >= end:
            apart.append(one)
            end = one.end
    return apart
