"""A request as a provider's cache sees it: what stands where, in order.

Tools come first, then the system prompt, then the messages. What reaches no
provider is left out: LangChain's own ids, metadata, artifacts. A plain string and
one block of text are the same. Marks of `cache_control` say where caching ends but
are not part of what is cached, so they are kept apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    ToolMessage,
)
from langchain_core.tools import BaseTool

Part: TypeAlias = Literal["arguments", "tools", "system", "messages"]
Tool: TypeAlias = BaseTool | type | Callable[..., Any] | Mapping[str, Any]
"""What `bind_tools` takes."""

_FIRST = ("model", "model_name", "functions", "response_format")
_BEFORE_MESSAGES = ("tool_choice", "function_call", "thinking", "reasoning")
"""When one of these changes, Anthropic reads tools and system from its cache, but
no messages."""
_SYSTEM_ROLES = frozenset({"system", "developer"})
_MARK = "cache_control"
_NEVER_SENT = frozenset({_MARK, "index"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent to a model in one call."""

    messages: Sequence[BaseMessage]
    tools: Sequence[Tool] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Other keyword arguments; `model`, `tool_choice` and a few more matter."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value somewhere in a unit."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Unit:
    """An argument, a tool or a message."""

    part: Part
    index: int
    """Counted from 0 within the request's messages, or its tools."""
    name: str
    """The name of the argument or tool, or the role of the message."""
    leaves: tuple[Leaf, ...]
    marks: tuple[str, ...]
    """Paths of the blocks that are marked with `cache_control`."""

    @property
    def system(self) -> bool:
        """Whether it is a system message, wherever it stands."""
        return self.part != "tools" and self.name in _SYSTEM_ROLES

    def place(self, path: str) -> str:
        """Name a place in this unit, as people read it."""
        own = {
            "arguments": f"argument {self.name!r}",
            "tools": f"tool {self.name!r}",
            "system": f"system message {self.index}",
            "messages": f"message {self.index} ({self.name})",
        }[self.part]
        return f"{own}, {path}" if path else own


def units(request: Request) -> tuple[Unit, ...]:
    """Take a request apart, in the order in which providers cache it.

    Args:
        request: The request; nothing of it is changed.
    """
    system = 0
    while system < len(request.messages) and _is_system(request.messages[system]):
        system += 1
    messages = [
        _unit("system" if index < system else "messages", index, role, said)
        for index, (role, said) in enumerate(map(_said, request.messages))
    ]
    return (
        *_arguments(request.arguments, _FIRST),
        *(_tool(index, tool) for index, tool in enumerate(request.tools)),
        *messages[:system],
        *_arguments(request.arguments, _BEFORE_MESSAGES),
        *messages[system:],
    )


def _unit(part: Part, index: int, name: str, value: Any) -> Unit:
    leaves = tuple(_leaves(value, ""))
    return Unit(part, index, name, leaves, tuple(_marks(value, "")))


def _arguments(arguments: Mapping[str, Any], names: Sequence[str]) -> list[Unit]:
    return [
        _unit("arguments", 0, name, _plain(arguments[name]))
        for name in names
        if arguments.get(name) is not None
    ]


def _tool(index: int, tool: Tool) -> Unit:
    if isinstance(tool, Mapping):
        form: Mapping[str, Any] = tool
    else:
        from langchain_core.utils.function_calling import convert_to_openai_tool

        form = convert_to_openai_tool(tool)
    inner = form.get("function")
    described = inner if isinstance(inner, Mapping) else form
    name = described.get("name") or form.get("type") or index
    return _unit("tools", index, str(name), form)


def _is_system(message: BaseMessage) -> bool:
    role = message.role if isinstance(message, ChatMessage) else message.type
    return role in _SYSTEM_ROLES


def _said(message: BaseMessage) -> tuple[str, dict[str, Any]]:
    """Return the role of a message, and what of it reaches a provider."""
    content = message.content
    blocks = [content] if isinstance(content, str) else list(content)
    said: dict[str, Any] = {
        "content": [
            {"type": "text", "text": block} if isinstance(block, str) else block
            for block in blocks
        ]
    }
    if isinstance(message, AIMessage) and message.tool_calls:
        said["tool_calls"] = [
            {"id": call["id"], "name": call["name"], "args": call["args"]}
            for call in message.tool_calls
        ]
    if isinstance(message, ToolMessage):
        said["tool_call_id"] = message.tool_call_id
        if message.status == "error":
            said["status"] = message.status
    if isinstance(message, FunctionMessage):
        said["name"] = message.name
    role = message.role if isinstance(message, ChatMessage) else message.type
    return role, said


def _leaves(value: Any, path: str) -> Iterator[Leaf]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            plain = key == "type" and inner == "text"
            if key not in _NEVER_SENT and inner is not None and not plain:
                yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield Leaf(path, value if isinstance(value, str) else _plain(value))


def _marks(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        if value.get(_MARK):
            yield path
        for key, inner in value.items():
            if key != _MARK:
                yield from _marks(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _marks(inner, f"{path}[{index}]")


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=repr)
