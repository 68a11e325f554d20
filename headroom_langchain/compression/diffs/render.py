"""Write the chosen lines of a diff, with counts of the changes that are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from headroom_langchain.compression.search.marks import folder_of
from headroom_langchain.structure.diff_lines import NOWHERE, Diff, Part

_SILENT = frozenset({Part.DETAIL, Part.FILE, Part.HUNK})
_NAMED: Final = 4
_FREE: Final = 20
_NAMES: Final = 0.15
_NAME_TOKENS: Final = 14


def write_diff(diff: Diff, pieces: Sequence[str], shown: bytearray, budget: int) -> str:
    """Write an excerpt.

    Args:
        diff: The diff.
        pieces: Its lines as they are to be shown.
        shown: One byte per line; lines that are shorter than the mark that they are
            missing are shown too, and marked so here.
        budget: Estimated tokens of the excerpt. If a part of it is enough, all files
            that are not shown are named in the marks; else only some.
    """
    nameless = sum(1 for at in diff.names if not shown[at])
    enough = _NAMES * budget >= _NAME_TOKENS * nameless
    most = max(_NAMED, nameless) if enough else _NAMED
    out: list[str] = []
    at = 0
    size = len(pieces)
    while at < size:
        if shown[at]:
            out.append(pieces[at])
            at += 1
            continue
        stop = shown.find(1, at)
        stop = size if stop < 0 else stop
        out += _hidden(diff, pieces, shown, range(at, stop), most)
        at = stop
    return "\n".join(out).rstrip("\r\n")


def _hidden(
    diff: Diff, pieces: Sequence[str], shown: bytearray, lines: range, most: int
) -> list[str]:
    silent, parts = _SILENT, diff.parts
    told = [at for at in lines if parts[at] not in silent]
    if len(told) <= _FREE:
        told = [at for at in told if pieces[at].strip()]
    if not told:
        return []
    if len(told) <= _FREE and sum(len(pieces[at]) + 1 for at in told) <= _FREE:
        for at in told:
            shown[at] = 1
        return [pieces[at] for at in told]
    above = diff.file_of[lines[0] - 1] if lines[0] else NOWHERE
    return [f"[... {_count(diff, told, above, most)}]"]


def _count(diff: Diff, told: Sequence[int], above: int, most: int) -> str:
    """Count added and removed lines by file; the file of the lines above is known."""
    by_file: dict[int, Counter[int]] = {}
    for at in told:
        by_file.setdefault(diff.file_of[at], Counter())[diff.parts[at]] += 1
    changed = {
        file: n for file, n in by_file.items() if n[Part.ADDED] or n[Part.REMOVED]
    }
    if not changed:
        return f"{len(told):,} line{'s' if len(told) > 1 else ''}"
    if len(changed) > most:
        return _by_folder(diff, changed)
    parts: list[str] = []
    for file, count in changed.items():
        where = "" if file in (above, NOWHERE) else f" in {diff.files[file]}"
        parts.append(_signed(count) + where)
    return ", ".join(parts)


def _by_folder(diff: Diff, changed: dict[int, Counter[int]]) -> str:
    total: Counter[int] = Counter()
    folders: Counter[str] = Counter()
    for file, count in changed.items():
        total += count
        folders[folder_of(diff.files[file]) or "." if file != NOWHERE else "."] += 1
    top = ", ".join(f"{n:,} in {name}" for name, n in folders.most_common(_NAMED))
    return f"{_signed(total)} in {len(changed):,} files: {top}"


def _signed(count: Counter[int]) -> str:
    added, removed = count[Part.ADDED], count[Part.REMOVED]
    signs = (f"+{added:,}" if added else "", f"-{removed:,}" if removed else "")
    return " ".join(sign for sign in signs if sign)


def omitted_changes(diff: Diff, shown: bytearray) -> str:
    """Say how much is not shown, such as `+120 -40 of +300 -90 lines`."""
    whole: Counter[int] = Counter()
    hidden: Counter[int] = Counter()
    for at, part in enumerate(diff.parts):
        whole[part] += 1
        hidden[part] += not shown[at]
    if not hidden[Part.ADDED] and not hidden[Part.REMOVED]:
        missing = sum(hidden.values())
        return f"{missing:,} of {len(diff.parts):,} lines, none of them changed"
    return f"{_signed(hidden)} of {_signed(whole)} changed lines"
