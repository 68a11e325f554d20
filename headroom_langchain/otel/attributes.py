"""What spans say of a call: names, counts and kinds, never a text.

Names that begin with `gen_ai.` are OpenTelemetry's conventions for generative AI.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.util.types import AttributeValue

    from headroom_langchain.lifecycle.events import (
        CallInfo,
        InputRemembered,
        PreSend,
        ResponseReceived,
    )
    from headroom_langchain.reports.report import BlockReport, CallReport

Attributes = dict[str, "AttributeValue"]


def call_attributes(call: CallInfo) -> Attributes:
    """Return what is known of a call when it begins."""
    said: Attributes = {
        "headroom.surface": call.surface,
        "headroom.namespace": call.namespace,
    }
    if call.surface == "model":
        said["gen_ai.operation.name"] = "chat"
    if call.conversation is not None:
        said["gen_ai.conversation.id"] = call.conversation
    return said


def block_attributes(blocks: Iterable[BlockReport]) -> Attributes:
    """Return what was decided about the texts of a call."""
    listed = list(blocks)
    rewritten = [block for block in listed if block.skipped is None]
    before = sum(block.tokens_before for block in listed)
    after = sum(block.tokens_after for block in listed)
    return {
        "headroom.texts": len(listed),
        "headroom.texts.compressed": len(rewritten),
        "headroom.kinds": sorted({block.kind for block in rewritten if block.kind}),
        "headroom.tokens.before": before,
        "headroom.tokens.after": after,
        "headroom.tokens.saved": before - after,
    }


def kept_attributes(event: InputRemembered) -> Attributes:
    """Return how many originals were kept, or what kept them from it."""
    return {
        "headroom.originals": len(event.keys),
        "headroom.originals.kept": event.error is None,
    }


def request_attributes(event: PreSend) -> Attributes:
    """Return what is known of a round when it begins."""
    return {
        "gen_ai.operation.name": "chat",
        "headroom.round": event.round,
        "headroom.messages": len(event.messages),
    }


def response_attributes(event: ResponseReceived) -> Attributes:
    """Return what the inner model said about its answer."""
    metadata: Mapping[str, Any] = event.message.response_metadata
    reason = metadata.get("finish_reason") or metadata.get("stop_reason")
    named = {
        "gen_ai.provider.name": metadata.get("model_provider"),
        "gen_ai.response.model": metadata.get("model_name") or metadata.get("model"),
        "gen_ai.response.id": metadata.get("id"),
    }
    said: Attributes = {
        name: value for name, value in named.items() if isinstance(value, str)
    }
    if isinstance(reason, str):
        said["gen_ai.response.finish_reasons"] = [reason]
    said["headroom.retrievals"] = len(event.retrievals)
    if event.usage is not None:
        said["gen_ai.usage.input_tokens"] = event.usage["input_tokens"]
        said["gen_ai.usage.output_tokens"] = event.usage["output_tokens"]
        details = event.usage.get("input_token_details") or {}
        for name in ("cache_read", "cache_creation"):
            if isinstance(count := details.get(name), int):
                said[f"gen_ai.usage.{name}.input_tokens"] = count
    return said


def report_attributes(report: CallReport) -> Attributes:
    """Return what a call came to."""
    figures = report.figures
    said: Attributes = {
        "headroom.tokens.before": report.tokens_before,
        "headroom.tokens.after": report.tokens_after,
        "headroom.tokens.saved": report.tokens_saved,
        "headroom.notes": len(report.notes),
    }
    if report.model is not None:
        said["gen_ai.request.model"] = report.model
    if figures.requests:
        said |= {
            "headroom.rounds": figures.requests,
            "headroom.retrievals": figures.retrievals,
            "headroom.tokens.sent": figures.tokens_sent,
            "headroom.tokens.retrieved": figures.tokens_retrieved,
            "headroom.tokens.net_saved": figures.tokens_net_saved,
        }
    if figures.requests > figures.uncounted:
        said["gen_ai.usage.input_tokens"] = figures.input_tokens
        said["gen_ai.usage.output_tokens"] = figures.output_tokens
    return said
