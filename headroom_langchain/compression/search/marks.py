"""Write the chosen lines of groups, and for each group how many are not shown.

Lines stay in their order. One mark stands where a group of lines ends, such as
`[... 38 matches, 3 in src/b.py]`: what is missing of the file above, then what is
missing of files of which nothing is shown.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

_NAMED: Final = 8
_FOLDERS: Final = 5
_NO_GROUP: Final = -1
_LEVELS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Which group each line belongs to."""

    of: Sequence[int]
    """The index of each line's group, or -1 for a line of none."""
    names: Sequence[str]
    """What the groups are called: files or folders."""
    noun: tuple[str, str]
    """What one line is called, and several."""
    counts: Sequence[int] | bytearray
    """1 for the lines that count."""
    coarse: bool = False
    """Whether these are the folders of the files or folders that lines are in."""


@dataclass(slots=True)
class _Writer:
    groups: Groups
    told: Callable[[Sequence[int]], str]
    out: list[str] = field(default_factory=list)
    current: int = _NO_GROUP
    hidden: dict[int, array[int]] = field(default_factory=dict)
    others: int = 0

    def hide(self, at: int) -> None:
        if self.groups.counts[at]:
            self.hidden.setdefault(self.groups.of[at], array("i")).append(at)
        else:
            self.others += 1

    def show(self, line: str, group: int) -> None:
        if group != self.current:
            # What precedes the first line shown of a group is told at its end.
            before = self.hidden.pop(group, None)
            self.flush()
            self.current = group
            if before:
                self.hidden[group] = before
        self.out.append(line)

    def flush(self) -> None:
        if not self.hidden and not self.others:
            return
        lines = [at for one in self.hidden.values() for at in one]
        parts: list[str] = []
        here = len(self.hidden.pop(self.current, ()))
        if here:
            parts.append(f"{here:,} {self._noun(here)}{self._where()}")
        parts += self._elsewhere(first=not parts)
        if not parts:
            parts.append(f"{self.others:,} line{'s' if self.others > 1 else ''}")
        told = self.told(lines) if lines else ""
        self.out.append(f"[... {', '.join(parts)}{told}]")
        self.hidden = {}
        self.others = 0

    def _where(self) -> str:
        """Name the group of the lines above, if several are counted as one."""
        name = self.groups.names[self.current] if self.current >= 0 else ""
        return f" in {name}" if self.groups.coarse and name else ""

    def _noun(self, count: int) -> str:
        return self.groups.noun[count > 1]

    def _elsewhere(self, *, first: bool) -> list[str]:
        """Count the lines of groups that are not shown at all, by name or by folder."""
        names = self.groups.names
        hidden = [
            (names[at] if at >= 0 else "", len(lines))
            for at, lines in self.hidden.items()
        ]
        if len(hidden) > _NAMED:
            return self._by_folder(hidden)
        parts: list[str] = []
        for name, count in hidden:
            noun = f" {self._noun(count)}" if first and not parts else ""
            where = f"in {name}" if name else "elsewhere"
            parts.append(f"{count:,}{noun} {where}")
        return parts

    def _by_folder(self, hidden: Sequence[tuple[str, int]]) -> list[str]:
        lines: Counter[str] = Counter()
        files: Counter[str] = Counter()
        for name, count in hidden:
            folder = folder_of(name.rstrip("/"))
            lines[folder] += count
            files[folder] += 1
        top = lines.most_common(_FOLDERS)
        parts = [f"{n:,} in {files[at]:,} of {at or '.'}" for at, n in top]
        rest = sum(lines.values()) - sum(n for _, n in top)
        total = sum(lines.values())
        parts[0] = (
            f"{total:,} {self._noun(total)} in {len(hidden):,} others: {parts[0]}"
        )
        return [*parts, f"{rest:,} elsewhere"] if rest else parts


def coarsened(groups: Groups, most: int) -> Groups:
    """Count by the folders of groups where they take turns too often.

    Args:
        groups: The groups.
        most: How many runs of lines of one group there may be.
    """
    of, names = groups.of, groups.names
    for _ in range(_LEVELS):
        runs = sum(1 for one, other in pairwise(of) if one != other)
        if runs <= most:
            break
        numbers: dict[str, int] = {}
        outer = [
            numbers.setdefault(folder_of(name.rstrip("/\\")), len(numbers))
            for name in names
        ]
        of = array("i", (outer[at] if at >= 0 else _NO_GROUP for at in of))
        names = list(numbers)
    return replace(groups, of=of, names=names, coarse=of is not groups.of)


def nothing_told(_lines: Sequence[int]) -> str:
    """Add nothing to a mark."""
    return ""


def write_groups(
    pieces: Sequence[str],
    groups: Groups,
    shown: bytearray,
    told: Callable[[Sequence[int]], str] = nothing_told,
) -> str:
    """Write the lines that are shown, with marks for those that are not.

    Args:
        pieces: The lines as they are to be shown.
        groups: Which group each line belongs to.
        shown: One byte per line, 1 for shown.
        told: What else a mark says of the lines it stands for.
    """
    writer = _Writer(groups, told)
    for at, piece in enumerate(pieces):
        if shown[at]:
            writer.show(piece, groups.of[at])
        elif piece.strip("-\r "):
            writer.hide(at)
    writer.flush()
    return "\n".join(writer.out).rstrip("\r\n")


def folder_of(path: str) -> str:
    """Return the folder of a path with its last slash; empty for a bare name."""
    return path[: path.rfind("/") + 1] or path[: path.rfind("\\") + 1]
