"""Which fields say what a record is about, by their names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headroom_langchain.compression.json.packing import Column

_MESSAGE = re.compile(
    r"(?:^|[._])(?:\w*_)?(?:message|msg|title|summary|reason|details?|subject|cause"
    r"|problem)(?:[._]text|[._]body)?$",
    re.IGNORECASE,
)
_TELLING = re.compile(
    r"(?:name|title|rule|code|type|kind|status|state|severity|level|reason|event"
    r"|path|uri|file)(?:\b|_|$|[A-Z])[^.]*$",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def is_message(path: str) -> bool:
    """Tell whether a field holds a sentence about the record."""
    return bool(_MESSAGE.search(path))


@lru_cache(maxsize=4096)
def rank(path: str) -> int:
    """Return 0 for messages, 1 for names, kinds and states, 2 for other fields."""
    if is_message(path):
        return 0
    return 1 if _TELLING.search(path) else 2


def message_column(columns: Iterable[Column]) -> Column | None:
    """Return the column of messages with the most different ones, if there is one."""
    found = [column for column in columns if is_message(column.path)]
    return max(found, key=lambda column: column.distinct, default=None)
