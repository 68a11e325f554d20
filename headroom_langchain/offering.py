"""Whether a call can offer the retrieve tool, and in which form.

A tool list stands at the very front of what a provider caches. So the tool is
offered whenever a call has tools at all, and its text never changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from langchain_core.language_models import BaseChatModel

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.policy import CompressionPolicy

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

Choice = Literal["free", "any", "other"]
"""What the caller lets the model do: as it likes, call any tool, or nothing of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFormat:
    """The retrieve tool as one chat model sends it."""

    tool: Any
    """The entry for the list of tools."""
    no_calls: Any
    """The tool choice that forbids calls, or `None` when the model has none."""

    @classmethod
    def of(cls, model: BaseChatModel, tool: BaseTool, *, strict: bool) -> Self | None:
        """Let a model format the tool; `None` when it cannot call tools."""
        options: dict[str, Any] = {"strict": True} if strict else {}
        try:
            bound = model.bind_tools([tool], **options)
            entry = _arguments(bound)["tools"][0]
        except Exception:  # noqa: BLE001 - however a model says that it takes no tools
            return None
        try:
            choice = _arguments(model.bind_tools([tool], tool_choice="auto", **options))
            auto = choice.get("tool_choice")
        except Exception:  # noqa: BLE001 - however a model says that it takes no choice
            auto = None
        forbidden = {"type": "none"} if isinstance(auto, Mapping) else auto and "none"
        return cls(tool=entry, no_calls=forbidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """What one call can offer."""

    format: ToolFormat | None
    """`None` when nothing can be retrieved in this call, whatever it holds."""
    choice: Choice
    arguments: Mapping[str, Any]
    """The caller's keyword arguments of the call."""

    def call(self, policy: CompressionPolicy, *, marked: bool) -> dict[str, Any]:
        """Return the keyword arguments of the call, with the tool if it is offered.

        Args:
            policy: The rules.
            marked: Whether a message has a marker.
        """
        arguments = dict(self.arguments)
        tools: Sequence[Any] = arguments.get("tools") or ()
        wanted = policy.offer == "always" or marked or bool(tools)
        if self.format is None or not wanted:
            return arguments
        if self.choice == "other" and not tools:
            return arguments
        if all(tool_name(tool) != RETRIEVE_TOOL_NAME for tool in tools):
            arguments["tools"] = [*tools, self.format.tool]
        return arguments

    def closing(self, call: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of the round in which the model must answer."""
        tools = call.get("tools")
        if self.choice == "other":
            return dict(call)
        if self.choice == "any" and tools:
            # The caller demands a call, so only its own tools are left to choose.
            own = [tool for tool in tools if tool_name(tool) != RETRIEVE_TOOL_NAME]
            return {**call, "tools": own}
        if self.format is None or self.format.no_calls is None or not tools:
            return dict(call)
        return {**call, "tool_choice": self.format.no_calls}


def tool_choice(arguments: Mapping[str, Any]) -> Choice:
    """Tell what the arguments of a call leave the model to do."""
    chosen = arguments.get("tool_choice")
    if isinstance(chosen, Mapping):
        chosen = chosen.get("type") if len(chosen) == 1 else _choice_type(chosen)
    if chosen in ("any", "required", True):
        return "any"
    if chosen not in (None, "auto", False):
        return "other"
    # A native answer format without tools: a tool would change what comes back.
    native = any(arguments.get(key) for key in _ANSWER_FORMATS)
    return "other" if native and not arguments.get("tools") else "free"


def wants_strict(arguments: Mapping[str, Any]) -> bool:
    """Tell whether every tool of the call must have a strict schema.

    The parsing of OpenAI's client refuses a list with tools that are not strict.
    """
    tools = arguments.get("tools") or ()
    strict = any(_is_strict(tool) for tool in tools)
    return bool(arguments.get("response_format")) or strict


def tool_name(tool: Any) -> str | None:
    """Return the name of a tool in any provider's format, or `None`."""
    if not isinstance(tool, Mapping):
        name = getattr(tool, "name", None)
        return name if isinstance(name, str) else None
    function = tool.get("function")
    named = function if isinstance(function, Mapping) else tool
    return named.get("name")


_ANSWER_FORMATS = ("response_format", "output_config", "output_format", "text")


def _arguments(bound: Any) -> Mapping[str, Any]:
    arguments: Mapping[str, Any] = getattr(bound, "kwargs", {})
    return arguments


def _choice_type(choice: Mapping[str, Any]) -> Any:
    """Return the type of a choice that has more to it than its type."""
    kind = choice.get("type")
    return kind if kind in ("auto", "any", "none") else "named"


def _is_strict(tool: Any) -> bool:
    if not isinstance(tool, Mapping):
        return False
    function = tool.get("function")
    named = function if isinstance(function, Mapping) else tool
    return bool(named.get("strict"))
