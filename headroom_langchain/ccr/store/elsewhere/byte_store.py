"""Originals in a `langchain_core` store of bytes: files, Redis, a cloud's buckets.

Each original is one value, `prefix/namespace/key`: a line of JSON that says what is
known about it, then its content. So a store that evicts evicts all of it.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.store.at_rest import AtRest
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, Original
from headroom_langchain.ccr.store.elsewhere.backend_errors import backend_errors
from headroom_langchain.ccr.store.elsewhere.keeping import COMPRESSED, Keeping, Kept
from headroom_langchain.ccr.store.elsewhere.labels import label
from headroom_langchain.ccr.store.elsewhere.record import About, intact
from headroom_langchain.ccr.store.inventory import Entry
from headroom_langchain.ccr.store.original import as_bytes
from headroom_langchain.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from langchain_core.stores import BaseStore

_PREFIX: Final = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*")
_LISTED_AT_ONCE: Final = 50
_PAUSES: Final = (0.0, 0.01, 0.05, 0.2)
"""Seconds before each look at a value, while what is there is not whole."""


class ByteStoreCCRStore(CCRStore):
    """Keeps originals in any `BaseStore[str, bytes]` of `langchain_core`.

    A `put_many` costs one `mget`, and one `mset` unless all of it is there; a
    `get_many` costs one `mget`. `entries` reads every value, fifty at a time, since
    such a store tells no more than its keys. Two writers that put different contents
    under one key in the same moment are not noticed: the last one wins. There is no
    book of what calls saved, since such a store cannot add.

    A store of files that writes in place has a value in part for a moment, and loses
    all of it when the machine stops just then. What is not whole is looked at again
    for a quarter of a second, and then counts as missing.
    """

    def __init__(
        self,
        store: BaseStore[str, bytes],
        *,
        prefix: str = "headroom",
        ttl: float | None = None,
        at_rest: AtRest = COMPRESSED,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Use a store, which stays the caller's to close.

        Args:
            store: Where originals go, such as `InMemoryByteStore`,
                `LocalFileStore` or `RedisStore`.
            prefix: What their keys begin with; nothing else should write there.
            ttl: Seconds after which an original that was neither put nor got is
                not returned any more; a use is noted once a tenth of it has
                passed. `sweep` frees the place. `None` to keep originals, and to
                note no use.
            at_rest: What is done to contents before they are written; compressed
                by default.
            clock: Returns the time in seconds, the same for all machines.

        Raises:
            ConfigurationError: `ttl` is not positive, or `prefix` has other
                characters than ASCII letters, digits, `-`, `_` and single `/`.
        """
        if not _PREFIX.fullmatch(prefix):
            msg = (
                f"prefix={prefix!r} is no beginning of a key that all stores allow: "
                "give ASCII letters, digits, '-' and '_', with '/' between them"
            )
            raise ConfigurationError(msg)
        self._store = store
        self._prefix = prefix
        self._keeping = Keeping(ttl=ttl, at_rest=at_rest, clock=clock)

    def put_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Keep originals; see `CCRStore.put_many`.

        Raises:
            KeyCollisionError: A different content is stored under the same key.
            StoreError: The store could not be read or written.
        """
        there = self._read([original.key for original in originals], namespace)
        known = {kept.about.key: kept.about for kept in there}
        self._write(self._keeping.to_write(originals, known, namespace=namespace))

    async def aput_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Keep originals; see `put_many`."""
        there = await self._aread([original.key for original in originals], namespace)
        known = {kept.about.key: kept.about for kept in there}
        # To compress and encrypt takes longer than the event loop may stand.
        changed = await asyncio.to_thread(
            self._keeping.to_write, originals, known, namespace=namespace
        )
        await self._awrite(changed)

    def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        """Return the originals that are there; see `CCRStore.get_many`.

        A use that cannot be noted, as in a store that is read only, is no error.

        Raises:
            StoreError: The store could not be read, or an original is encrypted
                and not by the cipher of this store.
        """
        found, used = self._keeping.to_return(self._read(keys, namespace))
        with suppress(StoreError):
            self._write(used)
        return found

    async def aget_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        """Return the originals that are there; see `get_many`."""
        there = await self._aread(keys, namespace)
        found, used = await asyncio.to_thread(self._keeping.to_return, there)
        with suppress(StoreError):
            await self._awrite(used)
        return found

    def entries(self, *, namespace: str | None = None) -> Iterator[Entry]:
        """Yield what is kept, least recently used first; see `CCRStore.entries`.

        Raises:
            StoreError: The store could not be read.
        """
        place = self._prefix if namespace is None else self._place(namespace)
        with backend_errors(self._store):
            listed = self._store.yield_keys(prefix=f"{place}/")
            # Stores of files list with the separator of their system.
            names = [name.replace("\\", "/") for name in listed]
        abouts: list[About] = []
        for start in range(0, len(names), _LISTED_AT_ONCE):
            some = names[start : start + _LISTED_AT_ONCE]
            with backend_errors(self._store):
                whole, _ = self._sorted_out(some, self._store.mget(some))
            abouts += [kept.about for kept in whole]
        yield from self._keeping.entries(abouts)

    def delete_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Forget originals; see `CCRStore.delete_many`.

        Raises:
            StoreError: The store could not be written.
        """
        if keys:
            with backend_errors(self._store):
                self._store.mdelete(self._names(keys, namespace))

    def _place(self, namespace: str) -> str:
        return f"{self._prefix}/{label(namespace)}"

    def _name(self, about: About) -> str:
        return f"{self._place(about.namespace)}/{label(about.key)}"

    def _names(self, keys: Sequence[str], namespace: str) -> list[str]:
        place = self._place(namespace)
        return list(dict.fromkeys(f"{place}/{label(key)}" for key in keys))

    def _read(self, keys: Sequence[str], namespace: str) -> list[Kept]:
        """Return what is there, looking again at what may be half written."""
        whole: list[Kept] = []
        names = self._names(keys, namespace)
        with backend_errors(self._store):
            for pause in _PAUSES:
                if names:
                    time.sleep(pause)
                    more, names = self._sorted_out(names, self._store.mget(names))
                    whole += more
        return whole

    async def _aread(self, keys: Sequence[str], namespace: str) -> list[Kept]:
        whole: list[Kept] = []
        names = self._names(keys, namespace)
        with backend_errors(self._store):
            for pause in _PAUSES:
                if names:
                    await asyncio.sleep(pause)
                    values = await self._store.amget(names)
                    more, names = self._sorted_out(names, values)
                    whole += more
        return whole

    def _sorted_out(
        self, names: Sequence[str], values: Sequence[bytes | None]
    ) -> tuple[list[Kept], list[str]]:
        """Return what is whole and in its place, and the names of what is not whole."""
        whole: list[Kept] = []
        torn: list[str] = []
        for name, value in zip(names, values, strict=True):
            if value is None:
                continue
            kept = _parsed(as_bytes(value))
            if kept is None:
                torn.append(name)
            elif self._name(kept.about) == name:
                whole.append(kept)
        return whole, torn

    def _write(self, kept: Sequence[Kept]) -> None:
        if kept:
            with backend_errors(self._store):
                self._store.mset(self._pairs(kept))

    async def _awrite(self, kept: Sequence[Kept]) -> None:
        if kept:
            with backend_errors(self._store):
                await self._store.amset(self._pairs(kept))

    def _pairs(self, kept: Sequence[Kept]) -> list[tuple[str, bytes]]:
        return [(self._name(one.about), _value(one)) for one in kept]


def _value(kept: Kept) -> bytes:
    """Return an original as one value; its first line has no other line break."""
    about = json.dumps(kept.about.to_flat(), separators=(",", ":"))
    return about.encode("ascii") + b"\n" + kept.data


def _parsed(value: bytes) -> Kept | None:
    """Return what a value holds, or `None` where it is not whole, or not ours."""
    line, _, data = value.partition(b"\n")
    try:
        about = About.from_flat(json.loads(line))
    except (ValueError, RecursionError):
        return None
    if about is None or not intact(data):
        return None
    return Kept(about=about, data=data)
