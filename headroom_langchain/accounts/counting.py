"""How many tokens a request has, counted so that anybody can count them again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from headroom_langchain.calls.tool_choice import tool_name
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.plan.messages import text_blocks
from headroom_langchain.tokens import estimate_tokens


def text_tokens(messages: Sequence[BaseMessage]) -> int:
    """Estimate the tokens of all texts in messages."""
    return sum(estimate_tokens(block.text) for block in text_blocks(messages))


def call_tokens(messages: Iterable[BaseMessage]) -> int:
    """Estimate the tokens of the arguments of `headroom_retrieve` in messages."""
    return sum(
        json_tokens(call["args"])
        for message in messages
        if isinstance(message, AIMessage)
        for call in message.tool_calls
        if call["name"] == RETRIEVE_TOOL_NAME
    )


def retrieve_tool(tools: Iterable[Any]) -> Any:
    """Return the entry of `headroom_retrieve` in a list of tools, or `None`."""
    named = (tool for tool in tools if tool_name(tool) == RETRIEVE_TOOL_NAME)
    return next(named, None)


def json_tokens(value: object) -> int:
    """Estimate the tokens of a value as JSON."""
    return estimate_tokens(json.dumps(value, ensure_ascii=False, default=str))
