"""The figures of a call as metadata of its run, by which people filter."""

from __future__ import annotations

from headroom_langchain.reports.report import CallReport


def figures_of(report: CallReport) -> dict[str, int | str]:
    """Return the figures of a call under names that are only ours."""
    figures: dict[str, int | str] = {
        "headroom_tokens_before": report.tokens_before,
        "headroom_tokens_after": report.tokens_after,
        "headroom_tokens_saved": report.tokens_saved,
        "headroom_tokens_net_saved": report.tokens_net_saved,
        "headroom_compressed": sum(block.skipped is None for block in report.blocks),
        "headroom_retrievals": len(report.retrievals),
    }
    if report.requests:
        figures["headroom_rounds"] = len(report.requests)
        figures["headroom_tokens_sent"] = report.figures.tokens_sent
    if report.conversation is not None:
        figures["headroom_conversation"] = report.conversation
    return figures
