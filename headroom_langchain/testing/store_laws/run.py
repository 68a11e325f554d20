"""Looks at a store, law by law."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from headroom_langchain.errors import ConfigurationError
from headroom_langchain.testing.store_laws.every import STORE_LAWS
from headroom_langchain.testing.store_laws.handle import Face
from headroom_langchain.testing.store_laws.law import StoreLaw, Trial
from headroom_langchain.testing.store_laws.report import (
    LawResult,
    Outcome,
    StoreReport,
)
from headroom_langchain.testing.store_laws.subject import StoreUnderTest
from headroom_langchain.testing.store_laws.threads import Daemons


def check_store(
    subject: StoreUnderTest, *, laws: Sequence[StoreLaw] | None = None
) -> StoreReport:
    """Look at a store, on an event loop of its own, in folders that are removed.

    Args:
        subject: The store.
        laws: Only these; what else the store supports is then not asked for.

    Returns:
        The report; `raise_for_failures` makes a test of it.

    Raises:
        ConfigurationError: An event loop is running; await `acheck_store` there.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_check_store(subject, laws))
    msg = "check_store cannot be called on an event loop: await acheck_store instead"
    raise ConfigurationError(msg)


async def _check_store(
    subject: StoreUnderTest, laws: Sequence[StoreLaw] | None
) -> StoreReport:
    asyncio.get_running_loop().set_default_executor(Daemons())
    return await acheck_store(subject, laws=laws)


async def acheck_store(
    subject: StoreUnderTest, *, laws: Sequence[StoreLaw] | None = None
) -> StoreReport:
    """Look at a store on the running event loop; see `check_store`."""
    with TemporaryDirectory(prefix="store-laws-") as folder:
        results = [
            await _tried(subject, law, face, Path(folder))
            for law in (STORE_LAWS if laws is None else laws)
            for face in law.faces
        ]
    asked_for = frozenset(subject.supports if laws is None else ())
    return StoreReport(store=str(subject), supports=asked_for, results=tuple(results))


def laws_of(subject: StoreUnderTest) -> tuple[StoreLaw, ...]:
    """Return the laws of what the store supports, the others left out."""
    return tuple(law for law in STORE_LAWS if law.needs <= subject.supports)


async def _tried(
    subject: StoreUnderTest, law: StoreLaw, face: Face, folder: Path
) -> LawResult:
    missing = sorted(law.needs - subject.supports)
    if missing:
        reason = f"not said to be supported: {', '.join(missing)}"
        return LawResult(law=law, face=face, outcome=Outcome.SKIPPED, reason=reason)
    limit = asyncio.timeout(subject.timeout)
    try:
        async with limit:
            await law.check(Trial(subject, face, folder))
    except Exception as error:  # noqa: BLE001 - whatever a store raises breaks the law
        reason = _reason(error)
        if limit.expired():
            reason = f"it did not come to its end within {subject.timeout:g} seconds"
        return LawResult(
            law=law, face=face, outcome=Outcome.FAILED, reason=reason, error=error
        )
    return LawResult(law=law, face=face, outcome=Outcome.PASSED)


def _reason(error: BaseException) -> str:
    match error:
        case BaseExceptionGroup(exceptions=[first, *_]):
            return _reason(first)
        case AssertionError():
            return str(error) or "an assertion failed"
        case _:
            return f"{type(error).__name__}: {error}"
