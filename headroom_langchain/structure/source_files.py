"""The files in a text of source code: one, or several under headings.

Tools print files with line numbers in front of the lines, and put several files
one after the other with a line between them that has the name of the next.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .source_languages import Language, language_named

_NUMBER = re.compile(r"[ \t]*(\d{1,7})(?:\t|→|[:|] ?|[-.)] | {2,}|$)")
_PATH = r"([\w@.~ /\\:+-]{0,200}[\w-]\.[A-Za-z]{1,6})"
_HEADING = re.compile(
    rf"(?:==> {_PATH} <==$|(?:[#/*;<!-]{{1,4}} ?)?(?:file|path|filename|source)"
    rf"(?: ?[:=] ?| )[\"'`]?{_PATH}|[=#*~-]{{3,}} ?(?:[\w ]{{1,12}}: ?)?{_PATH}"
    rf"(?: ?[=#*~-]*)$"
    rf"|<(?:file|document|source)\b[^<>]{{0,40}}[\"'>]{_PATH}|#{{1,4}} `?{_PATH}`?:?$"
    rf"|(?:// |# )?{_PATH}:?$)",
    re.IGNORECASE,
)
_HEADING_WIDTH: Final = 240
_MOSTLY: Final = 0.8
_IN_ORDER: Final = 0.7
_FEWEST: Final = 3
_DECIDING: Final = 110


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file: the lines `start` to before `stop`."""

    start: int
    stop: int
    language: Language
    heading: bool = False
    """Whether its first line is the heading that names it."""


def number_widths(texts: Sequence[str]) -> array[int] | None:
    """Measure the line numbers in front of lines, if there are any.

    Args:
        texts: The lines of a text; the first hundred or so decide.

    Returns:
        For each line how many characters its number has; `None` when most of them
        have no number, or when the numbers do not count up.
    """
    filled = matching = in_order = 0
    before = -1
    deciding = texts[:_DECIDING]
    for text in deciding:
        match = _NUMBER.match(text)
        if match:
            matching += 1
            number = int(match[1])
            in_order += number == before + 1
            before = number
        filled += bool(text.strip())
        if filled - matching > (1 - _MOSTLY) * len(deciding):
            return None
    if matching < max(_FEWEST, _MOSTLY * filled):
        return None
    if in_order < _IN_ORDER * (matching - 1):
        return None
    found = map(_NUMBER.match, texts)
    return array("i", [match.end() if match else 0 for match in found])


def without_numbers(texts: Sequence[str]) -> Sequence[str]:
    """Take line numbers away, if there are any in front of the lines.

    Args:
        texts: The lines of a text.
    """
    widths = number_widths(texts)
    if widths is None:
        return texts
    return [text[width:] for text, width in zip(texts, widths, strict=True)]


def first_number(texts: Sequence[str]) -> int:
    """Return the number in front of the first line that has one; 1 if none has.

    Args:
        texts: Lines with line numbers in front.
    """
    for at, text in enumerate(texts[:_DECIDING]):
        if (match := _NUMBER.match(text)) is not None:
            return int(match[1]) - at
    return 1


def split_files(texts: Sequence[str], language: Language) -> list[SourceFile]:
    """Split lines where headings name files.

    Args:
        texts: The lines, without line numbers in front.
        language: The language of what no heading names.
    """
    headings: list[tuple[int, Language]] = []
    for at, text in enumerate(texts):
        if "." in text and text[0] not in " \t" and len(text) <= _HEADING_WIDTH:
            named = _named_by(text)
            if named is not None and _stands_alone(texts, at):
                headings.append((at, named))
    files: list[SourceFile] = []
    first = headings[0][0] if headings else len(texts)
    if first:
        files.append(SourceFile(0, first, language))
    stops = [at for at, _ in headings[1:]] + [len(texts)] * bool(headings)
    for (at, named), stop in zip(headings, stops, strict=True):
        files.append(SourceFile(at, stop, named, heading=True))
    return files


def _named_by(text: str) -> Language | None:
    match = _HEADING.match(text.strip())
    if match is None:
        return None
    path = next((group for group in match.groups() if group), "")
    return language_named([path.lower()])


def _stands_alone(texts: Sequence[str], at: int) -> bool:
    """Whether a heading begins the text, follows a blank line, or is a rule."""
    text = texts[at].lstrip()
    if at == 0 or text[:3] in ("==>", "===", "---", "###", "***") or text[:1] == "<":
        return True
    above = texts[at - 1].strip()
    return not texts[at][:1].isspace() and (not above or not above.strip("=-:#*~`"))
