"""Lines whose quoted texts are of a kind that hardly any other line has.

An access log quotes the request and the client. Most requests are `GET`, most
clients one of a few; who scans for holes has another method or another name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from headroom_langchain.structure.log_lines import Line

_LEAST = 50
_MOST_VALUES = 24
_RARE = 0.005
_CHARACTERS = 1200
_QUOTES = 4


def rarely_quoted(lines: Sequence[Line]) -> list[int]:
    """Find the lines with a rare method or a rare last quoted text.

    Args:
        lines: The lines of a log.
    """
    methods: list[tuple[str, int]] = []
    clients: list[tuple[str, int]] = []
    for at, line in enumerate(lines):
        parts = line.key[:_CHARACTERS].split('"') if '"' in line.key else []
        if len(parts) > _QUOTES:
            methods.append((parts[1].partition(" ")[0], at))
            clients.append((parts[-2], at))
    return sorted({*_rare(methods), *_rare(clients)})


def _rare(values: Sequence[tuple[str, int]]) -> list[int]:
    """The first lines of rare values, where there are few values."""
    counts = Counter(value for value, _ in values)
    if len(values) < _LEAST or len(counts) > _MOST_VALUES:
        return []
    rare = max(1, _RARE * len(values))
    first = dict(reversed(values))
    return [at for value, at in first.items() if counts[value] <= rare]
