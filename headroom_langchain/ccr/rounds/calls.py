"""The hidden tool's calls in a whole message: found, hidden, mended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.ccr.rounds.slots import CALL_BLOCKS

_STOP_KEYS = ("finish_reason", "stop_reason", "stopReason", "done_reason")

_NORMAL_STOP = {
    "tool_calls": "stop",
    "tool_use": "end_turn",
    "function_call": "stop",
}
"""Stop reasons of a call, and what they become when no call is shown."""

_CUT_OFF = frozenset({"length", "max_tokens", "max_output_tokens"})
"""Stop reasons that say the model could not finish what it wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenCall:
    """One call of the hidden tool."""

    id: str | None
    arguments: Mapping[str, Any] | None
    """The arguments, or `None` when they are no JSON object or were cut off."""
    raw: str
    """The arguments as they were written."""


def hidden_calls(
    message: AIMessage, metadata: Mapping[str, Any] | None = None
) -> tuple[HiddenCall, ...]:
    """Find the hidden tool's calls in a message of the model.

    A call that was repaired while it was parsed counts as malformed: what it
    asks for may not be what the model meant.

    Args:
        message: The message.
        metadata: What else is known of the response; clients of some providers
            do not leave all of it on the message.
    """
    cut = stop_reason({**(metadata or {}), **message.response_metadata}) in _CUT_OFF
    if isinstance(message, AIMessageChunk):
        pieces = [
            (call["id"], call["name"], call["args"] or "")
            for call in message.tool_call_chunks
        ]
    else:
        pieces = [
            (call["id"], call["name"], json.dumps(call["args"]))
            for call in message.tool_calls
        ] + [
            (call["id"], call["name"], call["args"] or "")
            for call in message.invalid_tool_calls
        ]
    return tuple(
        HiddenCall(
            id=call_id,
            arguments=None if cut and index == len(pieces) - 1 else _object(raw),
            raw=raw,
        )
        for index, (call_id, name, raw) in enumerate(pieces)
        if name == RETRIEVE_TOOL_NAME
    )


def has_other_calls(message: AIMessage) -> bool:
    """Tell whether a message calls tools of the caller, well-formed or not."""
    calls = [*message.tool_calls, *message.invalid_tool_calls]
    return any(call["name"] != RETRIEVE_TOOL_NAME for call in calls)


def stop_reason(metadata: Mapping[str, Any]) -> str | None:
    """Return why the model stopped, in the provider's own word."""
    for key in _STOP_KEYS:
        if isinstance(reason := metadata.get(key), str):
            return reason
    details = metadata.get("incomplete_details")
    return details.get("reason") if isinstance(details, dict) else None


def without_call_stop(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata that does not say the model stopped to call a tool."""
    return {
        key: _NORMAL_STOP.get(value, value) if key in _STOP_KEYS else value
        for key, value in metadata.items()
    }


def without_hidden(message: AIMessage) -> AIMessage:
    """Return a copy of a message as if the hidden tool had not been called."""
    ids = {
        call["id"]
        for call in [*message.tool_calls, *message.invalid_tool_calls]
        if call["name"] == RETRIEVE_TOOL_NAME
    }
    content = message.content
    if not isinstance(content, str):
        content = [block for block in content if not _is_hidden_block(block, ids)]
    extra = without_raw_calls(message.additional_kwargs)
    return message.model_copy(
        update={
            "content": content,
            "tool_calls": _others(message.tool_calls),
            "invalid_tool_calls": _others(message.invalid_tool_calls),
            "additional_kwargs": without_entries(extra, ids),
        }
    )


def without_entries(extra: Mapping[str, Any], ids: set[str | None]) -> dict[str, Any]:
    """Take what is kept for hidden calls out of a message's additional arguments.

    Some clients keep a signature for each call there, under the call's id.

    Args:
        extra: The additional arguments.
        ids: The ids of the hidden calls.
    """
    kept: dict[str, Any] = {}
    for key, value in extra.items():
        if isinstance(value, dict) and ids & value.keys():
            others = {name: entry for name, entry in value.items() if name not in ids}
            if others:
                kept[key] = others
        else:
            kept[key] = value
    return kept


def without_raw_calls(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Take the hidden tool's calls out of a message's additional arguments.

    Some clients leave the calls there as the provider sent them, and
    langchain-core would bring them back to life from there.
    """
    kept = dict(extra)
    if isinstance(raw := kept.get("tool_calls"), list):
        kept["tool_calls"] = [call for call in raw if _raw_name(call) not in _HIDDEN]
        if not kept["tool_calls"]:
            del kept["tool_calls"]
    legacy = kept.get("function_call")
    if isinstance(legacy, dict) and legacy.get("name") == RETRIEVE_TOOL_NAME:
        del kept["function_call"]
    return kept


def mended(message: AIMessage, calls: Sequence[HiddenCall]) -> AIMessage:
    """Return a message whose malformed hidden calls are calls without arguments.

    Providers refuse a history with arguments that are no JSON object.
    """
    broken = {call.id for call in calls if call.arguments is None}
    if not broken:
        return message
    empty: list[Any] = [
        {"name": RETRIEVE_TOOL_NAME, "args": {}, "id": call_id, "type": "tool_call"}
        for call_id in sorted(broken, key=str)
    ]
    kept = [call for call in message.tool_calls if call["id"] not in broken]
    content = message.content
    if not isinstance(content, str):
        content = [_mended_block(block, broken) for block in content]
    return message.model_copy(
        update={
            "content": content,
            "tool_calls": [*kept, *empty],
            "invalid_tool_calls": _others(message.invalid_tool_calls),
            "additional_kwargs": without_raw_calls(message.additional_kwargs),
        }
    )


_HIDDEN = frozenset({RETRIEVE_TOOL_NAME, None, ""})
"""Names of raw calls that go: pieces of a call have no name."""


def _raw_name(call: Any) -> Any:
    function = call.get("function") if isinstance(call, dict) else None
    return function.get("name") if isinstance(function, dict) else None


def _others(calls: Sequence[Any]) -> list[Any]:
    return [call for call in calls if call["name"] != RETRIEVE_TOOL_NAME]


def _is_hidden_block(block: Any, ids: set[str | None]) -> bool:
    if not isinstance(block, dict) or block.get("type") not in CALL_BLOCKS:
        return False
    if block.get("name") is not None:
        return bool(block["name"] == RETRIEVE_TOOL_NAME)
    return (block.get("call_id") or block.get("id")) in ids - {None}


def _mended_block(block: Any, broken: set[str | None]) -> Any:
    if not isinstance(block, dict) or block.get("type") not in CALL_BLOCKS:
        return block
    if (block.get("call_id") or block.get("id")) not in broken:
        return block
    kept = {key: value for key, value in block.items() if key != "partial_json"}
    empty: dict[str, Any] = {"input": {}, "args": {}, "arguments": "{}"}
    kept.update({key: value for key, value in empty.items() if key in kept})
    return kept


def _object(raw: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(raw or "{}")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
