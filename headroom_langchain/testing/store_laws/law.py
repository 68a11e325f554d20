"""What a law is, and what it is tried on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias
from uuid import uuid4

from headroom_langchain.testing.store_laws.handle import Face, Handle, opened
from headroom_langchain.testing.store_laws.subject import (
    Capability,
    SetClock,
    StoreUnderTest,
    Wanted,
)

BOTH: Final = (Face.SYNC, Face.ASYNC)


class Trial:
    """One law on one face of a store: opens the stores that the law looks at."""

    def __init__(self, subject: StoreUnderTest, face: Face, folder: Path) -> None:
        """Open stores in folders below `folder`."""
        self.subject = subject
        self.face = face
        """How the stores of the trial are spoken to."""
        self.clock = SetClock()
        """The clock of all stores of the trial."""
        self._folder = folder

    def folder(self) -> Path:
        """Make a folder with a name that was never used."""
        made = self._folder / uuid4().hex
        made.mkdir()
        return made

    def wanted(
        self,
        folder: Path | None = None,
        *,
        ttl: float | None = None,
        max_bytes: int | None = None,
    ) -> Wanted:
        """Return what is wanted of a store; without a folder it is a new one."""
        return Wanted(
            folder=folder or self.folder(),
            clock=self.clock,
            ttl=ttl,
            max_bytes=max_bytes,
        )

    def store(
        self,
        folder: Path | None = None,
        *,
        ttl: float | None = None,
        max_bytes: int | None = None,
    ) -> AbstractAsyncContextManager[Handle]:
        """Open a store; without a folder it is empty."""
        wanted = self.wanted(folder, ttl=ttl, max_bytes=max_bytes)
        return opened(self.subject.open, wanted, self.face)


Check: TypeAlias = Callable[[Trial], Awaitable[None]]
"""Raises `AssertionError` where a store breaks the law."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLaw:
    """Something that holds for every store, or for those that can do something."""

    name: str
    says: str
    """The law in one sentence."""
    check: Check
    needs: frozenset[Capability] = frozenset()
    """What a store must be able to do for the law to be about it."""
    faces: tuple[Face, ...] = BOTH
    """The faces of the store on which it is looked at."""

    def __str__(self) -> str:
        """Return the name of the law."""
        return self.name


def law(
    *needs: Capability, faces: tuple[Face, ...] = BOTH
) -> Callable[[Check], StoreLaw]:
    """Make a law of a coroutine function; its docstring is what the law says."""

    def made(check: Check) -> StoreLaw:
        return StoreLaw(
            name=getattr(check, "__name__", repr(check)),
            says=(check.__doc__ or "").strip().partition("\n")[0],
            check=check,
            needs=frozenset(needs),
            faces=faces,
        )

    return made


def expect(holds: object, otherwise: str) -> None:
    """Raise `AssertionError` with what is wrong unless something holds."""
    if not holds:
        raise AssertionError(otherwise)
