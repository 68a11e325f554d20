"""Listings of files: `find`, `ls -l`, `tree`, `du`, `git ls-files` and the like.

Every entry lies in a folder: the one its path names, the heading above it, or the
branch of the tree it grows from.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from .listing_facts import DATE, Facts, bytes_of
from .text_lines import some_lines

_MODE = re.compile(r"\s*(?:\d+\s+\d+\s+)?([dlcbpsD-][rwxsStT-]{9})[.+@]?\s")
_FIELDS = re.compile(
    r"\s*(?:(?:\d[\d.,:T+-]*[KMGTP]?(?:i?B)?|[+-]\d{4}|[A-Z][a-z]{2}"
    r"|blob|tree|commit|[0-9a-f]{40,64})[ \t]+){1,8}"
    r"(?=\.{0,2}/|~/|[\w.@+-]+/)"
)
_BRACKET = re.compile(r"\[([^\[\]]{1,80})\]\s+")
_TREE = re.compile(r"([│| \u00a0]*)(?:[├└]─[─┬]*|[|`+\\]--+) ?")
_TREE_OF_ROWS = re.compile(
    r"[│| ]*[├└|`][─-]+ ?(?!\[)[^\s]{1,200}  +[^\s]{1,200} +[^\s]"
)
_SIZED = re.compile(
    r"\s*(\d+(?:[.,]\d+)?) ?([KMGTP]?)(?:i?B?)(?:\t\s*| {1,4})"
    r"((?:\.{0,2}/|[\w.@+-]+/)\S*)"
)
_DATED = re.compile(
    r"[^/]{0,60}?(?:\d{4}-\d\d-\d\d|[A-Z][a-z]{2} +\d|\d{10}\.\d"
    r"|\d{6} (?:blob|tree|[0-9a-f]{40}))"
)
_SIZE_BEHIND = re.compile(r" *\d+ +(?=\.{0,2}/|~/|[\w.@+-]+/)")
_HASHED = re.compile(r"[0-9a-f]{32,128} [ *]")
_STATUS = re.compile(r"(?:[ MADRCUT?!]{2} |[MADRCUT]\d{0,3}\t)(?=\S)")
_PATH = re.compile(
    r"(?:\.{0,2}/|~/|[A-Za-z]:\\|[\w@.+%,=~()\[\]{}$-]{1,120}/)[^\s:]*"
    r"(?: [^\s:]+){0,2}$"
)
_BARE_NAME = re.compile(r"[\w.@+=~-]{1,120}$")
_HEADING = re.compile(r"[^\s][^:\t]{0,400}:$")
_DELIMITERS: Final = ",;|"
_BEFORE_MODE: Final = " \t0123456789"
_ENOUGH: Final = 0.8
_ENOUGH_SIZED: Final = 0.9
_SURE: Final = 0.6
_LEAST: Final = 8
_GLANCE: Final = 1000
_WIDEST: Final = 500


class ListingForm(Enum):
    """How a listing shows an entry."""

    MODES = "-rw-r--r-- 1 root root 12 Jan 1 2025 name"
    TREE = "├── name"
    SIZES = "12 path"
    FIELDS = "12 2025-01-01 12:30 path"
    PATHS = "path"


@dataclass(slots=True)
class Listing:
    """A listing, line by line."""

    form: ListingForm
    lines: Sequence[str]
    folder_of: array[int]
    """The index of each entry's folder, or -1 for a line that is no entry."""
    heading_of: array[int]
    """The line that names the folder of an entry, or -1."""
    entries: bytearray
    """1 for entries."""
    starts: array[int]
    """Where in each entry its name starts, after its folder."""
    facts: Facts
    folders: list[str] = field(default_factory=list)

    def name(self, at: int) -> str:
        """Return the name of an entry, without its folder."""
        return self.lines[at][self.starts[at] :].strip()

    def is_file(self, at: int) -> bool:
        """Tell whether an entry is a file whose size is known."""
        shows_mode = self.form == ListingForm.MODES
        plain = not shows_mode or self.lines[at].lstrip(_BEFORE_MODE)[:1] == "-"
        return plain and self.facts.sizes[at] >= 0


def listing_form(lines: Sequence[str]) -> ListingForm | None:
    """Tell which form of a listing most lines have, if any."""
    glance = some_lines(lines, _GLANCE)
    filled = [line[:_WIDEST] for line in glance if line.strip()]
    size = len(filled)
    if size < _LEAST:
        return None

    # Patterns for other forms take their time on many paths.
    middle = filled[size // 2 : size // 2 + 3]
    if any(line[0] not in "/." or "/" not in line for line in middle):
        form = _form_with_facts(filled)
        if form is not None:
            return form
    return ListingForm.PATHS if _are_paths(filled) else None


def _form_with_facts(lines: Sequence[str]) -> ListingForm | None:
    """Tell the form of entries that have more than a name, if it is one."""
    if _most_match(lines, _MODE, _SURE):
        return ListingForm.MODES
    if _most_match(lines, _TREE, _SURE) and not _most_match(
        lines, _TREE_OF_ROWS, _SURE
    ):
        return ListingForm.TREE
    if _most_match(lines, _SIZED, _ENOUGH_SIZED):
        return ListingForm.SIZES
    if _most_match(lines, _FIELDS, _ENOUGH_SIZED) and _most_match(
        lines, _DATED, _ENOUGH_SIZED
    ):
        return ListingForm.FIELDS
    return None


def _are_paths(lines: Sequence[str]) -> bool:
    """Whether lines are paths and names, most of them with their folders."""
    with_slash = sum(1 for line in lines if "/" in line)
    if with_slash < _SURE * len(lines) or _has_columns(lines):
        return False
    paths = 0
    for line in lines:
        if "/" not in line and not _BARE_NAME.match(line):
            continue
        paths += _path_at(line) >= 0
    return paths >= _ENOUGH * len(lines)


def _most_match(lines: Sequence[str], pattern: re.Pattern[str], share: float) -> bool:
    """Whether a share of the lines matches; they are looked at while that is open."""
    spare = len(lines) - share * len(lines)
    hits = 0
    for at, line in enumerate(lines):
        hits += pattern.match(line) is not None
        if at + 1 - hits > spare:
            return False
    return True


def _has_columns(lines: Sequence[str]) -> bool:
    """Whether lines have cells: a delimiter, and all of them as often."""
    for delimiter in _DELIMITERS:
        width = lines[0].count(delimiter)
        if width and all(line.count(delimiter) == width for line in lines):
            return True
    return False


def read_listing(lines: Sequence[str]) -> Listing | None:
    """Understand a listing; `None` for lines that are none."""
    form = listing_form(lines)
    if form is None:
        return None
    size = len(lines)
    listing = Listing(
        form=form,
        lines=lines,
        folder_of=array("i", [-1]) * size,
        heading_of=array("i", [-1]) * size,
        entries=bytearray(size),
        starts=array("i", [0]) * size,
        facts=Facts(0 if form == ListingForm.PATHS else size),
    )
    _Reader(listing).read()
    return listing if sum(listing.entries) >= _LEAST else None


class _Reader:
    """Goes from line to line; knows the folder it is in."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._numbers: dict[str, int] = {}
        self._folder = ""
        self._heading = -1
        self._branch: list[tuple[str, int, int]] = []

    def read(self) -> None:
        """Read all lines."""
        reads = {
            ListingForm.MODES: self._mode,
            ListingForm.TREE: self._tree,
            ListingForm.SIZES: self._sized,
            ListingForm.FIELDS: self._fields,
            ListingForm.PATHS: self._path,
        }[self._listing.form]
        for at, line in enumerate(self._listing.lines):
            if line.strip() and not reads(at, line[:_WIDEST].rstrip("\r")):
                self._other(at, line)

    def _other(self, at: int, line: str) -> None:
        if len(line) < _WIDEST and _HEADING.match(line.rstrip("\r")):
            self._folder = line.rstrip(":\r")
            self._heading = at

    def _add(self, at: int, folder: str, start: int) -> bool:
        number = self._numbers.get(folder)
        if number is None:
            number = self._numbers[folder] = len(self._numbers)
            self._listing.folders.append(folder)
        self._listing.folder_of[at] = number
        self._listing.heading_of[at] = self._heading
        self._listing.entries[at] = 1
        self._listing.starts[at] = start
        return True

    def _mode(self, at: int, line: str) -> bool:
        hit = _MODE.match(line)
        if hit is None:
            return False
        fields = line[hit.start(1) :]
        date = DATE.search(fields)
        if date is None:
            name = line.rsplit(maxsplit=1)[-1]
            start = line.rfind(name)
            fields = line[hit.start(1) : start]
        else:
            start = hit.start(1) + date.end()
            size = _SIZE_BEHIND.match(line, start)
            name = line[start if size is None else size.end() :].strip()
            start = line.find(name, start)
        self._listing.facts.take(at, fields, date)
        path = name.partition(" -> ")[0]
        cut = path.rstrip("/").rfind("/") + 1
        return self._add(at, self._folder or path[:cut], start + cut)

    def _tree(self, at: int, line: str) -> bool:
        hit = _TREE.match(line)
        if hit is None:
            return False
        start = hit.end()
        bracket = _BRACKET.match(line, start)
        if bracket is not None:
            self._listing.facts.take(at, bracket[1], DATE.search(bracket[1]))
            start = bracket.end()
        name = line[start:].strip()
        depth = len(hit[1])
        while self._branch and self._branch[-1][1] >= depth:
            self._branch.pop()
        top = self._branch[0] if self._branch else None
        self._heading = self._branch[-1][2] if self._branch else -1
        self._branch.append((name.partition(" ")[0], depth, at))
        self._add(at, top[0] if top else "", start)
        if top is not None:
            # A branch of the trunk counts with what grows from it.
            self._listing.folder_of[top[2]] = self._listing.folder_of[at]
        return True

    def _sized(self, at: int, line: str) -> bool:
        hit = _SIZED.match(line)
        if hit is None:
            return False
        self._listing.facts.sizes[at] = bytes_of(hit[1], hit[2])
        path = line[hit.start(3) :]
        cut = path.rstrip("/").rfind("/") + 1
        return self._add(at, path[:cut], hit.start(3) + cut)

    def _fields(self, at: int, line: str) -> bool:
        hit = _FIELDS.match(line)
        if hit is None:
            return False
        self._listing.facts.take(at, hit[0], DATE.search(hit[0]))
        path = line[hit.end() :]
        cut = path.rstrip("/").rfind("/") + 1
        return self._add(at, path[:cut], hit.end() + cut)

    def _path(self, at: int, line: str) -> bool:
        start = _path_at(line)
        if start < 0 or line.endswith(":"):
            return False
        path = line[start:]
        cut = max(path.rstrip("/").rfind("/"), path.rfind("\\")) + 1
        return self._add(at, path[:cut] or self._folder, start + cut)


def _path_at(line: str) -> int:
    """Return where in a line its path starts, or -1."""
    start = 0
    hit = _HASHED.match(line) or _STATUS.match(line)
    if hit is not None:
        start = hit.end()
    if _PATH.match(line, start) or _BARE_NAME.match(line, start):
        return start
    return -1
