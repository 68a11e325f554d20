"""Sections: what a run of lines belongs to, such as a record or a function."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

NOWHERE: Final = -1
"""The owner of a line that belongs to no section."""


@dataclass(slots=True)
class Section:
    """A run of lines that belong together, maybe as part of a larger one."""

    name: str
    """What it is called: a heading, `class Table`, a file, `[17]`."""
    first: int
    """The index of its first line."""
    last: int
    """The index of its last line."""
    parent: int = NOWHERE
    """The index of the section that it is part of."""
    record: bool = False
    """Whether it is one among its like, as the records of an array are."""
    identity: tuple[str, ...] = ()
    """What tells a record from its like, such as `id: 17`."""

    @property
    def size(self) -> int:
        """How many lines it has."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The sections of a text, and what was found on the way to them."""

    sections: Sequence[Section] = ()
    """The sections, outer ones before inner ones, in the order of the text."""
    definitions: frozenset[int] = frozenset()
    """The lines that define a symbol."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that opens a section, closed by the next one that is not deeper."""

    line: int
    level: int
    title: str


def nest(headings: Iterable[Heading], count: int) -> list[Section]:
    """Turn headings into sections that end where the next one begins.

    Args:
        headings: The headings in the order of the text.
        count: How many lines the text has.
    """
    sections: list[Section] = []
    levels: list[int] = []
    around: list[int] = []
    for heading in headings:
        while around and levels[around[-1]] >= heading.level:
            sections[around.pop()].last = heading.line - 1
        parent = around[-1] if around else NOWHERE
        sections.append(Section(heading.title, heading.line, count - 1, parent))
        levels.append(heading.level)
        around.append(len(sections) - 1)
    return sections


def owners(sections: Sequence[Section], count: int) -> array[int]:
    """Return for each of `count` lines the innermost section that holds it."""
    found = array("q")
    around: list[int] = []
    following = 0
    for line in range(count):
        while following < len(sections) and sections[following].first <= line:
            around.append(following)
            following += 1
        while around and sections[around[-1]].last < line:
            around.pop()
        found.append(around[-1] if around else NOWHERE)
    return found
