"""What a client asks of a model, whichever protocol it speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from langchain_core.messages import BaseMessage

from headroom_langchain.serve.wire.body import Json

Protocol: TypeAlias = Literal["messages", "chat"]
"""The protocols that a model is put behind."""


class RequestError(Exception):
    """A request cannot be put to the model; its text is for the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOffer:
    """A tool of the client."""

    name: str
    raw: Json
    """It as the client wrote it."""
    description: str = ""
    schema: Json | None = None
    """The JSON schema of its arguments; `None` for a tool that the provider runs."""
    strict: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFormat:
    """The JSON that the client wants for an answer."""

    schema: Json | None
    """Its JSON schema; `None` for any JSON object."""
    name: str = "answer"
    strict: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, read."""

    protocol: Protocol
    native: bool
    """Whether the model is of the provider whose protocol it is."""
    model: str
    """The name that the client gave the model, which the answer repeats."""
    stream: bool
    messages: Sequence[BaseMessage]
    tools: Sequence[ToolOffer] = ()
    tool_choice: str = ""
    """`auto`, `any`, `none`, or `=NAME` for a tool by name; empty for nothing said."""
    parallel: bool | None = None
    """Whether several tools may be called at a time; `None` where nothing is said."""
    stop: Sequence[str] = ()
    answer_format: AnswerFormat | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Everything else, under the protocol's own names."""
    usage_wanted: bool = True
    """Whether a stream says what was counted."""


def text_field(body: Json, name: str) -> str:
    """Return a field that must be text; empty when it is missing.

    Raises:
        RequestError: It is something else.
    """
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    msg = f"{name}: must be a string"
    raise RequestError(msg)


def objects(body: Json, name: str) -> list[Json]:
    """Return a field that must be an array of objects; empty when it is missing.

    Raises:
        RequestError: It is something else.
    """
    value = body.get(name)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return value
    msg = f"{name}: must be an array of objects"
    raise RequestError(msg)
