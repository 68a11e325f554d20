"""What the changed lines of a diff say, and which of them say nothing new.

A change is mechanical when the same words are replaced by the same words in
several places; a line has moved when it is removed here and added there.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from headroom_langchain.structure.diff_lines import NOWHERE, Diff, Part
from headroom_langchain.structure.line_sense import Sense, sense

_WORDS = re.compile(r"\w+|[^\w\s]")
_LOCK = re.compile(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|go\.sum"
    r"|Cargo\.lock|poetry\.lock|uv\.lock|Pipfile\.lock|composer\.lock|Gemfile\.lock"
    r"|[\w.-]+\.lock(?:file|\.json)?|[\w.-]+\.sum)$"
)
_GENERATED = re.compile(
    r"\.min\.(?:js|css)$|\.(?:map|snap|svg|ipynb)$|_pb2(?:_grpc)?\.pyi?$|\.pb\.go$"
    r"|\.generated\.|(?:^|/)(?:dist|vendor|node_modules|third_party|__snapshots__)/"
)
_VERSION = re.compile(r"[\"']?version[\"']? ?[:=]|\bv?\d+\.\d+")
_NAMES = re.compile(r"\s*(?:name = |\"[^\"]{1,200}\": \{|[^\s#].{0,200}:$|\[\[)")
_NAME_WITHIN: Final = 8
_FEW: Final = 2
_MECHANICAL: Final = 4
_LONG: Final = 400
_SHORT: Final = 12

_Substitution: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class Changes:
    """The changed lines of a diff by what they say.

    What is told of each line is told in arrays, since a diff may have very many.
    """

    changed: array[int]
    """The changed lines."""
    senses: bytearray
    """What each changed line says."""
    partner: array[int]
    """The removed line for an added one and the other way round, or -1."""
    again: bytearray
    """1 for lines of a mechanical change seen before, and for lines that moved."""
    locked: bytearray
    """1 for changed lines of files that a program wrote."""
    versions: list[int] = field(default_factory=list)
    """Lines of such files that name versions."""
    naming: dict[int, int] = field(default_factory=dict)
    """For such a line the line that says what has the version."""
    mechanical: Counter[str] = field(default_factory=Counter)
    """Mechanical changes, such as `List -> list`, and how often each occurs."""


def find_changes(diff: Diff) -> Changes:
    """Judge the changed lines of a diff."""
    size = len(diff.lines)
    changes = Changes(
        changed=array("i"),
        senses=bytearray([Sense.NOTHING]) * size,
        partner=array("i", [NOWHERE]) * size,
        again=bytearray(size),
        locked=bytearray(size),
    )
    written = [bool(_LOCK.search(one) or _GENERATED.search(one)) for one in diff.files]
    for at, part in enumerate(diff.parts):
        if part not in (Part.ADDED, Part.REMOVED):
            continue
        changes.changed.append(at)
        changes.senses[at] = sense(diff.body(at))
        file = diff.file_of[at]
        changes.locked[at] = file != NOWHERE and written[file]
    _pair(diff, changes)
    _find_moved(diff, changes)
    _find_versions(diff, changes)
    return changes


def _pair(diff: Diff, changes: Changes) -> None:
    """Pair the removed lines with the added ones, and find what repeats."""
    places: dict[_Substitution, list[int]] = {}
    for removed, added in _runs(diff):
        for old, new in zip(removed, added, strict=False):
            key = _substitution(diff.body(old), diff.body(new))
            if key is None:
                continue
            changes.partner[old] = new
            changes.partner[new] = old
            if not changes.locked[old]:
                places.setdefault(key, []).append(old)
    for (before, after), olds in places.items():
        if len(olds) < _MECHANICAL:
            continue
        name = f"{before or 'nothing'} -> {after or 'nothing'}"
        changes.mechanical[name] = len(olds)
        for old in olds[_FEW:]:
            changes.again[old] = changes.again[changes.partner[old]] = 1


def _runs(diff: Diff) -> Iterator[tuple[list[int], list[int]]]:
    """Give the runs of removed lines, each with the added lines that replace it."""
    removed: list[int] = []
    added: list[int] = []
    for at, part in enumerate(diff.parts):
        if part == Part.REMOVED:
            if added:
                yield removed, added
                removed, added = [], []
            removed.append(at)
        elif part == Part.ADDED:
            added.append(at)
        elif part != Part.DETAIL and (removed or added):
            if removed and added:
                yield removed, added
            removed, added = [], []
    if removed and added:
        yield removed, added


def _substitution(old: str, new: str) -> _Substitution | None:
    """Return the words that differ, or `None` for lines that have little in common."""
    if len(old) > _LONG or len(new) > _LONG:
        return None
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    if 3 * (head + tail) < max(len(before), len(after)):
        return None
    return (
        " ".join(before[head : len(before) - tail]),
        " ".join(after[head : len(after) - tail]),
    )


def _find_moved(diff: Diff, changes: Changes) -> None:
    """Find lines that are removed here and added there, all but the first of a run."""
    removed = {
        body
        for at in changes.changed
        if diff.parts[at] == Part.REMOVED
        and len(body := diff.body(at).strip()) > _SHORT
    }
    moved = {
        body
        for at in changes.changed
        if diff.parts[at] == Part.ADDED and (body := diff.body(at).strip()) in removed
    }
    before = NOWHERE - 1
    for at in changes.changed if moved else ():
        if diff.body(at).strip() not in moved:
            continue
        if before == at - 1 and changes.senses[at] != Sense.DEFINITION:
            changes.again[at] = 1
        before = at


def _find_versions(diff: Diff, changes: Changes) -> None:
    for at in changes.changed:
        body = diff.body(at) if changes.locked[at] else ""
        if len(body) > _LONG or not _VERSION.search(body[:120]):
            continue
        changes.versions.append(at)
        name = _naming(diff, at)
        if name != NOWHERE:
            changes.naming[at] = name


def _naming(diff: Diff, at: int) -> int:
    """Return the line above that says what a version is the version of."""
    for above in range(at - 1, max(at - _NAME_WITHIN, diff.hunk_of[at]), -1):
        if diff.parts[above] <= Part.REMOVED and _NAMES.match(diff.body(above)):
            return above
    return NOWHERE


def evenly_by_hunk(diff: Diff, wanted: Sequence[int], each: int) -> list[int]:
    """Order lines so that the first of every hunk come before the second of any."""
    turn: Counter[int] = Counter()
    ranked: list[tuple[int, int]] = []
    for at in wanted:
        hunk = diff.hunk_of[at]
        ranked.append((turn[hunk] // each, at))
        turn[hunk] += 1
    return [at for _, at in sorted(ranked)]
