"""What a row of a store's file holds, and how it is told from a damaged one."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from typing import Final, NamedTuple

from headroom_langchain.ccr.store.at_rest import AtRest
from headroom_langchain.ccr.store.original import (
    Original,
    content_bytes,
    content_text,
)

_FIND: Final = (
    "SELECT used, size, kind, tool, crc, digest, sealed, body FROM originals"
    " WHERE namespace = ? AND key = ?"
)
_INSERT: Final = (
    "INSERT INTO originals"
    " (namespace, key, digest, size, used, kind, tool, body, sealed, crc)"
    " VALUES (?, ?, x'', ?, ?, ?, ?, ?, ?, ?)"
)
_TOUCH: Final = "UPDATE originals SET used = ? WHERE namespace = ? AND key = ?"
_DELETE: Final = "DELETE FROM originals WHERE namespace = ? AND key = ?"
_TOTAL: Final = "SELECT COALESCE(SUM(size), 0) FROM originals"
_OLDEST: Final = "SELECT id, size FROM originals ORDER BY used, id"


class Row(NamedTuple):
    """What was found under a key."""

    used: float
    original: Original | None
    """`None` if the row is damaged or has expired."""


def find(
    connection: sqlite3.Connection,
    place: bytes,
    key: str,
    at_rest: AtRest,
    expired: float,
) -> Row | None:
    """Return what is stored under a key of a namespace.

    Args:
        connection: Of the store's file.
        place: The namespace.
        key: The key.
        at_rest: How contents are read.
        expired: What was last used then or before has expired.

    Raises:
        StoreError: It is encrypted, and not by the cipher of `at_rest`.
    """
    row = connection.execute(_FIND, (place, content_bytes(key))).fetchone()
    if row is None:
        return None
    used, size, kind, tool, crc, digest, sealed, body = row
    if not isinstance(used, float):
        return Row(0.0, None)
    if used <= expired:
        return Row(used, None)
    try:
        if crc is None:
            intact = hashlib.sha256(body).digest() == digest
        else:
            intact = _crc(size, kind, tool, body) == crc
        if not intact:
            return Row(used, None)
        if sealed:
            body = at_rest.open(body, size=size)
        original = Original(
            content=content_text(body),
            key=key,
            kind=content_text(kind),
            tool=None if tool is None else content_text(tool),
        )
    except (AttributeError, TypeError, ValueError):
        # Not even the types of the columns are as they were written.
        return Row(used, None)
    return Row(used, original)


class Sealed(NamedTuple):
    """An original as the file holds it."""

    size: int
    kind: bytes
    tool: bytes | None
    body: bytes
    sealed: bool
    crc: int


def seal(original: Original, at_rest: AtRest) -> Sealed:
    """Return what is written for an original."""
    content = content_bytes(original.content)
    kind = content_bytes(original.kind)
    tool = None if original.tool is None else content_bytes(original.tool)
    body = at_rest.seal(content) if at_rest.changes else content
    size = len(content)
    crc = _crc(size, kind, tool, body)
    return Sealed(size, kind, tool, body, at_rest.changes, crc)


def insert(
    connection: sqlite3.Connection, place: bytes, key: str, sealed: Sealed, now: float
) -> None:
    """Write what is not there."""
    values = (place, content_bytes(key), sealed.size, now, *sealed[1:])
    connection.execute(_INSERT, values)


def touch(connection: sqlite3.Connection, place: bytes, key: str, now: float) -> None:
    """Note that an original was used."""
    connection.execute(_TOUCH, (now, place, content_bytes(key)))


def delete(connection: sqlite3.Connection, place: bytes, key: str) -> None:
    """Forget an original."""
    connection.execute(_DELETE, (place, content_bytes(key)))


def evict(connection: sqlite3.Connection, max_bytes: int) -> None:
    """Forget what was not used for longest, until the rest fits."""
    (total,) = connection.execute(_TOTAL).fetchone()
    if total <= max_bytes:
        return
    doomed: list[tuple[int]] = []
    for row, size in connection.execute(_OLDEST):
        if total <= max_bytes:
            break
        doomed.append((row,))
        total -= size
    connection.executemany("DELETE FROM originals WHERE id = ?", doomed)


def _crc(size: int, kind: bytes, tool: bytes | None, body: bytes) -> int:
    """Return a checksum of what is read: quicker than a hash, and nobody's secret."""
    parts = (kind, body) if tool is None else (kind, tool, body)
    crc = (4 * size + len(parts)) & 0xFFFFFFFF
    for part in parts:
        crc = zlib.crc32(part, crc)
    return crc
