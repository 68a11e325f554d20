"""The pages of the documentation, taken apart into their fenced blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
NAMES = [page.relative_to(DOCS).as_posix() for page in PAGES]

_FENCE = re.compile(r"( *)(`{3,}|~{3,}) *([\w-]*)(?: +title=\"([\w.-]+)\")?(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block."""

    kind: str
    """The word behind the fence; empty when there is none."""
    text: str
    line: int
    """The line of the fence, counted from 1."""
    file: str | None = None
    """The file that it shows, if it has a title."""


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page.

    Raises:
        ValueError: A block has no end, or more behind its fence than a kind and a
            title.
    """
    lines = iter(enumerate(page.splitlines(keepends=True), start=1))
    for number, line in lines:
        if (opened := _FENCE.fullmatch(line.rstrip("\n"))) is None:
            continue
        indent, fence, kind, file, rest = opened.groups()
        if rest.strip():
            msg = f"the fence in line {number} has {rest!r} behind it"
            raise ValueError(msg)
        inside: list[str] = []
        for _, line_inside in lines:
            if line_inside.strip() == fence:
                break
            inside.append(line_inside.removeprefix(indent))
        else:
            msg = f"the block that begins in line {number} has no end"
            raise ValueError(msg)
        yield Block(kind=kind, text="".join(inside), line=number, file=file)
