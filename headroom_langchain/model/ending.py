"""What is done when a call has ended: after its answer, when it failed, or was left.

Its figures go into the book of the store, and extensions that want to know are told.
Neither changes the outcome of the call, and the chunks of an answer come first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headroom_langchain.accounts.bookkeeping import akeep_figures, keep_figures
from headroom_langchain.accounts.outside import compressed_totals
from headroom_langchain.accounts.statement import Statement
from headroom_langchain.ccr.rounds.answering import Answering
from headroom_langchain.ccr.store.base import CCRStore
from headroom_langchain.lifecycle.running import Lifecycle
from headroom_langchain.lifecycle.steps import Steps
from headroom_langchain.reports.report import BlockReport, CallReport
from headroom_langchain.reports.totals import NOTHING

_LEFT: Final = (GeneratorExit, asyncio.CancelledError)
"""How a call ends that its caller leaves."""


class Ending:
    """The end of a call, as the end of a `with` or `async with` block around it."""

    def __init__(
        self, statement: Statement, answering: Answering, lifecycle: Lifecycle
    ) -> None:
        """Watch over a call.

        Args:
            statement: What the call does.
            answering: Knows the store and the tenant, and takes notes.
            lifecycle: Knows who is told.
        """
        self._statement = statement
        self._answering = answering
        self._lifecycle = lifecycle
        self._store = answering.store
        self._namespace = answering.namespace

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> None:
        """Tell extensions, and keep the figures."""
        if (report := self._told(error)) is not None:
            self._note(keep_figures(self._store, report, namespace=self._namespace))

    async def __aenter__(self) -> None:
        """Begin."""

    async def __aexit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> None:
        """Tell extensions, and keep the figures; who has left need not wait."""
        if (report := self._told(error)) is None:
            return
        if isinstance(error, _LEFT):
            self._keep_later(report)
        else:
            namespace = self._namespace
            self._note(await akeep_figures(self._store, report, namespace=namespace))

    def _keep_later(self, report: CallReport) -> None:
        def keep() -> None:
            self._note(keep_figures(self._store, report, namespace=self._namespace))

        try:
            asyncio.get_running_loop().run_in_executor(None, keep)
        except RuntimeError:  # the loop's threads have ended before this call
            keep()

    def _told(self, error: BaseException | None) -> CallReport | None:
        """Return the report of the call if anybody wants it, and tell extensions."""
        if not self._store.keeps_figures and not self._lifecycle.extensions:
            return None
        report = self._statement.report(NOTHING)
        tell_end(self._lifecycle, report, error)
        return report

    def _note(self, note: str | None) -> None:
        if note is not None:
            self._answering.notes.append(note)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepFigures:
    """Add what was done outside of a wrapped model to the book of a store."""

    store: CCRStore | None
    report: CallReport
    namespace: str

    def do(self) -> str | None:
        """Add it; returns a note when the store could not be written."""
        return keep_figures(self.store, self.report, namespace=self.namespace)

    async def ado(self) -> str | None:
        """Add it without blocking an event loop."""
        return await akeep_figures(self.store, self.report, namespace=self.namespace)


def ended_outside(
    lifecycle: Lifecycle,
    store: CCRStore | None,
    namespace: str,
    blocks: Sequence[BlockReport],
    notes: tuple[str, ...],
) -> Steps[str | None]:
    """End a compression outside of a wrapped model.

    Args:
        lifecycle: Of the compression.
        store: Where its originals went.
        namespace: Its tenant.
        blocks: What was decided about the texts that could be compressed.
        notes: What is noted already.

    Returns:
        A note when the store could not be written.
    """
    if store is None and not lifecycle.extensions:
        return None
    figures = compressed_totals(blocks)
    report = CallReport(blocks=tuple(blocks), notes=notes, figures=figures)
    tell_end(lifecycle, report, None)
    note: str | None = yield KeepFigures(
        store=store, report=report, namespace=namespace
    )
    return note


def tell_end(
    lifecycle: Lifecycle, report: CallReport, error: BaseException | None
) -> None:
    """Tell the extensions that have a method `on_call_ended`.

    Args:
        lifecycle: Of the call.
        report: What the call did.
        error: What it failed with, or how its caller left.
    """
    for extension in lifecycle.extensions:
        if (told := getattr(extension, "on_call_ended", None)) is None:
            continue
        try:
            told(lifecycle.call, report, error)
        except Exception as failure:  # noqa: BLE001 - fail open, whatever an extension raises
            why = f"{type(failure).__name__}: {failure}".removesuffix(": ")
            name = type(extension).__name__
            lifecycle.note(f"extension {name} failed at the end of the call: {why}")
