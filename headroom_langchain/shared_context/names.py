"""The names of shared results, as items of a LangGraph store.

What is to be read and written is decided here from values, so that the sync and the
async methods of a `SharedContext` differ in how they wait and in nothing else.
"""

from __future__ import annotations

import math
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from headroom_langchain.ccr.store.at_rest import AtRest
from headroom_langchain.ccr.store.elsewhere.labels import label
from headroom_langchain.shared_context.reference import SharedReference

if TYPE_CHECKING:
    from langgraph.store.base import GetOp, PutOp, SearchOp

_NAMES: Final = "names"
_SECONDS_PER_MINUTE: Final = 60
_LONGEST: Final = 60 * 24 * 365 * 1000
"""Minutes that are told to a store at most: dates of databases end at the year 9999."""
_ALL: Final = 2**31 - 1
"""A limit that is none; stores take no search without one."""


class SharedNames:
    """Which operations keep names, and what their results say."""

    def __init__(
        self,
        *,
        prefix: tuple[str, ...],
        ttl: float | None,
        at_rest: AtRest,
        expires: bool,
    ) -> None:
        """Prepare operations.

        Args:
            prefix: Where in the store.
            ttl: Seconds after which a name is forgotten; `None` to keep it.
            at_rest: What is done to excerpts before they are written.
            expires: Whether the store can expire items itself.
        """
        self._prefix = prefix
        self._ttl = ttl
        self._at_rest = at_rest
        self._minutes: int | None = None
        if ttl is not None and expires:
            self._minutes = math.ceil(min(ttl / _SECONDS_PER_MINUTE, _LONGEST))

    def write(self, reference: SharedReference, namespace: str) -> PutOp:
        """Return what puts a reference under its name."""
        from langgraph.store.base import PutOp

        sealed = self._at_rest.seal(reference.to_json().encode("ascii"))
        value = {"data": b64encode(sealed).decode("ascii")}
        place, name = self._place(namespace), label(reference.name)
        return PutOp(place, name, value, index=False, ttl=self._minutes)

    def read(self, name: str, namespace: str) -> GetOp:
        """Return what reads the reference under a name."""
        from langgraph.store.base import GetOp

        return GetOp(self._place(namespace), label(name), refresh_ttl=False)

    def read_all(self, namespace: str) -> SearchOp:
        """Return what reads all references."""
        from langgraph.store.base import SearchOp

        return SearchOp(self._place(namespace), limit=_ALL, refresh_ttl=False)

    def forget(self, name: str, namespace: str) -> PutOp:
        """Return what forgets a name."""
        from langgraph.store.base import PutOp

        return PutOp(self._place(namespace), label(name), None)

    def found(
        self, items: Iterable[Any], namespace: str, now: float
    ) -> list[SharedReference]:
        """Return the references in items of the store, those put first in front.

        Args:
            items: Items, or `None` for what is not there.
            namespace: Whose references; a search also finds what stands deeper.
            now: The time; what has expired by then is left out.

        Raises:
            StoreError: One is encrypted, and not by the cipher of `at_rest`.
        """
        place = self._place(namespace)
        there = (item for item in items if item is not None and item.namespace == place)
        read = map(self._reference, there)
        alive = [one for one in read if one is not None and not self._expired(one, now)]
        return sorted(alive, key=lambda one: (one.put_at, one.name))

    def _place(self, namespace: str) -> tuple[str, ...]:
        return (*self._prefix, _NAMES, label(namespace))

    def _expired(self, reference: SharedReference, now: float) -> bool:
        return self._ttl is not None and now - reference.put_at >= self._ttl

    def _reference(self, item: Any) -> SharedReference | None:
        """Return what `write` wrote, or `None` where it is not that."""
        match item.value:
            case {"data": str(text)}:
                try:
                    sealed = b64decode(text, validate=True)
                    reference = SharedReference.from_json(
                        self._at_rest.open(sealed).decode()
                    )
                except ValueError:
                    return None
                return reference if label(reference.name) == item.key else None
        return None
