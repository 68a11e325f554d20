"""Counts what a scripted model was sent, by hand: what reports must say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from headroom_langchain.calls.tool_choice import tool_name
from headroom_langchain.testing import ScriptedChatModel
from headroom_langchain.testing.marker import RETRIEVE
from headroom_langchain.tokens import estimate_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The tokens of one request."""

    texts: int
    tool: int
    """Of the retrieve tool: its schema, and the arguments of its calls."""

    @property
    def all(self) -> int:
        return self.texts + self.tool


def recount(model: ScriptedChatModel) -> list[Counted]:
    """Count each request that a model was sent."""
    return [
        Counted(texts=in_texts(request.messages), tool=_tool(request))
        for request in model.requests
    ]


def in_texts(messages: Sequence[BaseMessage]) -> int:
    """Count the texts of messages."""
    return sum(
        estimate_tokens(text) for message in messages for text in texts(message.content)
    )


def texts(content: Any) -> Iterator[str]:
    """Yield the texts of a content, as providers are sent them, too."""
    if isinstance(content, str):
        yield content
        return
    for block in content or ():
        if isinstance(block, str):
            yield block
        elif block["type"] in {"text", "input_text", "output_text"}:
            yield block["text"]
        elif block["type"] == "tool_result":
            yield from texts(block["content"])


def _tool(request: Any) -> int:
    schemas = [tool for tool in request.tools if tool_name(tool) == RETRIEVE]
    return sum(map(as_json, [*schemas, *_arguments(request.messages)]))


def _arguments(messages: Iterable[BaseMessage]) -> Iterator[Any]:
    for message in messages:
        if isinstance(message, AIMessage):
            calls = message.tool_calls
            yield from (call["args"] for call in calls if call["name"] == RETRIEVE)


def as_json(value: object) -> int:
    """Count a value as JSON."""
    return estimate_tokens(json.dumps(value, ensure_ascii=False))
