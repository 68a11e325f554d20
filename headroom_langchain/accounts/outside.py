"""What is compressed and retrieved outside of a wrapped model, where others send it.

A compression counts once, where it happens, whatever is sent of it later. A retrieval
takes its answer and, where the model did nothing but ask, the conversation that the
next request sends again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from langchain_core.callbacks import CallbackManager
from langchain_core.runnables import RunnableConfig

from headroom_langchain.accounts.ledger import Ledger
from headroom_langchain.accounts.metadata import compression_of, figures_of
from headroom_langchain.accounts.watching import ledgers_of
from headroom_langchain.calls.call_config import conversation, published
from headroom_langchain.calls.tracing import chain_run, observers_within, write_figures
from headroom_langchain.ccr.store.forking import fork_safe_lock
from headroom_langchain.reports.report import BlockReport, CallReport, RetrievalReport
from headroom_langchain.reports.totals import Billed, Totals

Tell = Callable[[Sequence[BlockReport], Sequence[str]], None]
"""Takes what became of texts, and what there is to note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """Something that is over, as a ledger wants it."""

    made: CallReport
    model: str | None = None

    @property
    def conversation(self) -> str | None:
        """The conversation it belongs to."""
        return self.made.conversation

    def report(self, total: Totals) -> CallReport:
        """Return what was done."""
        return replace(self.made, total=total)


class Books:
    """Adds up compressions and retrievals."""

    def __init__(self) -> None:
        """Start at zero."""
        self.ledger = Ledger()
        self._lock = fork_safe_lock()

    @contextmanager
    def compression(self, config: RunnableConfig | None) -> Iterator[Tell]:
        """Show a compression to who observes a configuration, and count it.

        Args:
            config: The configuration under which it happens.

        Yields:
            What is to be told of its texts, before the block ends.
        """
        observers = observers_within(config)
        with published(config):
            named = conversation()
        with chain_run(observers, "headroom_compress", {}) as told:

            def tell(blocks: Sequence[BlockReport], notes: Sequence[str]) -> None:
                figures = compressed_totals(blocks)
                report = CallReport(
                    blocks=tuple(blocks),
                    notes=tuple(notes),
                    conversation=named,
                    figures=figures,
                )
                told.update(compression_of(blocks))
                self._enter(report, figures, observers)

            yield tell

    def retrieval(
        self,
        config: RunnableConfig | None,
        retrievals: Sequence[RetrievalReport],
        notes: Sequence[str],
        *,
        resent: int,
    ) -> None:
        """Count answered calls of `headroom_retrieve`.

        They go to the report of the last compression of the conversation.

        Args:
            config: The configuration under which it happens.
            retrievals: What was asked and answered.
            notes: What went wrong on the way.
            resent: Tokens that the next request sends again because of them.
        """
        observers = observers_within(config)
        with published(config):
            named = conversation()
        figures = retrieved_totals(retrievals, resent)
        with self._lock:
            last = self.ledger.report_of(named)
            if last is None or last.requests:
                last = CallReport(blocks=(), conversation=named)
            report = replace(
                last,
                retrievals=(*last.retrievals, *retrievals),
                notes=(*last.notes, *notes),
                figures=last.figures + figures,
            )
            self._enter(report, figures, observers)

    def _enter(
        self, report: CallReport, figures: Totals, observers: CallbackManager | None
    ) -> None:
        done = _Done(made=report)
        for ledger in dict.fromkeys([self.ledger, *ledgers_of(observers)]):
            ledger.begin(done)
            ledger.add(done, figures.figures)
        if observers is not None:
            write_figures(observers, figures_of(report))


def compressed_totals(blocks: Sequence[BlockReport]) -> Totals:
    """Return what a compression adds to the totals."""
    before = sum(block.tokens_before for block in blocks)
    after = sum(block.tokens_after for block in blocks)
    return Totals(
        calls=1,
        tokens_before=before,
        tokens_after=after,
        tokens_net_saved=before - after,
        uncounted=1,
        plain=Billed(fresh=before - after),
    )


def retrieved_totals(retrievals: Sequence[RetrievalReport], resent: int) -> Totals:
    """Return what answers to retrievals add to the totals."""
    tokens = sum(retrieval.tokens for retrieval in retrievals)
    return Totals(
        calls=1,
        retrievals=len(retrievals),
        tokens_retrieved=tokens,
        tokens_resent=resent,
        tokens_net_saved=-tokens - resent,
        uncounted=1,
        paid=Billed(fresh=tokens + resent),
    )
