"""Tables set with blanks, as commands print them: `ps`, `df`, `kubectl get`.

Cells start where all lines have a blank before. Where values are wider than
their column, as in `ps`, the words of a row are its cells instead.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, TypeAlias

from .tables_rows import FoundRows, is_value

_WIDE: Final = 1200
_PROBE: Final = 6
_SAMPLE: Final = 80
_NEAREST: Final = (24, 3)
_STROKES: Final = frozenset("-=─━═ \r")
"""What a line between the titles and the rows is drawn with."""
_MISSES: Final = 2
_HEADLESS_MISSES: Final = 6
_FEWEST: Final = 2
_FEWEST_HEADLESS: Final = 8
_COLUMNS: Final = 3
_TITLE: Final = re.compile(r"[A-Z%#<(][\w%#/+.()<>:-]*$")
_WIDE_GAP: Final = re.compile(r"\S(?:  |\t)\s*\S")
_SPLIT: Final = re.compile(r"(?: {2,}|\t)\s*")
_DIGIT: Final = re.compile(r"\d")
_FULL: Final = 0.95
_MOSTLY: Final = 0.7
_WORDS: Final = 0.6
_GROUPS: Final = 4
_CONTENT: Final = bytes(48 if code in b" \t\r" else 49 for code in range(256))

_Cuts: TypeAlias = list[tuple[int, int | None]]


def read_aligned(lines: Sequence[str], at: int, stop: int) -> FoundRows | None:
    """Read the table whose titles stand in a line, or return `None`.

    Args:
        lines: The lines of the text.
        at: A line that is not blank.
        stop: The next blank line, or the end of the text.
    """
    head = lines[at][:_WIDE]
    words = head.split()
    if len(words) < _COLUMNS:
        return None
    shouted = sum(map(str.__eq__, words, head.upper().split()))
    if shouted < _MOSTLY * len(words) and not _WIDE_GAP.search(head):
        return None
    if any(map(is_value, words)):
        return None
    body = at + 1
    if body < stop and _STROKES.issuperset(lines[body]):
        body += 1
    probe = [line[:_WIDE] for line in lines[body : min(stop, body + _PROBE)]]
    if len(probe) < _FEWEST or not _is_head(head, words, probe):
        return None
    found = FoundRows(start=at, body=body, stop=body, names=[])
    _add_rows(found, head, lines, stop)
    return found.finish() if found.starts else None


def _add_rows(found: FoundRows, head: str, lines: Sequence[str], stop: int) -> None:
    """Read rows in the way that tells most columns."""
    words = head.lstrip("# ").split()
    step = max(1, (stop - found.body) // _SAMPLE)
    sample = lines[found.body : stop : step]
    cuts = _cuts(head, sample)
    for near in _NEAREST:
        nearest = _cuts(head, lines[found.body : min(stop, found.body + near)])
        if len(cuts) < _MOSTLY * len(nearest):
            cuts = nearest
    if _words_are_cells(words, _SPLIT.split(head.strip()), len(cuts), sample):
        _add_words(found, words, lines, stop)
    elif len(cuts) >= _FEWEST:
        _add_slices(found, cuts, head, lines, stop)


def _words_are_cells(
    words: list[str], fields: list[str], cuts: int, sample: Sequence[str]
) -> bool:
    """Whether the words of a row tell more columns than its blanks do."""
    sizes = sorted(len(line.split()) for line in sample)
    least = sizes[int((1 - _FULL) * len(sizes))]
    if least <= cuts:
        return False
    if least == sizes[int(_FULL * (len(sizes) - 1))]:
        few = cuts < len(fields) or 2 * cuts < len(words)
        return few or least == len(words)
    return cuts < min(len(words), max(len(fields), _COLUMNS)) and least >= len(words)


def read_headless(lines: Sequence[str], at: int) -> FoundRows | None:
    """Read rows of equally many words that start at a line, or return `None`.

    Args:
        lines: The lines of the text.
        at: A line that is not blank.
    """
    width = len(lines[at].split())
    if width < _COLUMNS:
        return None
    # Where none of the next lines is alike, too few of the probe can be.
    below = lines[at + 1 : at + 1 + _PROBE // 2]
    if all(len(line.split()) != width for line in below):
        return None
    probe = lines[at : at + 1 + _PROBE]
    alike = sum(1 for line in probe if len(line.split()) == width)
    numbered = sum(1 for line in probe if _DIGIT.search(line))
    if min(alike, numbered) < _MOSTLY * len(probe):
        return None
    found = FoundRows(start=at, body=at, stop=at, names=[])
    for number in range(at, len(lines)):
        cells = lines[number].split(None, width - 1)
        if len(cells) == width:
            found.add(cells, number, number + 1)
        elif not cells or number - found.stop >= _HEADLESS_MISSES:
            break
        else:
            found.strangers.append(number)
    return found.finish() if len(found.starts) >= _FEWEST_HEADLESS else None


def _is_head(head: str, words: list[str], below: list[str]) -> bool:
    titles = sum(1 for word in words if _TITLE.match(word))
    shouted = sum(1 for word in words if word.upper() == word)
    wide = sum(1 for line in below if len(line.split()) >= _WORDS * len(words))
    if wide < _MOSTLY * len(below):
        return False
    numbered = sum(1 for line in below if any(map(is_value, line.split())))
    if not _DIGIT.search(below[0]) and numbered >= _MOSTLY * (len(below) - 1):
        return False
    if shouted >= _MOSTLY * len(words) and numbered >= _MOSTLY * len(below):
        return True
    gaps = sum(1 for line in below if _WIDE_GAP.search(line))
    if not _WIDE_GAP.search(head) or gaps < _MOSTLY * len(below):
        return False
    return titles >= _MOSTLY * len(words) or numbered >= _MOSTLY * len(below)


def _cuts(head: str, sample: Sequence[str]) -> _Cuts:
    """Return where the columns are: between positions that are blank in the lines.

    One row with a value that is too wide for its column does not close a gap.
    """
    width = len(head.rstrip())
    groups = _GROUPS if len(sample) >= 2 * _GROUPS else 1
    filled = _filled([head], width)
    once = 0
    for group in range(groups):
        here = _filled(sample[group::groups], width)
        filled |= here if groups == 1 else once & here
        once |= here
    marks = bin(filled)[3:]
    starts = [
        at for at in range(width) if marks[at] == "1" and marks[at - 1 : at] != "1"
    ]
    # A title may have a blank of its own that no row happens to fill.
    starts = [
        at for at in starts if head[at : at + 1].strip() or _reaches(head, marks, at)
    ]
    if not starts:
        return []
    starts[0] = 0
    return [*zip(starts, [*starts[1:], None], strict=True)]


def _filled(lines: Sequence[str], width: int) -> int:
    """Return the positions that are not blank in all lines, as the bits of a number."""
    filled = 1 << width
    for line in lines:
        raw = line[:width].ljust(width).encode("latin-1", "replace")
        filled |= int(b"1" + raw.translate(_CONTENT), 2)
    return filled


def _reaches(head: str, marks: str, at: int) -> bool:
    """Whether a column that starts at a position has a title further right."""
    stop = marks.find("0", at)
    return bool(head[at : stop if stop >= 0 else None].strip())


def _starts_another(line: str, found: FoundRows) -> bool:
    """Whether a line has only titles, in a table whose rows have numbers."""
    if not _lacks_numbers(line, found):
        return False
    words = line.split()
    return len(words) >= _COLUMNS and all(map(_TITLE.match, words))


def _lacks_numbers(line: str, found: FoundRows) -> bool:
    """Whether a line has no digit, unlike the first row."""
    if not found.starts or _DIGIT.search(line):
        return False
    return _DIGIT.search(found.first) is not None


def _add_words(
    found: FoundRows, words: list[str], lines: Sequence[str], stop: int
) -> None:
    nearest = lines[found.body : min(stop, found.body + _NEAREST[0])]
    width = min(len(words), max(len(line.split()) for line in nearest))
    found.names = words[:width]
    most = width - 1
    for number in range(found.body, stop):
        line = lines[number]
        if _starts_another(line, found):
            break
        cells = line.split(None, most)
        if len(cells) < _FEWEST or 2 * len(cells) < len(words):
            found.strangers.append(number)
        else:
            cells[-1] = cells[-1].rstrip()
            found.add(cells, number, number + 1)


def _add_slices(
    found: FoundRows, cuts: _Cuts, head: str, lines: Sequence[str], stop: int
) -> None:
    found.names = [head[a:b].strip() for a, b in cuts]
    borders = [start - 1 for start, _ in cuts[1:]]
    plain = len(head.split()) == len(cuts)
    slices = [slice(*cut) for cut in cuts]
    for number in range(found.body, stop):
        line = lines[number]
        if _starts_another(line, found):
            break
        crossed = _crossed(line, borders)
        cells = _shifted(line, len(cuts)) if crossed and plain else None
        if cells is None and _is_remark(line, crossed, len(borders), found):
            found.strangers.append(number)
            if not found.starts or number - found.stop >= _MISSES:
                break
        else:
            if crossed:
                found.across.append(len(found.starts))
            row = cells or [*map(str.strip, map(line.__getitem__, slices))]
            found.add(row, number, number + 1)


def _crossed(line: str, borders: Sequence[int]) -> int:
    """Return how many borders of columns a line goes across."""
    reached = borders[: bisect_left(borders, len(line))]
    return len("".join("".join(map(line.__getitem__, reached)).split()))


def _shifted(line: str, width: int) -> list[str] | None:
    """Return the words of a row that a wide value has pushed to the right."""
    words = line.split(None, width - 1)
    return words if len(words) == width and _DIGIT.search(line) else None


def _is_remark(line: str, crossed: int, borders: int, found: FoundRows) -> bool:
    """Whether a line goes across the columns as text does."""
    if 2 * crossed > borders and crossed > 1:
        return True
    return crossed > 0 and _lacks_numbers(line, found)
