"""Labelled strings: what of them is volatile.

The rule by which they were labelled, before the detector saw them:

A value is volatile when a program fills it in, and would fill in another one in the
next call, conversation, process or on the next day. The judge sees only the text,
and asks whether a reviewer of a system prompt would ask for it. So

- dates and times of day count when a label names the call's own moment (`Today is`,
  `Current time:`, `Date:` at the front of a line), or when date and time stand
  together as a program writes them, in data whatever the key;
- UUIDs, web tokens, hashes, ids of requests, sessions, traces and users, objects'
  addresses count wherever they stand as values, short hashes where a commit is named
  or listed;
- paths count below temporary folders, when a part of them was made up;
- numbers count as a time, a process or a passing port when a label says so.

Not volatile is what an author wrote: versions, names of models and APIs with dates,
examples of a format, literals in code, what happened at some time, pins and
checksums (the text is about that very content), links to commits and pictures,
names of resources (`arn:`), constants and namespaces, placeholders.

A span is the value alone: without its label, quotes or braces.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SETS = ("labelled", "later")
"""`labelled` was made before the detector, `later` from other files afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A string and what of it is volatile."""

    text: str
    spans: Mapping[tuple[int, int], str]
    """The kind of value between two characters."""
    source: str


def labelled(name: str) -> Iterator[Labelled]:
    """Read a set of labelled strings."""
    for line in (HERE / f"{name}.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        spans = {(start, end): kind for start, end, kind in row["volatile"]}
        yield Labelled(text=row["text"], spans=spans, source=row["source"])
