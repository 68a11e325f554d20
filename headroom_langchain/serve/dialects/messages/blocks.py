"""The content blocks of an answer: put together from events, and told apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.serve.wire.body import Json

_GROWING: Final = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "input_json_delta": "partial_json",
}
"""Events that add to a string of their block, and the name of their piece of it."""

_QUIET: Final = ("thinking", "redacted_thinking")
"""Blocks in which the model says nothing to anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A content block that has ended."""

    value: Json
    """The block as an answer in one piece has it."""
    arguments: Mapping[str, Any] | None = None
    """Of a call: its arguments, or `None` when they are no JSON object."""
    raw: str = ""
    """Of a call: its arguments as they were written."""

    @classmethod
    def of(cls, value: Json) -> Block:
        """Take over a block of an answer in one piece."""
        if value.get("type") != "tool_use":
            return cls(value=value)
        arguments = value.get("input")
        raw = json.dumps(arguments, ensure_ascii=False)
        return cls(
            value=value,
            arguments=arguments if isinstance(arguments, dict) else None,
            raw=raw,
        )

    @property
    def call(self) -> bool:
        """Whether it is a call of a tool that the API does not run itself."""
        return self.value.get("type") == "tool_use"

    @property
    def id(self) -> str | None:
        """The id of a call."""
        call_id = self.value.get("id")
        return call_id if isinstance(call_id, str) else None

    @property
    def hidden(self) -> bool:
        """Whether it is a call of the retrieve tool."""
        return is_hidden(self.value)

    @property
    def says(self) -> bool:
        """Whether a reader of the answer sees something of it."""
        kind = self.value.get("type")
        return not self.hidden and kind not in _QUIET and not _is_blank(self.value)

    def repeated(self) -> Json | None:
        """Return the block as a request repeats it; `None` for one that it must not.

        The API refuses texts without a letter, arguments that are no object, and
        the file that a citation does not have.
        """
        value = self.value
        if _is_blank(value):
            return None
        if self.call:
            return {**value, "input": dict(self.arguments or {})}
        if isinstance(citations := value.get("citations"), list) and citations:
            return {**value, "citations": [_of_a_file(each) for each in citations]}
        return value


class OpenBlock:
    """A content block whose events are still coming."""

    def __init__(self, start: Json, index: int | None) -> None:
        """Begin a block.

        Args:
            start: The block as its first event has it.
            index: Where the client sees it; `None` when it does not.
        """
        self.index = index
        self._start = start
        self._grown: dict[str, list[str]] = {}
        self._citations: list[Any] = []
        self._others: Json = {}

    def add(self, delta: Json) -> None:
        """Take in what an event adds."""
        kind = delta.get("type")
        if kind == "citations_delta":
            self._citations.append(delta.get("citation"))
            return
        field = _GROWING.get(kind) if isinstance(kind, str) else None
        if field is None:
            # A signature, and whatever else stands beside what has grown.
            self._others.update((k, v) for k, v in delta.items() if k != "type")
        elif isinstance(piece := delta.get(field), str):
            self._grown.setdefault(field, []).append(piece)

    def closed(self) -> Block:
        """Return the block as far as it came."""
        value = {**self._start, **self._others}
        grown = {field: "".join(pieces) for field, pieces in self._grown.items()}
        written = grown.pop("partial_json", "")
        for field, text in grown.items():
            begun = self._start.get(field)
            value[field] = begun + text if isinstance(begun, str) else text
        if self._citations:
            begun = value.get("citations")
            given = begun if isinstance(begun, list) else []
            value["citations"] = [*given, *self._citations]
        if not written:
            return Block.of(value)
        arguments = _object(written)
        if arguments is not None:
            value["input"] = arguments
        return Block(value=value, arguments=arguments, raw=written)


def is_hidden(block: Mapping[str, Any]) -> bool:
    """Tell whether a block is a call of the retrieve tool."""
    return block.get("type") == "tool_use" and block.get("name") == RETRIEVE_TOOL_NAME


def _is_blank(block: Json) -> bool:
    text = block.get("text")
    return block.get("type") == "text" and not (isinstance(text, str) and text.strip())


def _of_a_file(citation: Any) -> Any:
    if not isinstance(citation, dict) or citation.get("file_id", "") is not None:
        return citation
    return {key: value for key, value in citation.items() if key != "file_id"}


def _object(raw: str) -> Json | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
