"""Whether a call can offer the retrieve tool, and in which form.

A tool list stands at the very front of what a provider caches. So the tool is
offered whenever a call has tools at all, and its text never changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from langchain_core.language_models import BaseChatModel

from headroom_langchain.accounts.counting import json_tokens
from headroom_langchain.calls.tool_choice import ToolChoice, tool_name
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.rules.policy import CompressionPolicy

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFormat:
    """The retrieve tool as one chat model sends it."""

    tool: Any
    """The entry for the list of tools."""
    no_calls: Any
    """The tool choice that forbids calls, or `None` when the model has none."""
    any_call: Any
    """The tool choice that demands some call, or `None` when the model has none."""
    tokens: int
    """Estimated tokens of the entry."""

    @classmethod
    def of(cls, model: BaseChatModel, tool: BaseTool, *, strict: bool) -> Self | None:
        """Let a model format the tool; `None` when it cannot call tools."""
        options: dict[str, Any] = {"strict": True} if strict else {}
        try:
            bound = model.bind_tools([tool], **options)
            entry = _arguments(bound)["tools"][0]
        except Exception:  # noqa: BLE001 - however a model says that it takes no tools
            return None

        def choice(word: str) -> Any:
            try:
                bound = model.bind_tools([tool], tool_choice=word, **options)
            except Exception:  # noqa: BLE001 - however a model says that it takes no choice
                return None
            return _arguments(bound).get("tool_choice")

        return cls(
            tool=entry,
            no_calls=_no_calls(choice("auto")),
            any_call=choice("any"),
            tokens=json_tokens(entry),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """What one call can offer."""

    format: ToolFormat | None
    """`None` when nothing can be retrieved in this call, whatever it holds."""
    choice: ToolChoice
    """What the caller lets the model do."""
    arguments: Mapping[str, Any]
    """The caller's keyword arguments of the call."""
    first: bool
    """Whether the model may retrieve before it does what the caller demands."""

    @property
    def open(self) -> bool:
        """Whether the model could retrieve in this call."""
        free = self._may_ask_first() or not self.choice.forbids
        return self.format is not None and free

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
        if self._may_ask_first() and marked:
            return self._asking_first(self.format)
        if self.choice.forbids and not tools:
            return arguments
        if all(tool_name(tool) != RETRIEVE_TOOL_NAME for tool in tools):
            arguments["tools"] = [*tools, self.format.tool]
        return arguments

    def closing(self, call: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of the round in which the model must answer."""
        tools = call.get("tools")
        if self.choice.forbids:
            return self._demanded(call)
        if self.choice.kind == "any" and tools:
            # The caller demands a call, so only its own tools are left to choose.
            own = [tool for tool in tools if tool_name(tool) != RETRIEVE_TOOL_NAME]
            return {**call, "tools": own}
        if self.format is None or self.format.no_calls is None or not tools:
            return dict(call)
        return {**call, "tool_choice": self.format.no_calls}

    def _may_ask_first(self) -> bool:
        # A tool that is demanded and not in the list is for the provider to refuse.
        unknown = self.choice.kind == "named" and not self._named()
        return self.first and self.choice.forbids and not unknown

    def _named(self) -> list[Any]:
        tools = self.arguments.get("tools") or ()
        return [tool for tool in tools if tool_name(tool) == self.choice.name]

    def _asking_first(self, retrieve: ToolFormat) -> dict[str, Any]:
        """Leave the model what the caller demands, or to retrieve before it."""
        named = self._named()
        arguments = {**self.arguments, "tools": [*named, retrieve.tool]}
        demanded = arguments.pop("tool_choice", None)
        if named and retrieve.any_call is not None:
            arguments["tool_choice"] = _as_parallel(retrieve.any_call, demanded)
        return arguments

    def _demanded(self, call: Mapping[str, Any]) -> dict[str, Any]:
        """Return the caller's own demand, beside the tools that were offered.

        Providers refuse calls of tools in a request that offers none.
        """
        if self.format is None or not self._may_ask_first():
            return dict(call)
        arguments = dict(self.arguments)
        tools = arguments.get("tools") or ()
        arguments["tools"] = [*tools, self.format.tool]
        if self.choice.kind == "format" and self.format.no_calls is not None:
            arguments["tool_choice"] = self.format.no_calls
        return arguments


def wants_strict(arguments: Mapping[str, Any]) -> bool:
    """Tell whether every tool of the call must have a strict schema.

    The parsing of OpenAI's client refuses a list with tools that are not strict.
    """
    tools = arguments.get("tools") or ()
    strict = any(_is_strict(tool) for tool in tools)
    return bool(arguments.get("response_format")) or strict


def _arguments(bound: Any) -> Mapping[str, Any]:
    arguments: Mapping[str, Any] = getattr(bound, "kwargs", {})
    return arguments


def _no_calls(auto: Any) -> Any:
    """Return the choice that forbids calls, in the form of the one that is free.

    Some providers have no word for it, and say `{"auto": {}}`.
    """
    if not isinstance(auto, Mapping):
        return auto and "none"
    return {"type": "none"} if "type" in auto else None


def _as_parallel(choice: Any, demanded: Any) -> Any:
    """Keep what a demanded choice says beside its type and its tool."""
    if not isinstance(choice, Mapping) or not isinstance(demanded, Mapping):
        return choice
    beside = {k: v for k, v in demanded.items() if k == "disable_parallel_tool_use"}
    return {**choice, **beside}


def _is_strict(tool: Any) -> bool:
    if not isinstance(tool, Mapping):
        return False
    function = tool.get("function")
    named = function if isinstance(function, Mapping) else tool
    return bool(named.get("strict"))
