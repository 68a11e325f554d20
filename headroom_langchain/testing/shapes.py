"""The shapes in which providers' integrations hand out a turn.

`openai` has string content, indexed tool call chunks, a chunk with the finish
reason and one with the usage. `anthropic` has a list of indexed blocks, and
everything about the end in its last chunk. `plain` is what integrations without
streamed tool calls do: a whole call in one chunk, its index None.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from headroom_langchain.testing.turns import cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.messages import InvalidToolCall, ToolCall, ToolCallChunk

    from headroom_langchain.testing.turns import Call, Chunking, Turn

Shape: TypeAlias = Literal["openai", "anthropic", "plain"]
"""Whose integration a scripted model looks like."""

_IDS: dict[Shape, str] = {"openai": "chatcmpl-", "anthropic": "msg_", "plain": "run-"}
_CALL_IDS: dict[Shape, str] = {"openai": "call", "anthropic": "toolu", "plain": "plain"}
_STOP: dict[Shape, tuple[str, str, str]] = {
    "openai": ("finish_reason", "stop", "tool_calls"),
    "anthropic": ("stop_reason", "end_turn", "tool_use"),
    "plain": ("finish_reason", "STOP", "STOP"),
}


class Player:
    """Plays one turn in one shape."""

    def __init__(
        self, turn: Turn, *, shape: Shape, number: int, model_name: str
    ) -> None:
        """Prepare to play.

        Args:
            turn: What to play.
            shape: Whose integration to look like.
            number: Which turn of the script it is, from 1; ids are made of it.
            model_name: The name the message says its model has.
        """
        self._turn = turn
        self._shape = shape
        self._id = f"{_IDS[shape]}{number}"
        self._model_name = model_name
        self._calls = [
            (call, call.id or f"{_CALL_IDS[shape]}_{number}_{index}")
            for index, call in enumerate(turn.tool_calls)
        ]

    def message(self) -> AIMessage:
        """Return the whole turn, as a call without streaming does."""
        turn = self._turn
        valid, invalid = _parsed(self._calls)
        content: Any = self._blocks() if self._shape == "anthropic" else turn.text
        thought = turn.reasoning and self._shape != "anthropic"
        return AIMessage(
            content=content,
            additional_kwargs={"reasoning_content": turn.reasoning} if thought else {},
            tool_calls=valid,
            invalid_tool_calls=invalid,
            usage_metadata=turn.usage,
            response_metadata={**self._origin(), **self._ending()},
            id=self._id,
        )

    def chunks(self, chunking: Chunking) -> Iterator[ChatGenerationChunk]:
        """Yield the turn piece by piece.

        Args:
            chunking: How its parts are cut.
        """
        if self._turn.error is not None and self._turn.silent:
            return
        if self._shape == "anthropic":
            yield from self._block_chunks(chunking)
        else:
            yield from self._text_chunks(chunking)

    def _text_chunks(self, chunking: Chunking) -> Iterator[ChatGenerationChunk]:
        opening = self._origin() if self._shape == "plain" else {}
        yield self._chunk("", response_metadata=opening)
        for piece in cut("reasoning", self._turn.reasoning, chunking):
            yield self._chunk("", additional_kwargs={"reasoning_content": piece})
        for piece in cut("text", self._turn.text, chunking):
            yield self._chunk(piece)
        indexed = self._shape == "openai"
        for index, (call, call_id) in enumerate(self._calls):
            how: Chunking = chunking if indexed else "whole"
            for piece_of_call in _call_chunks(
                call, call_id, index if indexed else None, how
            ):
                yield self._chunk("", tool_call_chunks=[piece_of_call])
        yield from self._last_chunks()

    def _last_chunks(self) -> Iterator[ChatGenerationChunk]:
        if self._turn.error is not None:
            return
        if self._shape == "plain":
            yield self._chunk(
                "", response_metadata=self._ending(), usage_metadata=self._turn.usage
            )
            return
        ending = self._chunk("")
        ending.generation_info = {**self._origin(), **self._ending()}
        yield ending
        if self._turn.usage is not None:
            yield self._chunk("", usage_metadata=self._turn.usage)

    def _block_chunks(self, chunking: Chunking) -> Iterator[ChatGenerationChunk]:
        yield self._chunk([], response_metadata=self._origin())
        for index, block in enumerate(self._blocks()):
            yield from self._of_block({**block, "index": index}, chunking)
        if self._turn.error is None:
            yield self._chunk(
                [],
                response_metadata=self._ending(),
                usage_metadata=self._turn.usage,
                chunk_position="last",
            )

    def _of_block(
        self, block: dict[str, Any], chunking: Chunking
    ) -> Iterator[ChatGenerationChunk]:
        kind, index = block["type"], block["index"]
        if kind == "text":
            for piece in cut("text", block["text"], chunking):
                yield self._chunk([{"type": "text", "text": piece, "index": index}])
        elif kind == "thinking":
            base = {"type": "thinking", "index": index}
            for piece in cut("reasoning", block["thinking"], chunking):
                yield self._chunk([{**base, "thinking": piece}])
            signed = {"thinking": "", "signature": block["signature"]}
            yield self._chunk([{**base, **signed}])
        else:
            call = next(c for c, call_id in self._calls if call_id == block["id"])
            for piece_of_call in _call_chunks(call, block["id"], index, chunking):
                yield self._chunk(
                    [_use_delta(piece_of_call)], tool_call_chunks=[piece_of_call]
                )

    def _blocks(self) -> list[dict[str, Any]]:
        turn = self._turn
        blocks: list[dict[str, Any]] = []
        if turn.reasoning:
            thought = {"thinking": turn.reasoning, "signature": turn.signature}
            blocks.append({"type": "thinking", **thought})
        if turn.text:
            blocks.append({"type": "text", "text": turn.text})
        for call, call_id in self._calls:
            use = {"id": call_id, "name": call.name, "input": _loaded(call)}
            blocks.append({"type": "tool_use", **use})
        return blocks

    def _chunk(self, content: Any, **fields: Any) -> ChatGenerationChunk:
        message = AIMessageChunk(content=content, id=self._id, **fields)
        return ChatGenerationChunk(message=message)

    def _origin(self) -> dict[str, Any]:
        return {"model_name": self._model_name, "model_provider": self._shape}

    def _ending(self) -> dict[str, Any]:
        key, at_end, at_calls = _STOP[self._shape]
        usual = at_calls if self._calls else at_end
        return {key: self._turn.stop_reason or usual}


def _call_chunks(
    call: Call, call_id: str, index: int | None, chunking: Chunking
) -> Iterator[ToolCallChunk]:
    """Yield a call: its name first, the id with the first piece, then the JSON."""
    if index is None:
        yield tool_call_chunk(name=call.name, args=call.json, id=call_id, index=None)
        return
    first: str | None = call_id
    for piece in cut("name", call.name, chunking):
        yield tool_call_chunk(name=piece, args="", id=first, index=index)
        first = None
    for piece in cut("args", call.json, chunking):
        yield tool_call_chunk(name=None, args=piece, id=None, index=index)


def _use_delta(piece: ToolCallChunk) -> dict[str, Any]:
    """Return the content block that goes with a piece of a call."""
    if piece["name"] is None:
        delta = {"type": "input_json_delta", "partial_json": piece["args"]}
        return {**delta, "index": piece["index"]}
    named = {"type": "tool_use", "name": piece["name"], "index": piece["index"]}
    return {**named, "id": piece["id"], "input": {}} if piece["id"] else named


def _parsed(
    calls: list[tuple[Call, str]],
) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    valid: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for call, call_id in calls:
        args = _loaded(call)
        if isinstance(args, dict):
            valid.append(
                {"type": "tool_call", "name": call.name, "args": args, "id": call_id}
            )
        else:
            invalid.append(
                {
                    "type": "invalid_tool_call",
                    "name": call.name,
                    "args": call.json,
                    "id": call_id,
                    "error": None,
                }
            )
    return valid, invalid


def _loaded(call: Call) -> Any:
    """Return the arguments as an object, as text when they are no JSON."""
    try:
        return json.loads(call.json)
    except ValueError:
        return call.json
