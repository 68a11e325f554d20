"""What a tool may return, and the messages for a model in it.

That is a message, a command that updates the state of a graph, or a list of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from langchain_core.messages import BaseMessage, ToolMessage


def tool_messages(result: Any) -> list[ToolMessage]:
    """Return the tool messages in what a tool returned, in order."""
    found: list[ToolMessage] = []

    def collected(message: ToolMessage) -> ToolMessage:
        found.append(message)
        return message

    mapped(result, collected)
    return found


def mapped(result: Any, change: Callable[[ToolMessage], BaseMessage]) -> Any:
    """Return what a tool returned with each of its tool messages changed."""
    from langgraph.types import Command

    match result:
        case ToolMessage():
            return change(result)
        case list():
            return [mapped(part, change) for part in result]
        case Command(update={"messages": messages, **others}):
            changed = {**others, "messages": mapped(messages, change)}
            return replace(result, update=changed)
        case Command(update=list() as messages):
            return replace(result, update=mapped(messages, change))
        case _:
            return result
