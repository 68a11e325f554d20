"""How the retrieve tool is offered, beside what the client demands of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from headroom_langchain.calls.tool_choice import ToolChoice
from headroom_langchain.serve.dialects.retrieve_tool import DESCRIPTION, NAME, SCHEMA
from headroom_langchain.serve.wire.body import Json

_ALLOWED: Final = "allowed_tools"
_OURS: Final = {"type": "function", "name": NAME}
_NATIVE: Final = ("json_schema", "json_object")


def tools_of(value: Json) -> Sequence[Any]:
    """Return the tools of a request or of a response."""
    tools = value.get("tools")
    return tools if isinstance(tools, list) else ()


def is_ours(tool: object) -> bool:
    """Tell whether an entry has the name of the retrieve tool."""
    return isinstance(tool, dict) and tool.get("name") == NAME


def entry(tools: Sequence[Any]) -> Json:
    """Return the entry for the list of tools.

    A tool that does not say so is strict. This one is where all others are.

    Args:
        tools: Those of the client.
    """
    functions = [
        tool
        for tool in tools
        if isinstance(tool, dict) and tool.get("type") == "function"
    ]
    strict = bool(functions) and all(one.get("strict") is True for one in functions)
    demanding = {"required": list(SCHEMA["properties"]), "additionalProperties": False}
    return {
        "type": "function",
        "name": NAME,
        "description": DESCRIPTION,
        "parameters": {**SCHEMA, **demanding} if strict else SCHEMA,
        "strict": strict,
    }


def choice_of(value: Json) -> ToolChoice:
    """Read what a request lets the model do."""
    chosen = value.get("tool_choice")
    if isinstance(chosen, Mapping):
        if chosen.get("type") == _ALLOWED:
            return ToolChoice(
                kind="any" if chosen.get("mode") == "required" else "free"
            )
        name = chosen.get("name")
        return ToolChoice(kind="named", name=name if isinstance(name, str) else None)
    # A text can be formatted in many ways; only a native format leaves no tools.
    text = value.get("text")
    wanted = text.get("format") if isinstance(text, dict) else None
    native = isinstance(wanted, dict) and wanted.get("type") in _NATIVE
    word = chosen if isinstance(chosen, str) else None
    return ToolChoice.of(
        {"tool_choice": word, "tools": tools_of(value), "text": native}
    )


def choice_with_ours(value: Json, choice: ToolChoice, *, first: bool) -> Json | None:
    """Return the tool choice that lets the model retrieve; `None` to leave it.

    The list of tools stays the same, and with it what a provider has cached.

    Args:
        value: The request.
        choice: What was read of it.
        first: Whether the model may retrieve before it does what is demanded.
    """
    chosen = value.get("tool_choice")
    if isinstance(chosen, dict) and chosen.get("type") == _ALLOWED:
        return {**chosen, "tools": [*tools_of(chosen), _OURS]}
    if not first:
        return None
    if choice.kind == "named" and isinstance(chosen, dict):
        return {"type": _ALLOWED, "mode": "required", "tools": [chosen, _OURS]}
    if choice.kind == "none":
        return {"type": _ALLOWED, "mode": "auto", "tools": [_OURS]}
    return None
