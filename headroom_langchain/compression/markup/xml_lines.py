"""An XML document as lines: one per element that has text or attributes.

Elements that only wrap one another share a line, as do elements inside a
sentence. Comments, which in settings say more than the elements, are paragraphs
between them; those that state a licence are left out.
"""

from __future__ import annotations

import re
from typing import Final

from headroom_langchain.compression.markup.page_lines import PageLine, Part, add_line
from headroom_langchain.structure.tags import scan

_DEEPEST: Final = 200
_DEEPEST_SHOWN: Final = 12
_SENTENCE: Final = 80
_ORNAMENTS: Final = " \t\r|*=-~#+"
_LICENCE = re.compile(r"Licensed (?:to|under) |Redistribution and use|Apache License")
_NAMESPACES: Final = ("xmlns", "xsi:schemaLocation", "xml:space")


def read_lines(text: str) -> list[PageLine]:
    """Read an XML document as lines."""
    reader = _LinesReader()
    scan(text, reader, html=False)
    reader.end()
    return reader.lines


def comment_lines(text: str) -> list[PageLine]:
    """Write a comment, one line per paragraph; what states a licence gives none."""
    lines: list[PageLine] = []
    paragraph: list[str] = []
    for line in [] if _LICENCE.search(text) else [*text.split("\n"), ""]:
        plain = " ".join(line.strip(_ORNAMENTS).split())
        if paragraph and (not plain or plain.startswith("<")):
            lines.append(PageLine(f"# {' '.join(paragraph)}", Part.TEXT, 0))
            paragraph = []
        if plain.startswith("<"):
            lines.append(PageLine(f"# {plain}", Part.CODE, 0))
        elif plain:
            paragraph.append(plain)
    return lines


class _LinesReader:
    def __init__(self) -> None:
        self.lines: list[PageLine] = []
        self._depth = 0
        self._line_depth = 0
        self._names = ""
        self._texts: list[str] = []
        self._inline = 0

    def open(self, tag: str, attributes: dict[str, str], *, empty: bool) -> None:
        told = [
            f'{name}="{value}"'
            for name, value in attributes.items()
            if not name.startswith(_NAMESPACES)
        ]
        if self._texts and not told:
            self._inline += not empty
            return
        if self._texts or " " in self._names:
            self.end()
        if self._names:
            self._names += f"/{tag}"
        else:
            self._names = tag
            self._line_depth = self._depth
        if told:
            self._names += f" {' '.join(told)}"
        if empty:
            self.end()
        else:
            self._depth = min(_DEEPEST, self._depth + 1)

    def close(self, _tag: str, /) -> None:
        if self._inline:
            self._inline -= 1
            return
        self.end()
        self._depth = max(0, self._depth - 1)

    def text(self, text: str) -> None:
        if self._texts or not text.isspace():
            self._texts.append(text)

    def comment(self, text: str) -> None:
        self.end()
        self._line_depth = self._depth
        for line in comment_lines(text):
            self._put(line.text, line.part)

    def end(self) -> None:
        """End the line."""
        text = " ".join("".join(self._texts).split())
        names = self._names
        self._texts.clear()
        self._names = ""
        if names or text:
            told = f"{names}: {text}" if names and text else names or text
            self._put(told, Part.FIELD if len(text) < _SENTENCE else Part.TEXT)

    def _put(self, text: str, part: Part) -> None:
        indent = " " * min(self._line_depth, _DEEPEST_SHOWN)
        add_line(self.lines, PageLine(indent + text, part, 0))
