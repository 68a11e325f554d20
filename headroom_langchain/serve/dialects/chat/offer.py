"""How the retrieve tool is offered, and what the client's own demands leave of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from headroom_langchain.calls.tool_choice import ToolChoice, tool_name
from headroom_langchain.model.offering import Offering, ToolFormat, wants_strict
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.dialects.retrieve_tool import DESCRIPTION, NAME, SCHEMA
from headroom_langchain.serve.wire.body import Body, Json

_PLAIN: Final[Json] = {"name": NAME, "description": DESCRIPTION, "parameters": SCHEMA}

_STRICT: Final[Json] = {
    **_PLAIN,
    # All arguments are named as needed; those that may be left out may be null.
    "parameters": {
        **SCHEMA,
        "required": list(SCHEMA["properties"]),
        "additionalProperties": False,
    },
    "strict": True,
}

_ALLOWED: Final = "allowed_tools"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The retrieve tool in one request."""

    offering: Offering
    policy: CompressionPolicy
    allowed: int | None
    """How many tools the client allows by name, beside others that it declares."""

    @classmethod
    def of(cls, request: Json, policy: CompressionPolicy) -> Self:
        """Read what a request lets the model do."""
        demands = {key: val for key, val in request.items() if val is not None}
        if demands.get("response_format") == {"type": "text"}:
            del demands["response_format"]
        among = _allowed(request)
        if among is not None:
            demands["tool_choice"] = str(among.get("mode"))
        function = _STRICT if wants_strict(demands) else _PLAIN
        tool = {"type": "function", "function": function}
        offering = Offering(
            format=ToolFormat(
                tool=tool, no_calls="none", any_call="required", tokens=0
            ),
            choice=ToolChoice.of(demands),
            arguments=demands,
            first=policy.when_forced == "retrieve",
        )
        allowed = None if among is None else len(among["tools"])
        return cls(offering=offering, policy=policy, allowed=allowed)

    @property
    def able(self) -> bool:
        """Whether texts may be shortened for the sake of this offer."""
        if self.policy.offer == "never":
            return False
        return not (
            self.offering.choice.forbids and self.policy.when_forced == "original"
        )

    @property
    def backed(self) -> bool:
        """Whether calls may stand in the history: providers want tools beside them."""
        return bool(self.offering.arguments.get("tools")) or self.offering.open

    def make(self, body: Body) -> None:
        """Put the tool into a request."""
        own, called = self.offering.arguments, self._called()
        tools, more = own.get("tools") or [], called.get("tools") or []
        if tools and more[:-1] == tools:
            body.insert(("tools", len(tools)), more[-1])
        elif more != tools:
            body.add("tools", more)
        if called.get("tool_choice") != own.get("tool_choice"):
            body.add("tool_choice", called.get("tool_choice", "auto"))
        if self.allowed is not None:
            chosen = {"type": "function", "function": {"name": NAME}}
            body.insert(("tool_choice", _ALLOWED, "tools", self.allowed), chosen)

    def close(self, body: Body) -> None:
        """Let the model ask no more.

        Args:
            body: The request, in which the tool was put.
        """
        called = self._called()
        closing = self.offering.closing(called)
        if closing.get("tools") != called.get("tools"):
            body.add("tools", closing["tools"])
        if closing.get("tool_choice") != called.get("tool_choice"):
            body.add("tool_choice", closing["tool_choice"])
        elif self.allowed is not None:
            body.add("tool_choice", body.value["tool_choice"])

    def _called(self) -> Mapping[str, Any]:
        return self.offering.call(self.policy, marked=True)


def is_declared(request: Json) -> bool:
    """Tell whether the client itself has a tool with the name of ours."""
    tools = request.get("tools")
    return isinstance(tools, list) and any(tool_name(tool) == NAME for tool in tools)


def _allowed(request: Json) -> Json | None:
    """Return the choice of some tools among those that are declared."""
    choice = request.get("tool_choice")
    if not isinstance(choice, Mapping) or choice.get("type") != _ALLOWED:
        return None
    among = choice.get(_ALLOWED)
    listed = isinstance(among, dict) and isinstance(among.get("tools"), list)
    return among if listed else None
