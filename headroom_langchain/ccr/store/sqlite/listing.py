"""What the file of a store holds, told without reading the contents."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from headroom_langchain.ccr.store.inventory import Entry, StoreStats
from headroom_langchain.ccr.store.original import content_bytes, content_text

_LIST: Final = (
    "SELECT namespace, key, size, used, kind, tool FROM originals"
    " WHERE namespace = COALESCE(?, namespace) ORDER BY used, id"
)
_COUNT: Final = (
    "SELECT COUNT(*), COALESCE(SUM(size), 0), COUNT(DISTINCT namespace), MIN(used)"
    " FROM originals WHERE namespace = COALESCE(?, namespace) AND used > ?"
)
_COUNT_EXPIRED: Final = (
    "SELECT COUNT(*) FROM originals"
    " WHERE namespace = COALESCE(?, namespace) AND used <= ?"
)


def listed(
    connection: sqlite3.Connection, namespace: str | None, expired: float
) -> list[Entry]:
    """Return what is kept, least recently used first, of those first put first.

    Rows that are damaged are left out.

    Args:
        connection: Of the store's file.
        namespace: Whose originals; `None` for those of all.
        expired: What was last used then or before has expired.
    """
    rows = connection.execute(_LIST, (_place(namespace),))
    entries = (_entry(row, expired) for row in rows)
    return [entry for entry in entries if entry is not None]


def counted(
    connection: sqlite3.Connection, namespace: str | None, expired: float
) -> StoreStats:
    """Return how much is kept; see `listed`."""
    limits = (_place(namespace), expired)
    originals, size, places, oldest = connection.execute(_COUNT, limits).fetchone()
    (dead,) = connection.execute(_COUNT_EXPIRED, limits).fetchone()
    return StoreStats(
        originals=originals,
        bytes=size,
        namespaces=places,
        expired=dead,
        oldest_use=oldest,
    )


def _place(namespace: str | None) -> bytes | None:
    return None if namespace is None else content_bytes(namespace)


def _entry(row: tuple[Any, ...], expired: float) -> Entry | None:
    place, key, size, used, kind, tool = row
    try:
        return Entry(
            namespace=content_text(place),
            key=content_text(key),
            size=int(size),
            used=float(used),
            kind=content_text(kind),
            tool=None if tool is None else content_text(tool),
            expired=used <= expired,
        )
    except (AttributeError, TypeError, ValueError):
        return None
