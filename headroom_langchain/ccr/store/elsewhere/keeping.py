"""What must be read and written to keep originals in another store.

All of it is decided from values that an adapter has read, so that its sync and its
async methods differ in how they wait and in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from headroom_langchain.ccr.store.at_rest import AtRest
from headroom_langchain.ccr.store.elsewhere.record import About, packed, unpacked
from headroom_langchain.ccr.store.inventory import Entry
from headroom_langchain.ccr.store.limits import check_limits, collision
from headroom_langchain.ccr.store.original import Original

COMPRESSED: Final = AtRest(compress=True)
"""What is done to contents that go elsewhere, unless something else is said."""

_NOTES_PER_TTL: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An original as another store holds it."""

    about: About
    data: bytes


class Keeping:
    """The rules by which originals are kept: for how long, and what is written."""

    def __init__(
        self, *, ttl: float | None, at_rest: AtRest, clock: Callable[[], float]
    ) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: `ttl` is not positive.
        """
        check_limits(max_bytes=None, ttl=ttl)
        self._ttl = ttl
        self._at_rest = at_rest
        self._clock = clock

    def to_write(
        self,
        originals: Sequence[Original],
        known: Mapping[str, About],
        *,
        namespace: str,
    ) -> list[Kept]:
        """Return what must be written so that these originals are kept, by key.

        The order by key is the same for all that write at once, so that none waits
        for a row another has while that one waits for its own.

        Args:
            originals: What is put.
            known: What is there already, by key.
            namespace: Whose originals these are.

        Raises:
            KeyCollisionError: A different content is there under the same key.
        """
        now = self._clock()
        alive = {key: one for key, one in known.items() if not self._expired(one, now)}
        new: dict[str, Original] = {}
        for original in originals:
            about = About.of(original, namespace=namespace, now=now)
            there = alive.setdefault(original.key, about)
            if there.digest != about.digest:
                raise collision(original.key)
            if there is about or self._stale(there, now):
                alive[original.key] = about
                new[original.key] = original
        return [
            Kept(about=alive[key], data=packed(new[key], self._at_rest))
            for key in sorted(new)
        ]

    def to_return(self, kept: Iterable[Kept]) -> tuple[dict[str, Original], list[Kept]]:
        """Return the originals to answer with, and what to write for their use.

        Raises:
            StoreError: One is encrypted, and not by the cipher of this store.
        """
        now = self._clock()
        found: dict[str, Original] = {}
        used: list[Kept] = []
        for one in kept:
            if self._expired(one.about, now):
                continue
            original = unpacked(one.data, one.about, self._at_rest)
            if original is None:
                continue
            found[original.key] = original
            if self._stale(one.about, now):
                used.append(replace(one, about=replace(one.about, used=now)))
        return found, sorted(used, key=lambda one: one.about.key)

    def entries(self, abouts: Iterable[About]) -> list[Entry]:
        """Return what is kept as a store tells it, least recently used first."""
        now = self._clock()
        return [
            Entry(
                namespace=about.namespace,
                key=about.key,
                size=about.size,
                used=about.used,
                kind=about.kind,
                tool=about.tool,
                expired=self._expired(about, now),
            )
            for about in sorted(abouts, key=lambda about: about.used)
        ]

    def _expired(self, about: About, now: float) -> bool:
        return self._ttl is not None and now - about.used >= self._ttl

    def _stale(self, about: About, now: float) -> bool:
        """Tell whether a use must be noted: not before a tenth of `ttl` is over."""
        return self._ttl is not None and (
            now - about.used >= self._ttl / _NOTES_PER_TTL
        )
