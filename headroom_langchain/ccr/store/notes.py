"""Small facts by name, kept in a store beside the originals.

All processes over one store share them. A note is a help, never a need: where the
store fails, nothing is found and nothing is kept, and the caller goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

from headroom_langchain.ccr.store.base import CCRStore
from headroom_langchain.ccr.store.original import NOTE_PREFIX, Original, content_key
from headroom_langchain.errors import KeyCollisionError

Note: TypeAlias = dict[str, Any]
"""What is noted: a JSON object."""

KIND: Final = "note"
"""What a store is told that a note is."""


class Notes:
    """The notes of one tenant."""

    def __init__(self, store: CCRStore, namespace: str) -> None:
        """Use a store.

        Args:
            store: Where notes are kept.
            namespace: Whose notes they are.
        """
        self._store = store
        self._namespace = namespace

    async def aget(self, names: Sequence[str]) -> dict[str, Note]:
        """Return the notes that are there, by name; none where the store fails."""
        keys = {name: note_key(name) for name in names}
        if not keys:
            return {}
        wanted = list(keys.values())
        try:
            found = await self._store.aget_many(wanted, namespace=self._namespace)
        except Exception:  # noqa: BLE001 - fail open, whatever a store raises
            return {}
        notes = ((name, _read(found.get(key))) for name, key in keys.items())
        return {name: note for name, note in notes if note is not None}

    async def aput(self, notes: Mapping[str, Note]) -> str:
        """Keep notes; of two with one name the first stays.

        Returns:
            Why they were not all kept; empty when they were.
        """
        try:
            originals = [_written(name, note) for name, note in notes.items()]
            try:
                await self._keep(originals)
            except KeyCollisionError:
                # What is there stays, and must not be in the way of the others.
                for original in originals:
                    with suppress(KeyCollisionError):
                        await self._keep([original])
        except Exception as error:  # noqa: BLE001 - fail open, whatever a store raises
            return f"what later requests should know was not kept: {error!r}"
        return ""

    async def _keep(self, originals: Sequence[Original]) -> None:
        if originals:
            await self._store.aput_many(originals, namespace=self._namespace)


def note_key(name: str) -> str:
    """Return the key of a note, which is that of no text."""
    return NOTE_PREFIX + content_key(name)


def _written(name: str, note: Note) -> Original:
    content = json.dumps(note, ensure_ascii=False, separators=(",", ":"))
    return Original(content=content, key=note_key(name), kind=KIND)


def _read(original: Original | None) -> Note | None:
    if original is None or original.kind != KIND:
        return None
    try:
        note = json.loads(original.content)
    except (ValueError, RecursionError):
        return None
    return note if isinstance(note, dict) else None
