"""Text with JSON in it: what stands around the documents, and documents cut short.

Commands print a warning and then JSON, `curl -v` prints headers first, and a
tool that limits its output cuts a document in the middle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from headroom_langchain.structure.json_text import decode_at

if TYPE_CHECKING:
    from headroom_langchain.structure.json_text import JsonValue

_START = re.compile(r"^[ \t]*(?=[\[{])", re.MULTILINE)
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[{}\[\],]', re.DOTALL)
_MOST_FAILURES: Final = 8
_FEWEST_DOCUMENTS: Final = 3
_WORTH_MENDING: Final = 200
_MANY: Final = 1_000
_SHORTEST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonPart:
    """A document, or a row of documents that stand one after another."""

    value: JsonValue
    start: int
    stop: int
    documents: int = 1
    """How many documents the value is an array of; 1 when it is one itself."""
    mended: bool = False
    """Whether the document is cut short, and its open brackets were closed."""


@dataclass(frozen=True, slots=True)
class TextPart:
    """What stands before, between or after documents."""

    text: str


Part: TypeAlias = JsonPart | TextPart


def split_json(text: str) -> list[Part]:
    """Take the JSON documents out of a text; each begins a line.

    Args:
        text: Any text.

    Returns:
        All of the text in its order, blanks between the parts aside. Three or more
        documents with nothing between them are one part. A document that breaks
        off is read as far as it goes, and what follows it is text.
    """
    documents = _documents(text)
    parts: list[Part] = []
    at = 0
    for document in _joined(text, documents):
        _add_text(parts, text[at : document.start])
        parts.append(document)
        at = document.stop
    _add_text(parts, text[at:])
    return parts


def _add_text(parts: list[Part], text: str) -> None:
    if text.strip():
        parts.append(TextPart(text.strip("\r\n")))


def _documents(text: str) -> list[JsonPart]:
    found: list[JsonPart] = []
    at = failures = 0
    while failures < _MOST_FAILURES and not _are_crumbs(found, at):
        begin = _START.search(text, at)
        if begin is None:
            break
        start = begin.end()
        value, stop = decode_at(text, start)
        if value is not None:
            found.append(JsonPart(value=value, start=start, stop=stop))
            at = _skip_blanks(text, stop)
            continue
        failures += 1
        mended = _mend(text, start, stop)
        if mended is not None:
            found.append(mended)
        at = mended.stop if mended else start + 1
    return found


def _are_crumbs(found: list[JsonPart], at: int) -> bool:
    """Tell whether what was found are very many documents of next to nothing."""
    return len(found) > _MANY and at < _SHORTEST * len(found)


def _skip_blanks(text: str, at: int) -> int:
    """Move to the next line, or stay where another document begins at once."""
    while at < len(text) and text[at] in " \t":
        at += 1
    return at


def _mend(text: str, start: int, error: int) -> JsonPart | None:
    """Read a document up to the last member that is complete before an error."""
    if error - start < _WORTH_MENDING:
        return None
    open_now: list[str] = []
    cut, closers = start, ""
    for token in _TOKEN.finditer(text, start, error):
        mark = token[0][0]
        if mark in "{[":
            open_now.append("}" if mark == "{" else "]")
        elif mark in "}]":
            if not open_now or open_now.pop() != mark:
                break
            cut, closers = token.end(), ""
        elif mark == ",":
            cut, closers = token.start(), ""
        else:
            continue
        if cut in (token.start(), token.end()) and mark not in "{[":
            closers = "".join(reversed(open_now))
    if cut - start < _WORTH_MENDING:
        return None
    value, _ = decode_at(text[start:cut] + closers, 0)
    if value is None:
        return None
    return JsonPart(value=value, start=start, stop=cut, mended=True)


def _joined(text: str, documents: list[JsonPart]) -> list[JsonPart]:
    """Make one part of documents that follow each other."""
    runs: list[list[JsonPart]] = []
    for document in documents:
        before = runs[-1][-1] if runs else None
        if (
            before is not None
            and not before.mended
            and not document.mended
            and not text[before.stop : document.start].strip(" \t\r\n,")
        ):
            runs[-1].append(document)
        else:
            runs.append([document])
    joined: list[JsonPart] = []
    for run in runs:
        if len(run) < _FEWEST_DOCUMENTS:
            joined.extend(run)
            continue
        values = [document.value for document in run]
        whole = replace(run[0], stop=run[-1].stop, documents=len(run))
        joined.append(replace(whole, value=values))
    return joined
