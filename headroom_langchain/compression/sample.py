"""A glance at a text: enough of it to guess what kind it is.

Every compressor looks at the same glance, which is taken once and has the same
size for any text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_LINES: Final = 240
_HEAD: Final = 120
_HEAD_REACH: Final = 1 << 16
_WIDTH: Final = 240
_BEGINNING: Final = 1 << 16
_BLANK: Final = "\ufeff \t\r\n"
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a glance at a text shows, and who wrote it."""

    beginning: str
    """The first characters, up to 65,536, from the first that is visible."""
    lines: tuple[str, ...]
    """Up to 240 lines that are not blank: the first ones, then some from all over.

    Each is cut to 240 characters and has no terminal colours.
    """
    size: int
    """How many characters the text has."""
    tool: str
    """The tool that wrote it, lower case; empty when it is not known."""
    arguments: tuple[str, ...]
    """Words from the arguments of the tool call, lower case, paths among them."""

    @classmethod
    def of(
        cls, text: str, *, tool: str = "", arguments: tuple[str, ...] = ()
    ) -> Sample:
        """Look at a text."""
        return cls(
            beginning=text[: _BEGINNING + _WIDTH].lstrip(_BLANK)[:_BEGINNING],
            lines=tuple(_lines(text)),
            size=len(text),
            tool=tool.casefold(),
            arguments=arguments,
        )

    def exceeds(self, share: float, pattern: re.Pattern[str]) -> bool:
        """Tell whether a pattern matches more than a share of the lines.

        It looks no further than it must to know.

        Args:
            share: The share, from 0 to 1.
            pattern: What lines are to match at their beginning.
        """
        left = share * len(self.lines)
        for _ in filter(pattern.match, self.lines):
            left -= 1
            if left < 0:
                return True
        return False

    def share(self, pattern: re.Pattern[str]) -> float:
        """Return which share of the lines a pattern matches at their beginning."""
        if not self.lines:
            return 0.0
        return len(tuple(filter(pattern.match, self.lines))) / len(self.lines)

    def named(self, *endings: str) -> bool:
        """Tell whether an argument of the tool call names a file of a kind.

        Args:
            endings: Ends of file names, lower case, such as `.py`.
        """
        return any(word.endswith(endings) for word in self.arguments)


def _lines(text: str) -> Iterator[str]:
    at = 0
    found = 0
    reach = min(len(text), _HEAD_REACH)
    while at < reach and found < _HEAD:
        line, at = _line_at(text, at)
        if line and not line.isspace():
            found += 1
            yield line
    step = max(1, (len(text) - at) // (_LINES - _HEAD))
    while at < len(text):
        line, stop = _line_at(text, at)
        if line.strip():
            yield line
        following = text.find("\n", at + step, at + step + 4 * _WIDTH)
        at = max(stop, following + 1 if following >= 0 else at + step)


def _line_at(text: str, start: int) -> tuple[str, int]:
    """Return the beginning of the line at an offset, and where the next one starts."""
    stop = text.find("\n", start)
    if stop < 0:
        stop = len(text)
    line = text[start : stop if stop - start < _WIDTH else start + _WIDTH].rstrip("\r")
    if "\x1b" in line:
        line = _COLOURS.sub("", line)
    return line, stop + 1
