"""Search results: which file and which text a line of `grep` or `rg` shows.

The forms are told apart by what most lines look like, since the same line means
different things in different forms.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from .text_lines import some_lines

_PATH = r"(?:[A-Za-z]:[\\/])?[^:\n\t]{1,300}"
_NUMBERED = re.compile(rf"({_PATH}):\d{{1,7}}:(?:(\d{{1,5}}):)?")
_CONTEXT = re.compile(r"-\d{1,7}-")
_COUNTED = re.compile(rf"({_PATH}):\d{{1,9}}\r?$")
_NAMED = re.compile(r"((?:[A-Za-z]:[\\/])?[^:\s]{1,300}):")
_BARE = re.compile(r"\d{1,7}(?:([:-])(?:\d{1,5}:)?)")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")
_TIME = re.compile(r"\d\d?:\d\d[:.]\d\d")
_LOOKS_LIKE_PATH = re.compile(r"[^\s]{0,300}(?:[/\\]|\.[A-Za-z][\w+-]{0,9}$)|[\w.-]+$")
_HAS_EXTENSION = re.compile(r"[^\s]{0,300}(?:[/\\]|\.[A-Za-z][\w+-]{0,9}$)")
_DIAGNOSTIC = re.compile(r" ?(?:fatal )?(?:error|warning|note|info)\b")
_NONE: Final = -1
_ENOUGH: Final = 0.5
_ENOUGH_DIAGNOSTICS: Final = 0.06
_LEAST: Final = 3
_MESSAGES: Final = 0.75
_NAMED_SHARE: Final = 0.7
_RISING: Final = 0.75
_RISING_ALONE: Final = 0.5
_GLANCE: Final = 300
_WIDEST: Final = 400


class SearchForm(Enum):
    """How a search result names files and lines."""

    NUMBERED = "path:12:text"
    COUNTED = "path:12"
    NAMED = "path:text"
    HEADED = "path, then 12:text"
    BARE = "12:text"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A search result, line by line."""

    form: SearchForm
    lines: Sequence[str]
    files: list[str]
    """The files, in the order in which they occur."""
    file_of: array[int]
    """The index of each line's file, or -1 for a line that is no part of one."""
    bodies: array[int]
    """Where in each line the found text starts."""
    matches: bytearray
    """1 for a line that was found, 0 for context, headings and messages."""

    def body(self, at: int) -> str:
        """Return the text of a line without file and number."""
        return self.lines[at][self.bodies[at] :]


def read_search(lines: Sequence[str]) -> SearchResult | None:
    """Understand a search result.

    Args:
        lines: The lines of a text.

    Returns:
        The result, or `None` for lines of which not even half look like one.
    """
    form = search_form(lines)
    if form is None:
        return None
    reader = _Reader(lines, form)
    reader.read()
    result = reader.result
    filled = sum(1 for line in lines if line.strip("-\r ")) or 1
    known = sum(1 for at in result.file_of if at != _NONE)
    return result if known >= max(_LEAST, _ENOUGH * filled) else None


def search_form(lines: Sequence[str]) -> SearchForm | None:
    """Tell which form of a search result most lines have, if any."""
    glance = some_lines(lines, _GLANCE)
    filled = [line[:_WIDEST] for line in glance if line.strip("-\r ")]
    if len(filled) < _LEAST:
        return None
    least = max(_LEAST, _ENOUGH * len(filled))
    if sum(1 for line in filled if ":" in line or "-" in line) < least:
        return None
    tally = _Tally()
    for line in filled:
        tally.add(line)
    if tally.forms[SearchForm.BARE] >= least:
        return _bare_form(lines)
    return tally.form(least)


@dataclass(slots=True)
class _Tally:
    """How many lines look like which form."""

    forms: Counter[SearchForm] = field(default_factory=Counter)
    paths: Counter[str] = field(default_factory=Counter)
    size: int = 0
    context: int = 0
    diagnostics: int = 0
    set_off: int = 0
    """Lines with exactly one blank after the path, as messages have it."""

    def add(self, line: str) -> None:
        """Count one line."""
        self.size += 1
        if _ASSIGNED.match(line):
            return
        hit = _NUMBERED.match(line)
        if hit is not None and _LOOKS_LIKE_PATH.match(hit[1]):
            self._add_named(SearchForm.NUMBERED, line, hit)
            self.diagnostics += _DIAGNOSTIC.match(line, hit.end()) is not None
        elif (hit := _COUNTED.match(line)) is not None and _is_path(hit[1]):
            self.forms[SearchForm.COUNTED] += 1
        elif _BARE.match(line) and not _TIME.match(line):
            self.forms[SearchForm.BARE] += 1
        elif (hit := _NAMED.match(line)) is not None and _is_path(hit[1]):
            self._add_named(SearchForm.NAMED, line, hit)
        elif _CONTEXT.search(line):
            self.context += 1

    def _add_named(self, form: SearchForm, line: str, hit: re.Match[str]) -> None:
        self.forms[form] += 1
        self.paths[hit[1]] += 1
        start = hit.end()
        self.set_off += line[start : start + 1] == " " != line[start + 1 : start + 2]

    def form(self, least: float) -> SearchForm | None:
        """Tell the form that at least so many lines have."""
        numbered, named = self.forms[SearchForm.NUMBERED], self.forms[SearchForm.NAMED]
        if self.diagnostics >= max(2, _ENOUGH_DIAGNOSTICS * numbered):
            return None
        as_messages = self.set_off >= _MESSAGES * (numbered + named)
        if numbered > named and numbered + named + self.context >= least:
            sure = sum(n for path, n in self.paths.items() if _is_path(path))
            good = 2 * sure >= numbered >= _LEAST and not as_messages
            return SearchForm.NUMBERED if good else None
        if self.forms[SearchForm.COUNTED] >= least:
            return SearchForm.COUNTED
        repeated = 2 * len(self.paths) <= named + _LEAST
        enough = named >= max(_LEAST, _NAMED_SHARE * (least / _ENOUGH))
        return SearchForm.NAMED if enough and repeated and not as_messages else None


def _bare_form(lines: Sequence[str]) -> SearchForm | None:
    """Tell numbered lines under the names of files from those without."""
    headings = rising = bare = 0
    last = 0
    for at, line in enumerate(lines):
        hit = _BARE.match(line)
        if hit is not None:
            number = int(line[: line.find(hit[1])])
            rising += number > last
            last = number
            bare += 1
            continue
        following = lines[at + 1] if at + 1 < len(lines) else ""
        headings += bool(line.strip()) and _BARE.match(following) is not None
        last = 0 if line.strip("-\r ") else last
    if rising < (_RISING if headings > 1 else _RISING_ALONE) * bare:
        return None
    return SearchForm.HEADED if headings > 1 else SearchForm.BARE


def _is_path(text: str) -> bool:
    return _HAS_EXTENSION.match(text) is not None and "://" not in text


class _Reader:
    """Reads line by line; knows the files so far."""

    def __init__(self, lines: Sequence[str], form: SearchForm) -> None:
        self._number: dict[str, int] = {}
        self.result = SearchResult(
            form=form,
            lines=lines,
            files=[],
            file_of=array("i", [_NONE]) * len(lines),
            bodies=array("i", [0]) * len(lines),
            matches=bytearray(len(lines)),
        )

    def read(self) -> None:
        """Read all lines: the matches, then the context around them."""
        form = self.result.form
        if form in {SearchForm.HEADED, SearchForm.BARE}:
            self._headed()
            return
        pattern = {
            SearchForm.NUMBERED: _NUMBERED,
            SearchForm.COUNTED: _COUNTED,
            SearchForm.NAMED: _NAMED,
        }[form]
        others: list[int] = []
        for at, line in enumerate(self.result.lines):
            hit = pattern.match(line[:_WIDEST])
            if hit is not None and _LOOKS_LIKE_PATH.match(hit[1]):
                self._add(at, hit[1], hit.end(), match=True)
            else:
                others.append(at)
        for at in others:
            self._context(at, self.result.lines[at][:_WIDEST])

    def _add(self, at: int, file: str, body: int, *, match: bool) -> None:
        number = self._number.get(file)
        if number is None:
            number = self._number[file] = len(self._number)
            self.result.files.append(file)
        self.result.file_of[at] = number
        self.result.bodies[at] = body
        self.result.matches[at] = match

    def _context(self, at: int, line: str) -> None:
        """Take a line as context if what is before its number is a known file."""
        for hit in _CONTEXT.finditer(line):
            if line[: hit.start()] in self._number:
                self._add(at, line[: hit.start()], hit.end(), match=False)
                return

    def _headed(self) -> None:
        lines = self.result.lines
        file = ""
        for at, line in enumerate(lines):
            hit = _BARE.match(line)
            if hit is not None:
                self._add(at, file, hit.end(), match=hit[1] == ":")
            elif self.result.form == SearchForm.HEADED and line.strip("-\r "):
                following = lines[at + 1] if at + 1 < len(lines) else ""
                if _BARE.match(following):
                    file = line.strip()
                    self._add(at, file, 0, match=False)
