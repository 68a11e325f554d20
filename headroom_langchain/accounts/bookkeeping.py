"""What a call came to, written into the book of the store that served it.

That happens once, when the call has ended: after the last chunk of an answer, when it
failed, or when its caller left. A store that cannot be written costs a note.
"""

from __future__ import annotations

from collections.abc import Sequence

from headroom_langchain.accounts.outside import retrieved_totals
from headroom_langchain.ccr.store.base import CCRStore
from headroom_langchain.ccr.store.figures import Figures, Topic
from headroom_langchain.reports.report import CallReport, RetrievalReport
from headroom_langchain.reports.totals import Totals


def keep_figures(
    store: CCRStore | None, report: CallReport, *, namespace: str
) -> str | None:
    """Add what a call came to to the book of a store, if it has one.

    Args:
        store: The store that served the call.
        report: What the call did.
        namespace: Whose call it was.

    Returns:
        A note for the report when the store could not be written, unless one of its
        notes says why already.
    """
    if store is None or not store.keeps_figures or not report.figures.calls:
        return None
    try:
        store.add_figures(figures_of(report), namespace=namespace)
    except Exception as error:  # noqa: BLE001 - fail open, whatever a store raises
        return _not_kept(error, report)
    return None


async def akeep_figures(
    store: CCRStore | None, report: CallReport, *, namespace: str
) -> str | None:
    """Add as `keep_figures` does, without blocking an event loop."""
    if store is None or not store.keeps_figures or not report.figures.calls:
        return None
    try:
        await store.aadd_figures(figures_of(report), namespace=namespace)
    except Exception as error:  # noqa: BLE001 - likewise
        return _not_kept(error, report)
    return None


def asked_outside(retrievals: Sequence[RetrievalReport], resent: int) -> CallReport:
    """Return the report of retrievals that an agent's own loop asked for.

    Args:
        retrievals: What was asked and answered.
        resent: Tokens that the next request sends again because of them.
    """
    return CallReport(
        blocks=(),
        retrievals=tuple(retrievals),
        figures=retrieved_totals(retrievals, resent),
    )


def figures_of(report: CallReport) -> dict[Topic, Figures]:
    """Return what a call adds to the book: a line for itself, and for its texts."""
    model = report.model or ""
    counts: dict[tuple[str, str], list[int]] = {}
    for block in report.blocks:
        kind = "" if block.skipped is not None else block.kind or ""
        count = counts.setdefault((block.tool or "", kind), [0, 0, 0])
        count[0] += 1
        count[1] += block.tokens_before
        count[2] += block.tokens_after
    lines = {
        Topic(model=model, tool=tool, kind=kind): Figures(
            texts=texts, tokens_before=before, tokens_after=after
        )
        for (tool, kind), (texts, before, after) in counts.items()
    }
    whole = Topic(model=model)
    lines[whole] = lines.get(whole, Figures()) + _of_call(report.figures)
    return lines


def _of_call(totals: Totals) -> Figures:
    """Return what belongs to no text of a call."""
    paid, plain = totals.paid, totals.plain
    return Figures(
        calls=totals.calls,
        requests=totals.requests,
        retrievals=totals.retrievals,
        tokens_sent=totals.tokens_sent,
        tokens_retrieved=totals.tokens_retrieved,
        tokens_resent=totals.tokens_resent,
        tokens_net_saved=totals.tokens_net_saved,
        input_tokens=totals.input_tokens,
        output_tokens=totals.output_tokens,
        uncounted=totals.uncounted,
        paid_fresh=paid.fresh,
        paid_cached=paid.cached,
        paid_written=paid.written,
        paid_output=paid.output,
        plain_fresh=plain.fresh,
        plain_cached=plain.cached,
        plain_written=plain.written,
        plain_output=plain.output,
    )


def _not_kept(error: Exception, report: CallReport) -> str | None:
    why = f"{type(error).__name__}: {error}"
    # What kept the originals from the store is told once.
    if any(note.endswith(why) for note in report.notes):
        return None
    return f"figures were not kept: {why}"
