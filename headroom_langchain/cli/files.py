"""Bytes in and out, and the file of originals.

A file is bytes, a text is not: bytes that are no UTF-8 become lone surrogates on
the way in and the same bytes again on the way out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from headroom_langchain.cli.failure import CommandError
from headroom_langchain.errors import StoreError

if TYPE_CHECKING:
    from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore


def read_text(name: str) -> str:
    """Read a file, or stdin for `-`, of any bytes.

    Raises:
        CommandError: It cannot be read.
    """
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        msg = f"cannot read {name!r}: {_reason(error)}"
        raise CommandError(msg) from error
    return raw.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """Return the bytes of a text.

    What `read_text` read comes back as it was. A text with other lone surrogates
    was never bytes; it gets the nearest there are.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def write(text: str) -> None:
    """Write a text to stdout, byte for byte."""
    sys.stdout.flush()
    sys.stdout.buffer.write(to_bytes(text))
    sys.stdout.buffer.flush()


def open_store(name: str, *, create: bool) -> SqliteCCRStore:
    """Open a file of originals.

    Args:
        name: The file.
        create: Make it when it is not there.

    Raises:
        CommandError: It is not there, or no store.
    """
    from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore

    if not create and not Path(name).is_file():
        msg = f"there is no store {name!r}; `compress --store` makes one"
        raise CommandError(msg)
    try:
        # Trying out texts here saves nobody anything.
        return SqliteCCRStore(name, keep_figures=False)
    except (StoreError, ValueError) as error:
        raise CommandError(str(error)) from error


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
