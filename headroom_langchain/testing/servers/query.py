"""A request as a router sees it: the same words for every provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Json: TypeAlias = Mapping[str, Any]
"""A JSON object, as parsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it came over the wire.

    Attributes:
        path: The path of the URL.
        headers: The headers, names in lower case.
        raw: The body, byte for byte.
        body: The body, parsed.
    """

    path: str
    headers: Mapping[str, str]
    raw: bytes
    body: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTool:
    """A tool the request offers.

    Attributes:
        name: Its name.
        schema: The JSON schema of its arguments.
    """

    name: str
    schema: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of the conversation.

    Attributes:
        role: Who said it; a tool's result has the role `tool`.
        text: The text of it.
        tool: For a result, the name of the tool, as far as the request tells.
        calls: The ids of the tool calls it makes; for a result, of the one it
            answers.
    """

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    tool: str = ""
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A request, read.

    Attributes:
        received: The request as it came.
        model: The model asked for.
        stream: Whether it asks for a stream.
        said: The conversation.
        tools: The tools offered.
        tool_choice: `auto`, `any`, `none`, or the name of a tool.
        stop: The stop sequences.
        schema: The JSON schema the answer must fit.
        wants_json: Whether the answer must be JSON.
    """

    received: Received
    model: str
    stream: bool
    said: tuple[Said, ...]
    tools: tuple[OfferedTool, ...]
    tool_choice: str
    stop: tuple[str, ...] = ()
    schema: Json | None = None
    wants_json: bool = False

    @property
    def user(self) -> str:
        """The last thing the user said."""
        return next((s.text for s in reversed(self.said) if s.role == "user"), "")

    @property
    def answered(self) -> tuple[str, ...]:
        """The tools whose results came since the assistant last spoke."""
        names: list[str] = []
        for said in reversed(self.said):
            if said.role != "tool":
                break
            names.append(said.tool)
        return tuple(reversed(names))

    @property
    def used(self) -> tuple[str, ...]:
        """The tools whose results came since the user last spoke."""
        names: list[str] = []
        for said in reversed(self.said):
            if said.role == "user":
                break
            if said.role == "tool":
                names.append(said.tool)
        return tuple(reversed(names))

    @property
    def unpaired(self) -> str | None:
        """The id of a tool call without a result, or of a result without a call.

        Services refuse such a conversation. One that goes on from an earlier
        response is theirs to know, so there is nothing to say about it.
        """
        if self.received.body.get("previous_response_id"):
            return None
        open_calls: list[str] = []
        for said in self.said:
            if said.role == "tool":
                if said.calls[0] not in open_calls:
                    return said.calls[0]
                open_calls.remove(said.calls[0])
            elif open_calls and (said.role != "assistant" or said.text):
                break
            else:
                open_calls.extend(said.calls)
        return next(iter(open_calls), None)

    def tool(self, name: str) -> OfferedTool | None:
        """Return the tool of that name, None when it was not offered."""
        return next((t for t in self.tools if t.name == name), None)
