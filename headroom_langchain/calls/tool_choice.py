"""What the arguments of a call leave the model to do with tools.

Every provider has its own words for a tool choice, and its own arguments for a
native answer format. They are read here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

ANSWER_FORMATS: Final = (
    "format",
    "output_config",
    "output_format",
    "response_format",
    "response_json_schema",
    "response_mime_type",
    "response_schema",
    "text",
)
"""Arguments by which clients ask a provider for an answer in a native format."""

Kind = Literal["free", "any", "named", "none", "format"]

_KINDS: Final[Mapping[Any, Kind]] = {
    None: "free",
    False: "free",
    "auto": "free",
    True: "any",
    "any": "any",
    "required": "any",
    "none": "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChoice:
    """What a caller lets the model do."""

    kind: Kind
    """As it likes, call any tool, one tool by name, no tool, or answer in a native
    format beside which no tool was offered."""
    name: str | None = None
    """The tool, if one is named."""

    @property
    def forbids(self) -> bool:
        """Whether the model may call no tool but perhaps the one that is named."""
        return self.kind in ("named", "none", "format")

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Self:
        """Read the arguments of a call."""
        choice = cls._written(arguments.get("tool_choice"))
        # Beside a native answer format a tool would change what comes back.
        native = any(arguments.get(key) for key in ANSWER_FORMATS)
        if choice.kind == "free" and native and not arguments.get("tools"):
            return cls(kind="format")
        return choice

    @classmethod
    def _written(cls, chosen: Any) -> Self:
        if not isinstance(chosen, Mapping):
            kind = _KINDS.get(chosen)
            return cls(kind=kind) if kind else cls(kind="named", name=chosen)
        if "type" in chosen:
            kind = _KINDS.get(chosen["type"])
            return cls(kind=kind) if kind else cls(kind="named", name=_named(chosen))
        # Some providers write the type as the only key.
        word, rest = next(iter(chosen.items()), (None, None))
        kind = _KINDS.get(word)
        return cls(kind=kind) if kind else cls(kind="named", name=_named(rest))


def tool_name(tool: Any) -> str | None:
    """Return the name of a tool in any provider's format, or `None`."""
    if not isinstance(tool, Mapping):
        name = getattr(tool, "name", None)
        return name if isinstance(name, str) else None
    return _named(tool)


def _named(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return None
    function = value.get("function")
    name = (function if isinstance(function, Mapping) else value).get("name")
    return name if isinstance(name, str) else None
