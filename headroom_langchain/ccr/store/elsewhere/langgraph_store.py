"""Originals in a LangGraph store, so that many machines share one.

Each original is two items: in `(*prefix, "about", namespace)` what is known about
it, in `(*prefix, "data", namespace)` its content. So to put again what is there,
and to list what is kept, moves no contents.
"""

from __future__ import annotations

import asyncio
import math
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from headroom_langchain.ccr.store.at_rest import AtRest
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, Original
from headroom_langchain.ccr.store.elsewhere.keeping import COMPRESSED, Keeping, Kept
from headroom_langchain.ccr.store.elsewhere.labels import label
from headroom_langchain.ccr.store.elsewhere.record import About
from headroom_langchain.ccr.store.elsewhere.round_trips import RoundTrips
from headroom_langchain.ccr.store.inventory import Entry
from headroom_langchain.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from langgraph.store.base import BaseStore, GetOp, PutOp

_ABOUT: Final = "about"
_DATA: Final = "data"
_SECONDS_PER_MINUTE: Final = 60
_FOREVER: Final = 60 * 24 * 365 * 1000
"""Minutes that are told to no store: dates of databases end at the year 9999."""
_ORIGINALS_PER_BATCH: Final = 500
_ALL: Final = 2**31 - 1
"""A limit that is none; stores take no search without one."""


class LangGraphCCRStore(CCRStore):
    """Keeps originals in any LangGraph `BaseStore`, sync or async.

    ```python
    with PostgresStore.from_conn_string(url) as store:
        model = HeadroomChatModel(llm, store=LangGraphCCRStore(store))
    ```

    A `put_many` of what is there costs one round trip that moves no contents, any
    other one more, which writes all of it or nothing; a `get_many` costs one round
    trip. `entries` reads what is known about all originals at once, half a kilobyte
    each.

    The sync methods work over async stores from any thread but that of their event
    loop, and the async methods over sync stores. Two writers that put different
    contents under one key in the same moment are not noticed: the last one wins.
    There is no book of what calls saved, since such a store cannot add.
    """

    def __init__(
        self,
        store: BaseStore,
        *,
        prefix: tuple[str, ...] = ("headroom",),
        ttl: float | None = None,
        at_rest: AtRest = COMPRESSED,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Use a store, which stays the caller's to set up and to close.

        Args:
            store: Where originals go: `InMemoryStore`, `SqliteStore`,
                `PostgresStore`, their async twins, or another.
            prefix: Where in that store; nothing else should write there.
            ttl: Seconds after which an original that was neither put nor got is
                not returned any more; a use is noted once a tenth of it has
                passed. It is told to a store that can expire items, so that its
                own sweeper frees their place. `None` to keep originals, whatever
                the default of the store is, and to note no use.
            at_rest: What is done to contents before they are written; compressed
                by default.
            clock: Returns the time in seconds, the same for all machines.

        Raises:
            ConfigurationError: `ttl` is not positive, or `prefix` is none that
                LangGraph allows.
        """
        _check_prefix(prefix)
        self._prefix = prefix
        self._trips = RoundTrips(store)
        self._keeping = Keeping(ttl=ttl, at_rest=at_rest, clock=clock)
        # Known, but without a content that can be read: to be written again.
        self._unreadable: set[tuple[str, str]] = set()
        # AsyncSqliteStore can expire items and says that it cannot.
        expires = store.supports_ttl or hasattr(store, "sweep_ttl")
        self._minutes = _minutes(ttl) if ttl and expires else None

    def put_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Keep originals; see `CCRStore.put_many`.

        Raises:
            KeyCollisionError: A different content is stored under the same key.
            StoreError: The store could not be read or written.
        """
        for some in _batches(originals):
            known = self._trips.do(self._reads(some, namespace))
            if ops := self._changes(some, known, namespace):
                self._trips.do(ops)

    async def aput_many(
        self, originals: Sequence[Original], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Keep originals; see `put_many`."""
        for some in _batches(originals):
            known = await self._trips.ado(self._reads(some, namespace))
            # To compress and encrypt takes longer than the event loop may stand.
            ops = await asyncio.to_thread(self._changes, some, known, namespace)
            if ops:
                await self._trips.ado(ops)

    def get_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        """Return the originals that are there; see `CCRStore.get_many`.

        A use that cannot be noted, as in a store that is read only, is no error.

        Raises:
            StoreError: The store could not be read, or an original is encrypted
                and not by the cipher of this store.
        """
        found: dict[str, Original] = {}
        for some in _batches(keys):
            there = self._trips.do(self._lookups(some, namespace))
            originals, ops = self._answer(some, there, namespace)
            found |= originals
            if ops:
                with suppress(StoreError):
                    self._trips.do(ops)
        return found

    async def aget_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> Mapping[str, Original]:
        """Return the originals that are there; see `get_many`."""
        found: dict[str, Original] = {}
        for some in _batches(keys):
            there = await self._trips.ado(self._lookups(some, namespace))
            answer = asyncio.to_thread(self._answer, some, there, namespace)
            originals, ops = await answer
            found |= originals
            if ops:
                with suppress(StoreError):
                    await self._trips.ado(ops)
        return found

    def entries(self, *, namespace: str | None = None) -> Iterator[Entry]:
        """Yield what is kept, least recently used first; see `CCRStore.entries`.

        Raises:
            StoreError: The store could not be read.
        """
        from langgraph.store.base import SearchOp

        place = (*self._prefix, _ABOUT)
        if namespace is not None:
            place = self._place(_ABOUT, namespace)
        # In pages, items of one moment could be left out: their order is not defined.
        search = SearchOp(place, limit=_ALL, refresh_ttl=False)
        (items,) = self._trips.do([search])
        abouts = [
            about
            for item in items
            if (about := About.from_flat(item.value))
            and item.namespace == self._place(_ABOUT, about.namespace)
            and item.key == label(about.key)
        ]
        yield from self._keeping.entries(abouts)

    def delete_many(
        self, keys: Sequence[str], *, namespace: str = DEFAULT_NAMESPACE
    ) -> None:
        """Forget originals; see `CCRStore.delete_many`.

        Raises:
            StoreError: The store could not be written.
        """
        from langgraph.store.base import PutOp

        about, data = self._place(_ABOUT, namespace), self._place(_DATA, namespace)
        for some in _batches(keys):
            names = sorted(map(label, some))
            self._trips.do(
                [PutOp(place, name, None) for place in (data, about) for name in names]
            )

    def _place(self, part: str, namespace: str) -> tuple[str, ...]:
        return (*self._prefix, part, label(namespace))

    def _reads(self, originals: Sequence[Original], namespace: str) -> list[GetOp]:
        return _gets(
            self._place(_ABOUT, namespace), [original.key for original in originals]
        )

    def _lookups(self, keys: Sequence[str], namespace: str) -> list[GetOp]:
        return _gets(self._place(_ABOUT, namespace), keys) + _gets(
            self._place(_DATA, namespace), keys
        )

    def _changes(
        self, originals: Sequence[Original], known: Sequence[Any], namespace: str
    ) -> list[PutOp]:
        keys = [original.key for original in originals]
        abouts = {
            key: about
            for key, about in _abouts(keys, known, namespace).items()
            if (namespace, key) not in self._unreadable
        }
        return self._writes(
            self._keeping.to_write(originals, abouts, namespace=namespace)
        )

    def _answer(
        self, keys: Sequence[str], there: Sequence[Any], namespace: str
    ) -> tuple[dict[str, Original], list[PutOp]]:
        abouts = _abouts(keys, there[: len(keys)], namespace)
        contents = dict(zip(keys, there[len(keys) :], strict=True))
        found, used = self._keeping.to_return(
            Kept(about=about, data=data)
            for key, about in abouts.items()
            if (data := _data(contents[key])) is not None
        )
        self._unreadable -= {(namespace, key) for key in keys}
        self._unreadable |= {(namespace, key) for key in abouts.keys() - found.keys()}
        return found, self._writes(used)

    def _writes(self, kept: Sequence[Kept]) -> list[PutOp]:
        """Return what writes both items of each, without embeddings of them.

        Contents come first, also when they are deleted: what is known about an
        original never stands there without it, not even for a moment.
        """
        from langgraph.store.base import PutOp

        return [
            PutOp(
                self._place(part, one.about.namespace),
                label(one.about.key),
                value(one),
                index=False,
                ttl=self._minutes,
            )
            for part, value in ((_DATA, _data_value), (_ABOUT, _about_value))
            for one in kept
        ]


def _minutes(ttl: float) -> int | None:
    """Return whole minutes for stores that expire items, `None` for never."""
    minutes = ttl / _SECONDS_PER_MINUTE
    return math.ceil(minutes) if minutes < _FOREVER else None


def _gets(place: tuple[str, ...], keys: Sequence[str]) -> list[GetOp]:
    from langgraph.store.base import GetOp

    return [GetOp(place, label(key), refresh_ttl=False) for key in keys]


def _abouts(
    keys: Sequence[str], items: Sequence[Any], namespace: str
) -> dict[str, About]:
    """Return what is known by key, without what is not what its place says."""
    return {
        key: about
        for key, item in zip(keys, items, strict=True)
        if item is not None
        and (about := About.from_flat(item.value))
        and (about.key, about.namespace) == (key, namespace)
    }


def _about_value(kept: Kept) -> dict[str, Any]:
    return dict(kept.about.to_flat())


def _data_value(kept: Kept) -> dict[str, Any]:
    return {"data": b64encode(kept.data).decode("ascii")}


def _data(item: Any) -> bytes | None:
    """Return what `_data_value` wrote, or `None` where it is not there or not that."""
    match None if item is None else item.value:
        case {"data": str(text)}:
            try:
                return b64decode(text, validate=True)
            except ValueError:
                return None
    return None


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _ORIGINALS_PER_BATCH):
        yield items[start : start + _ORIGINALS_PER_BATCH]


def _check_prefix(prefix: object) -> None:
    match prefix:
        case [root, *_] if root != "langgraph" and all(map(_is_label, prefix)):
            return
    msg = (
        f"prefix={prefix!r} is no place in a LangGraph store: give a tuple of labels "
        'in printable ASCII without dots, the first of them not "langgraph"'
    )
    raise ConfigurationError(msg)


def _is_label(part: object) -> bool:
    if not isinstance(part, str) or part == "":
        return False
    return part.isascii() and part.isprintable() and "." not in part
