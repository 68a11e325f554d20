"""How an answer ends, in the words of each protocol: why, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from langchain_core.messages import UsageMetadata

from headroom_langchain.ccr.rounds.calls import stop_reason
from headroom_langchain.serve.wire.body import Json

Reason: TypeAlias = Literal["end", "length", "calls", "stop", "refusal"]
"""Why a model stopped; `stop`: at a stop sequence."""

_WORDS: Final[Mapping[str, Reason]] = {
    "tool_calls": "calls",
    "tool_use": "calls",
    "function_call": "calls",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "stop_sequence": "stop",
    "refusal": "refusal",
    "content_filter": "refusal",
    "content_filtered": "refusal",
    "guardrail_intervened": "refusal",
    "safety": "refusal",
    "recitation": "refusal",
    "blocklist": "refusal",
    "prohibited_content": "refusal",
    "spii": "refusal",
    "image_safety": "refusal",
}
"""The words of providers, in lower case; all others say that the model was done."""

_MESSAGES: Final[Mapping[Reason, str]] = {
    "end": "end_turn",
    "length": "max_tokens",
    "calls": "tool_use",
    "stop": "stop_sequence",
    "refusal": "refusal",
}
_CHAT: Final[Mapping[Reason, str]] = {
    "end": "stop",
    "length": "length",
    "calls": "tool_calls",
    "stop": "stop",
    "refusal": "content_filter",
}
_KEPT: Final = ("pause_turn", "model_context_window_exceeded", "compaction")
"""Words of Messages that Messages clients are told as they are."""

_PER_CACHE: Final = ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")


def word_of(metadata: Mapping[str, Any]) -> str | None:
    """Return why the model stopped, in its provider's word; `None` when none came."""
    status = metadata.get("status")
    return stop_reason(metadata) or (status if isinstance(status, str) else None)


def messages_stop(word: str | None, *, called: bool) -> str:
    """Return why the model stopped, for a client of Messages."""
    return word if word in _KEPT else _MESSAGES[_reason(word, called=called)]


def chat_stop(word: str | None, *, called: bool) -> str:
    """Return why the model stopped, for a client of Chat Completions."""
    return _CHAT[_reason(word, called=called)]


def messages_usage(
    usage: UsageMetadata | None, rounds: Sequence[UsageMetadata] = ()
) -> Json:
    """Return what was counted, for a client of Messages.

    Args:
        usage: What was counted for the answer.
        rounds: What was counted for each of its rounds, when there were several:
            clients tell from the last one how full the model's context is.
    """
    told = _told(usage)
    if len(rounds) > 1:
        told["iterations"] = [{"type": "message", **_told(each)} for each in rounds]
    return told


def chat_usage(usage: UsageMetadata | None) -> Json:
    """Return what was counted, for a client of Chat Completions."""
    counted: Json = dict(usage or {})
    read = (counted.get("input_token_details") or {}).get("cache_read") or 0
    thought = (counted.get("output_token_details") or {}).get("reasoning") or 0
    prompt, said = counted.get("input_tokens", 0), counted.get("output_tokens", 0)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": said,
        "total_tokens": prompt + said,
        "prompt_tokens_details": {"cached_tokens": read},
        "completion_tokens_details": {"reasoning_tokens": thought},
    }


def _reason(word: str | None, *, called: bool) -> Reason:
    reason = _WORDS.get((word or "").lower(), "end")
    if called and reason == "end":
        return "calls"
    return "end" if reason == "calls" and not called else reason


def _told(usage: UsageMetadata | None) -> Json:
    counted: Json = dict(usage or {})
    details: Json = counted.get("input_token_details") or {}
    read = details.get("cache_read") or 0
    written = {key: details[key] for key in _PER_CACHE if details.get(key)}
    created = (details.get("cache_creation") or 0) + sum(written.values())
    told: Json = {
        "input_tokens": max(0, counted.get("input_tokens", 0) - read - created),
        "cache_creation_input_tokens": created,
        "cache_read_input_tokens": read,
        "output_tokens": counted.get("output_tokens", 0),
    }
    if written:
        told["cache_creation"] = {key: written.get(key, 0) for key in _PER_CACHE}
    return told
