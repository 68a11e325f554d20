"""The conversation of a request as messages of LangChain, one for each of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
)

from headroom_langchain.serve.wire.body import Json, Path


def read(messages: Sequence[Json]) -> list[BaseMessage]:
    """Return the messages as a plan reads them.

    Args:
        messages: Those of the request.
    """
    found: list[BaseMessage] = []
    called = ""
    for index, message in enumerate(messages):
        content = _content(message)
        match message.get("role"):
            case "tool":
                call_id = str(message.get("tool_call_id") or "")
                found.append(ToolMessage(content, tool_call_id=call_id))
            case "function":
                # The form before there were tools: a call has no id.
                name = str(message.get("name") or "")
                found.append(ToolMessage(content, tool_call_id=called, name=name))
            case "assistant":
                called = f"function:{index}"
                calls = list(_calls(message, called))
                found.append(AIMessage(content, tool_calls=calls))
            case "system" | "developer":
                found.append(SystemMessage(content))
            case "user":
                found.append(HumanMessage(content))
            case role:
                found.append(ChatMessage(content=content, role=str(role)))
    return found


def changes(
    messages: Sequence[Json], shorter: Sequence[BaseMessage]
) -> Iterator[tuple[Path, str]]:
    """Yield the places of the texts that are shorter now, and the texts.

    Args:
        messages: Those of the request.
        shorter: The messages of `read`, compressed.
    """
    for index, (message, now) in enumerate(zip(messages, shorter, strict=True)):
        path = ("messages", index, "content")
        yield from _changed(message.get("content"), now.content, path)


def _changed(was: Any, now: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(was, str) and isinstance(now, str):
        if was != now:
            yield path, now
    elif isinstance(was, dict) and isinstance(now, dict):
        for key, value in was.items():
            yield from _changed(value, now.get(key), (*path, key))
    elif isinstance(was, list) and isinstance(now, list):
        for place, pair in enumerate(zip(was, now, strict=True)):
            yield from _changed(*pair, (*path, place))


def _content(message: Json) -> Any:
    content = message.get("content")
    if isinstance(content, list):
        return [part if isinstance(part, str | dict) else {} for part in content]
    return content if isinstance(content, str) else ""


def _calls(message: Json, function_id: str) -> Iterator[ToolCall]:
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict):
            yield _call(call.get("function") or call.get("custom"), call.get("id"))
    if message.get("function_call"):
        yield _call(message["function_call"], function_id)


def _call(function: Any, call_id: Any) -> ToolCall:
    written = function if isinstance(function, dict) else {}
    try:
        arguments = json.loads(written.get("arguments") or "{}")
    except (ValueError, TypeError, RecursionError):
        arguments = {}
    return ToolCall(
        name=str(written.get("name") or ""),
        args=arguments if isinstance(arguments, dict) else {},
        id=str(call_id or ""),
    )
