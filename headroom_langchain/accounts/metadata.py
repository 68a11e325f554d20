"""What observers are told of a call: figures and hashes, never texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headroom_langchain.reports.report import BlockReport, CallReport


def figures_of(report: CallReport) -> dict[str, int | str]:
    """Return the figures of a call as metadata of its run, by which people filter."""
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


def compression_of(blocks: Sequence[BlockReport]) -> dict[str, Any]:
    """Return what the run `headroom_compress` tells of some texts."""
    return {
        "texts": len(blocks),
        "compressed": sum(block.skipped is None for block in blocks),
        "tokens_before": sum(block.tokens_before for block in blocks),
        "tokens_after": sum(block.tokens_after for block in blocks),
        "hashes": list(dict.fromkeys(block.key for block in blocks if block.key)),
    }
