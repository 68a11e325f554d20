"""Sections of a diff: its files and hunks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .sections import Heading

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")
_FILE, _PART = 1, 2
_LONGEST = 160


def diff_headings(texts: Sequence[str]) -> list[Heading]:
    """Return the files and hunks of a diff; none for any other text.

    The counts in a hunk's first line decide what a line is, since a removed line
    that starts with dashes looks like the name of a file.

    Args:
        texts: The lines of the text.
    """
    found: list[Heading] = []
    old = new = hunks = 0
    for at, text in enumerate(texts):
        if old > 0 or new > 0:
            old -= text[:1] in {" ", "-", "\n", "\r"}
            new -= text[:1] in {" ", "+", "\n", "\r"}
            continue
        match = _HUNK.match(text)
        if match:
            old, new = int(match[1] or 1), int(match[3] or 1)
            hunks += 1
            found.append(
                Heading(at, _PART, f"+{match[2]} {match[4]}".strip()[:_LONGEST])
            )
        elif text.startswith("diff "):
            found.append(Heading(at, _FILE, text.split()[-1].removeprefix("b/")))
        elif text.startswith("--- ") and _names_file(texts, at):
            name = _file_name(text, texts[at + 1])
            if found and found[-1].level == _FILE:
                found[-1] = Heading(found[-1].line, _FILE, name)
            else:
                found.append(Heading(at, _FILE, name))
    return found if hunks else []


def _names_file(texts: Sequence[str], at: int) -> bool:
    return at + 1 < len(texts) and texts[at + 1].startswith("+++ ")


def _file_name(before: str, after: str) -> str:
    names = [line[4:].split("\t")[0].strip() for line in (after, before)]
    name = names[0] if names[0] != "/dev/null" else names[1]
    return name[2:] if name[:2] in {"a/", "b/"} else name
