r"""Originals in a file that any store can write and read: JSON, one a line.

The first line says what the file is and the last how many originals it has, so a
file that was cut short is noticed. All of it is ASCII: what UTF-8 cannot hold, such
as a lone surrogate, is written as `\udXXX`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

from headroom_langchain.ccr.store.original import Original, content_key
from headroom_langchain.errors import StoreError

Placed: TypeAlias = tuple[str, Original]
"""An original and its namespace."""

_VERSION: Final = 1
_OWNER_ONLY: Final = 0o600


def write_archive(path: Path, originals: Iterable[Placed]) -> int:
    """Write originals to a file that only its owner can read.

    The file appears under its name when it is complete; until then what was there
    stays.

    Returns:
        How many were written.

    Raises:
        StoreError: The file could not be written.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        count = _write(partial, originals)
        partial.replace(path)
    except OSError as error:
        msg = f"{str(path)!r} could not be written: {error}; name another file"
        raise StoreError(msg) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return count


def _write(path: Path, originals: Iterable[Placed]) -> int:
    count = 0
    opened = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, _OWNER_ONLY)
    with os.fdopen(opened, "w", encoding="ascii", newline="\n") as file:
        file.write(_line({"headroom_originals": _VERSION}))
        for namespace, original in originals:
            record = {
                "namespace": namespace,
                "key": original.key,
                "kind": original.kind,
                "tool": original.tool,
                "content": original.content,
            }
            file.write(_line(record))
            count += 1
        file.write(_line({"originals": count}))
        file.flush()
        os.fsync(file.fileno())
    return count


def read_archive(path: Path) -> Iterator[Placed]:
    """Yield the originals of a file, each checked against its key.

    Raises:
        StoreError: The file cannot be read, is no archive, is damaged, or ends too
            early; originals before that place were yielded.
    """
    name = str(path)
    count = 0
    try:
        with path.open(encoding="ascii", newline="\n") as file:
            if _parsed(file.readline()) != {"headroom_originals": _VERSION}:
                msg = f"{name!r} is no file that this version of a store exported"
                raise StoreError(msg)
            for number, line in enumerate(file, start=2):
                record = _parsed(line)
                if record == {"originals": count} and not file.read(1):
                    return
                placed = _placed(record)
                if placed is None:
                    msg = f"line {number} of {name!r} is damaged: export it again"
                    raise StoreError(msg)
                yield placed
                count += 1
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{name!r} could not be read: {error}"
        raise StoreError(msg) from error
    msg = f"{name!r} ends after {count} originals, before its last line: export again"
    raise StoreError(msg)


def _line(record: Mapping[str, object]) -> str:
    return json.dumps(record, separators=(",", ":")) + "\n"


def _parsed(line: str) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        record = json.loads(line)
        if isinstance(record, dict):
            return record
    return {}


def _placed(record: dict[str, Any]) -> Placed | None:
    """Return what a record holds, or `None` unless all of it is as it was written."""
    match record:
        case {
            "namespace": str(namespace),
            "key": str(key),
            "kind": str(kind),
            "tool": str() | None as tool,
            "content": str(content),
        } if content_key(content) == key:
            original = Original(content=content, key=key, kind=kind, tool=tool)
            return namespace, original
    return None
