"""Diffs: which file and hunk a line belongs to, and what it does there.

Unified, combined, context and plain diffs, with or without what git puts before
and between them. The counts of a unified hunk decide what a line is, since a
removed line that starts with dashes looks like the name of a file.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final


class Part(IntEnum):
    """What a line of a diff is."""

    CONTEXT = 0
    ADDED = 1
    REMOVED = 2
    HUNK = 3
    """It opens a hunk."""
    FILE = 4
    """It names a file."""
    META = 5
    """It says what happened to a file as a whole: renamed, deleted, binary."""
    COMMIT = 6
    """It opens a commit."""
    MESSAGE = 7
    """It is part of what somebody wrote about a commit, or of no diff."""
    DETAIL = 8
    """It says again what other lines of the head of a file say."""


_UNIFIED_SIGNS: Final = {
    "+": Part.ADDED,
    "-": Part.REMOVED,
    " ": Part.CONTEXT,
    "": Part.CONTEXT,
    "\r": Part.CONTEXT,
    "\\": Part.DETAIL,
}
_STARTS: Final = ("diff ", "@@", "Index: ", "commit ", "From ", "Only in ", "***")
NOWHERE: Final = -1
"""The file or hunk of a line that belongs to none."""

_UNIFIED = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_COMBINED = re.compile(r"(@{3,20}) (?:-\d+(?:,\d+)? ){2,20}\+\d+(?:,\d+)? @{3,20}")
_PLAIN = re.compile(r"\d+(?:,\d+)?[acd]\d+(?:,\d+)?\r?$")
_OLD_HALF = re.compile(r"\*\*\* \d+(?:,\d+)? \*\*\*\*")
_NEW_HALF = re.compile(r"--- \d+(?:,\d+)? ----")
_COMMIT = re.compile(r"commit [0-9a-f]{7,64}\b|From [0-9a-f]{40} |# HG changeset patch")
_META = re.compile(
    r"rename (?:from|to) |copy (?:from|to) |new file mode |deleted file mode "
    r"|old mode |new mode |Binary files |Only in |GIT binary patch|Property changes on"
    r"|Submodule |Files .{1,600} differ|Cannot display: "
)
_DETAIL = re.compile(
    r"index [0-9a-f]{4,}|(?:dis)?similarity index |={60,}|Index: |_{60,}|--\s*$"
)
_FILE = re.compile(r"diff (?:-|[^\s]+ [^\s]+$)")
_SIDES = re.compile(r"(?:--- |\+\+\+ |\*\*\* )([^\t\r]*)")


@dataclass(slots=True)
class Diff:
    """A diff, line by line."""

    lines: Sequence[str]
    parts: bytearray
    """The `Part` of each line."""
    file_of: array[int]
    """The index of each line's file."""
    hunk_of: array[int]
    """The line that opens each line's hunk."""
    bodies: bytearray
    """How many characters before the text of each line say what it does."""
    files: list[str] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    """For each file the line that names it best."""

    def body(self, at: int) -> str:
        """Return the text of a line without the sign before it."""
        return self.lines[at][self.bodies[at] :]


def read_diff(lines: Sequence[str]) -> Diff:
    """Understand the lines of a diff; lines of anything else become messages."""
    size = len(lines)
    diff = Diff(
        lines=lines,
        parts=bytearray([Part.MESSAGE]) * size,
        file_of=array("i", [NOWHERE]) * size,
        hunk_of=array("i", [NOWHERE]) * size,
        bodies=bytearray(size),
    )
    _Reader(diff).read()
    return diff


class _Reader:
    """Goes from line to line; knows in which file and which hunk it is."""

    def __init__(self, diff: Diff) -> None:
        self._diff = diff
        self._file = NOWHERE
        self._hunk = NOWHERE
        self._old = self._new = 0
        self._signs = 0
        self._inner: Callable[[str], Part | None] = _nothing
        self._half = Part.REMOVED
        self._headed = False

    def read(self) -> None:
        """Read all lines."""
        diff = self._diff
        for at, line in enumerate(diff.lines):
            part = self._inside(line)
            if part is None:
                part = self._outside(at, line)
            diff.parts[at] = part
            diff.file_of[at] = self._file
            diff.hunk_of[at] = self._hunk
            if part <= Part.REMOVED:
                diff.bodies[at] = self._signs

    def _inside(self, line: str) -> Part | None:
        """Say what a line inside a hunk is, or `None` where the hunk has ended."""
        if self._old > 0 or self._new > 0:
            return self._unified(line)
        if line[:1] == "\\":
            return Part.DETAIL
        return self._inner(line) if self._hunk != NOWHERE else None

    def _unified(self, line: str) -> Part | None:
        part = _UNIFIED_SIGNS.get(line[:1])
        if part is None:
            if not line.startswith(_STARTS):
                return Part.MESSAGE
            self._old = self._new = 0
            return None
        self._old -= part in (Part.REMOVED, Part.CONTEXT)
        self._new -= part in (Part.ADDED, Part.CONTEXT)
        return part

    def _combined(self, line: str) -> Part | None:
        signs = line[: self._signs]
        return None if signs.strip(" +-") or not line else _sign(signs)

    def _plain(self, line: str) -> Part | None:
        if line[:2] in {"< ", "<", "> ", ">"}:
            return Part.REMOVED if line[0] == "<" else Part.ADDED
        return Part.DETAIL if line.rstrip() == "---" else None

    def _in_context(self, line: str) -> Part | None:
        signs = line[:2]
        if signs == "! ":
            return self._half
        for half, pattern in ((Part.ADDED, _NEW_HALF), (Part.REMOVED, _OLD_HALF)):
            if pattern.match(line):
                self._half = half
                return Part.DETAIL
        known = {"+ ": Part.ADDED, "- ": Part.REMOVED, "  ": Part.CONTEXT}
        return known.get(signs)

    def _outside(self, at: int, line: str) -> Part:
        hit = _UNIFIED.match(line)
        if hit is not None:
            self._old, self._new = int(hit[1] or 1), int(hit[2] or 1)
            return self._open_hunk(at, 1, _nothing)
        hit = _COMBINED.match(line)
        if hit is not None:
            return self._open_hunk(at, len(hit[1]) - 1, self._combined)
        if line.startswith("***************"):
            self._half = Part.REMOVED
            return self._open_hunk(at, 2, self._in_context)
        if _PLAIN.match(line):
            return self._open_hunk(at, 2, self._plain)
        return self._head(at, line)

    def _open_hunk(
        self, at: int, signs: int, inner: Callable[[str], Part | None]
    ) -> Part:
        self._hunk = at
        self._signs = signs
        self._inner = inner
        self._headed = False
        return Part.HUNK

    def _head(self, at: int, line: str) -> Part:
        """Say what a line outside of hunks is."""
        if _FILE.match(line) or (line.startswith("Index: ") and not self._headed):
            return self._open_file(at, line)
        if line[:4] in {"--- ", "+++ ", "*** "}:
            return self._side(at, line)
        if _DETAIL.match(line) and self._file != NOWHERE:
            return Part.DETAIL
        meta = _META.match(line) is not None
        commit = not meta and _COMMIT.match(line) is not None
        if commit or line.startswith(("Only in ", "Property changes on")):
            self._close()
        elif not meta and line.strip():
            self._hunk = NOWHERE
        if meta:
            return Part.META
        return Part.COMMIT if commit else Part.MESSAGE

    def _close(self) -> None:
        self._file = self._hunk = NOWHERE
        self._headed = False

    def _open_file(self, at: int, line: str) -> Part:
        self._close()
        self._headed = True
        self._file = len(self._diff.files)
        self._diff.files.append(_file_name(line.rsplit(maxsplit=1)[-1]))
        self._diff.names.append(at)
        return Part.FILE

    def _side(self, at: int, line: str) -> Part:
        """Take `--- a/x` and `+++ b/x`; they open a file where nothing else does."""
        hit = _SIDES.match(line)
        name = hit[1].strip() if hit is not None else ""
        lines = self._diff.lines
        following = lines[at + 1][:4] if at + 1 < len(lines) else ""
        opens = (line[:4], following) in {("--- ", "+++ "), ("*** ", "--- ")}
        if opens and not self._headed:
            self._open_file(at, name or "-")
        elif not self._headed:
            return Part.MESSAGE
        if name != "/dev/null" and name:
            self._diff.files[self._file] = _file_name(name)
            if not lines[self._diff.names[self._file]].startswith("diff --git "):
                self._diff.names[self._file] = at
        return Part.FILE


def _nothing(_line: str) -> Part | None:
    return None


def _sign(signs: str) -> Part:
    if "+" in signs:
        return Part.ADDED
    return Part.REMOVED if "-" in signs else Part.CONTEXT


def _file_name(name: str) -> str:
    return name[2:] if name[:2] in {"a/", "b/"} else name
