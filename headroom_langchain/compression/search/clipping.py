"""Show an over-long line in part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, overload

ELLIPSIS: Final = "…"
_LONGEST: Final = 320
_HEAD: Final = 120
_BEFORE: Final = 60
_SEARCHED: Final = 20_000


def clip(line: str, words: Sequence[str] = ()) -> str:
    """Cut a line of more than 320 characters around the first word asked for.

    Args:
        line: The line.
        words: What was asked for, lower case.
    """
    if len(line) <= _LONGEST:
        return line
    lowered = line[_HEAD:_SEARCHED].lower()
    found = [_HEAD + at for word in words if (at := lowered.find(word)) >= 0]
    start = max(_HEAD, min(found, default=_HEAD) - _BEFORE)
    if start == _HEAD:
        return line[:_LONGEST] + ELLIPSIS
    stop = start + _LONGEST - _HEAD
    end = ELLIPSIS if stop < len(line) else ""
    return f"{line[:_HEAD]}{ELLIPSIS}{line[start:stop]}{end}"


class ClippedLines(Sequence[str]):
    """Lines as they are to be shown, cut when they are asked for."""

    __slots__ = ("_lines", "_root", "_words")

    def __init__(
        self, lines: Sequence[str], words: Sequence[str] = (), root: str = ""
    ) -> None:
        """Take the lines.

        Args:
            lines: The lines.
            words: Words around which over-long lines are cut.
            root: What stands as `…` where a line begins with it.
        """
        self._lines = lines
        self._words = words
        self._root = root

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self._lines)

    def __iter__(self) -> Iterator[str]:
        """Give the lines in order."""
        for line in self._lines:
            yield self._cut(line)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Return a line, or some."""
        if isinstance(at, slice):
            return [self._cut(line) for line in self._lines[at]]
        return self._cut(self._lines[at])

    def _cut(self, line: str) -> str:
        if self._root and line.startswith(self._root):
            line = f"{ELLIPSIS}{line[len(self._root) :]}"
        return line if len(line) <= _LONGEST else clip(line, self._words)
