r"""Originals in a file that any store can write and read: JSON, one a line.

The first line says what the file is, the last how many originals it has and the hash
of all lines before, so any damage is noticed. Texts stand in it as they are, lone
surrogates too: as `\udXXX` two of them in a row would be read as one character.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import IO, Any, Final, TypeAlias

from headroom_langchain.ccr.store.original import (
    Original,
    content_bytes,
    content_key,
)
from headroom_langchain.errors import StoreError

Placed: TypeAlias = tuple[str, Original]
"""An original and its namespace."""

_FIRST: Final = {"headroom_originals": 1}


def write_archive(path: Path, originals: Iterable[Placed]) -> int:
    """Write originals to a file that only its owner can read.

    The file appears under its name when it is complete; until then what was there
    stays.

    Returns:
        How many were written.

    Raises:
        StoreError: The file could not be written, or an original has a key that is
            not that of its content: no import would take it.
    """
    partial: Path | None = None
    try:
        # Only its owner can read what this makes, and it never opens what is there.
        opened, name = mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
        partial = Path(name)
        with os.fdopen(
            opened, "w", encoding="utf-8", errors="surrogatepass", newline="\n"
        ) as file:
            count = _write(file, originals)
        partial.replace(path)
    except OSError as error:
        msg = f"{str(path)!r} could not be written: {error}; name another file"
        raise StoreError(msg) from error
    finally:
        if partial is not None:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
    return count


def _write(file: IO[str], originals: Iterable[Placed]) -> int:
    count = 0
    digest = hashlib.sha256()

    def write(record: Mapping[str, object]) -> None:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
        digest.update(content_bytes(line))
        file.write(line)

    write(_FIRST)
    for namespace, original in originals:
        _check_key(original)
        write(
            {
                "namespace": namespace,
                "key": original.key,
                "kind": original.kind,
                "tool": original.tool,
                "content": original.content,
            }
        )
        count += 1
    write(_last(count, digest.hexdigest()))
    file.flush()
    os.fsync(file.fileno())
    return count


def _check_key(original: Original) -> None:
    if content_key(original.content) != original.key:
        msg = (
            f"the key {original.key!r} is not that of its content, so no import would "
            "take it: delete it, and make originals with Original.of"
        )
        raise StoreError(msg)


def read_archive(path: Path) -> Iterator[Placed]:
    """Yield the originals of a file, each checked against its key.

    Raises:
        StoreError: The file cannot be read, is no archive, is damaged, or ends too
            early; originals before that place were yielded.
    """
    name = str(path)
    count = 0
    try:
        with path.open(encoding="utf-8", errors="surrogatepass", newline="\n") as file:
            first = file.readline()
            if _parsed(first) != _FIRST:
                msg = f"{name!r} is no file that this version of a store exported"
                raise StoreError(msg)
            digest = hashlib.sha256(content_bytes(first))
            for number, line in enumerate(file, start=2):
                record = _parsed(line)
                if record == _last(count, digest.hexdigest()) and not file.read(1):
                    return
                digest.update(content_bytes(line))
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


def _last(count: int, digest: str) -> dict[str, object]:
    return {"originals": count, "sha256": digest}


def _parsed(line: str) -> dict[str, Any]:
    """Return the record of a line, empty if the line is none or was cut."""
    with suppress(ValueError, RecursionError):
        record = json.loads(line)
        if isinstance(record, dict) and line.endswith("\n"):
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
