"""Lines whose quoted texts are of a kind that hardly any other line has.

An access log quotes the request and the client. Most requests are `GET`, most
clients one of a few; who scans for holes has another method or another name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

_LEAST = 50
_MOST_VALUES = 24
_RARE = 0.005
_CHARACTERS = 1200
_QUOTES = 4


def rarely_quoted(lines: Iterable[str]) -> list[int]:
    """Find the lines with a rare method or a rare last quoted text.

    Args:
        lines: The lines of a log, without time stamps.
    """
    methods, clients = _Values(), _Values()
    for at, line in enumerate(lines):
        parts = line[:_CHARACTERS].split('"') if '"' in line else []
        if len(parts) > _QUOTES:
            methods.add(parts[1].partition(" ")[0], at)
            clients.add(parts[-2], at)
    return sorted({*methods.rare(), *clients.rare()})


class _Values:
    """Counts values as long as there are few."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, int] = {}

    def add(self, value: str, at: int) -> None:
        """Count a value of a line."""
        if len(self._counts) <= _MOST_VALUES:
            self._counts[value] += 1
            self._first.setdefault(value, at)

    def rare(self) -> list[int]:
        """Return the first lines of rare values, where there are few values."""
        total = self._counts.total()
        if total < _LEAST or len(self._counts) > _MOST_VALUES:
            return []
        rare = max(1, _RARE * total)
        return [at for value, at in self._first.items() if self._counts[value] <= rare]
