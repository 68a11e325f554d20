"""Items: what a request of Responses is made of, and what an answer brings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from headroom_langchain.ccr.rounds.answering import NO_MORE
from headroom_langchain.ccr.rounds.calls import HiddenCall
from headroom_langchain.ccr.rounds.record import Answer
from headroom_langchain.serve.dialects.retrieve_tool import NAME
from headroom_langchain.serve.wire.body import Json

CALLS: Final = ("function_call", "custom_tool_call")
"""Calls of tools that a client declares."""
OUTPUTS: Final = ("function_call_output", "custom_tool_call_output")
"""What those tools returned."""

_WRITTEN: Final = {"function_call": "arguments", "custom_tool_call": "input"}


def is_hidden(item: Mapping[str, Any]) -> bool:
    """Tell whether an item calls the retrieve tool."""
    return item.get("type") == "function_call" and item.get("name") == NAME


def role_of(item: Mapping[str, Any]) -> str:
    """Return who says a message; empty for what is no message."""
    role = item.get("role")
    if item.get("type", "message") != "message" or not isinstance(role, str):
        return ""
    return role


def call_id_of(item: Mapping[str, Any]) -> str:
    """Return the id that joins a call and its output; empty for neither."""
    call_id = item.get("call_id")
    return call_id if isinstance(call_id, str) else ""


def arguments_of(item: Mapping[str, Any]) -> Json:
    """Return what a call was given, as far as it can be read."""
    written = item.get(_WRITTEN.get(str(item.get("type")), ""))
    if item.get("type") == "custom_tool_call":
        return {"input": written}
    return _object(written) or {}


def said(item: Mapping[str, Any]) -> str:
    """Return the text of a message or of an output."""
    content = item.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(
        text
        for part in parts
        if isinstance(part, dict)
        and isinstance(text := part.get("text", part.get("refusal")), str)
    )


def hidden_calls(
    content: Sequence[Mapping[str, Any]], *, cut: bool
) -> tuple[HiddenCall, ...]:
    """Find the calls of the retrieve tool in a round.

    Args:
        content: What the model said in it.
        cut: Whether it could not finish what it said last.
    """
    return tuple(
        HiddenCall(
            id=call_id_of(item) or None,
            arguments=None
            if item.get("status") == "incomplete" or (cut and item is content[-1])
            else _object(item.get("arguments")),
            raw=str(item.get("arguments") or ""),
        )
        for item in content
        if is_hidden(item)
    )


def awaits_client(content: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a round has calls that the client carries out, or must allow.

    Those of tools that the provider runs have no id to answer to, or their output
    stands in the same round.
    """
    done = {
        call_id_of(item)
        for item in content
        if str(item.get("type")).endswith("_output")
    }
    return any(
        item.get("type") == "mcp_approval_request"
        or (
            str(item.get("type")).endswith("_call")
            and call_id_of(item) not in {"", *done}
            and not is_hidden(item)
        )
        for item in content
    )


def outputs(
    content: Iterable[Mapping[str, Any]], answers: Iterable[Answer]
) -> list[Json]:
    """Return the outputs of a round's hidden calls, each of which has one."""
    told = {answer.call_id: answer.text for answer in answers}
    return [
        {
            "type": "function_call_output",
            "call_id": call_id_of(item),
            "output": told.get(call_id_of(item), NO_MORE),
        }
        for item in content
        if is_hidden(item)
    ]


def repeated(item: Json, *, stored: bool) -> Json | None:
    """Return an item of an answer as a request repeats it.

    Args:
        item: The item.
        stored: Whether the provider keeps it, and knows it by its id.

    Returns:
        `None` for one that the provider would not find again.
    """
    if is_hidden(item):
        (call,) = hidden_calls([item], cut=False)
        if call.arguments is None or not call.raw:
            item = {**item, "arguments": "{}", "status": "completed"}
    if stored:
        return item
    if item.get("type") == "reasoning" and not item.get("encrypted_content"):
        return None
    return without_id(item) if item.get("type") in CALLS else item


def without_id(item: Json) -> Json:
    """Return an item as one that the provider does not know by its id."""
    return {key: value for key, value in item.items() if key != "id"}


def _object(written: object) -> Json | None:
    try:
        value = json.loads(str(written or "{}"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
