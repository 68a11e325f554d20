"""The text blocks of messages: found, and replaced by copy.

This is the only place that copies a message. A message is never rebuilt: it is
copied with the texts replaced, so every field that is not named here stays as
it was, for every class of message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from headroom_langchain.rules.role import Role

METADATA_KEY = "headroom"
"""Where this package leaves what it knows in a message's metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBlock:
    """One text in a list of messages, with what is known about its origin."""

    message: int
    """Index of the message."""
    path: tuple[int, ...]
    """Where in the content: empty for a plain string, else indexes of blocks."""
    text: str
    role: Role
    tool: str | None = None
    """The name of the tool that wrote it."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """The arguments of the call that produced it."""
    question: str = ""
    """The last human text before it."""


def text_blocks(messages: Sequence[BaseMessage]) -> Iterator[TextBlock]:
    """Find every text of the messages, in order.

    Results of tools are found in tool and function messages and in the
    `tool_result` blocks of human messages.
    """
    calls: dict[str, tuple[str, Mapping[str, Any]]] = {}
    question = ""
    for index, message in enumerate(messages):
        for path, text, call_id in _texts(message):
            role = "tool" if call_id is not None else _role(message)
            tool, arguments = calls.get(call_id or "", (None, {}))
            yield TextBlock(
                message=index,
                path=path,
                text=text,
                role=role,
                tool=(tool or message.name) if role == "tool" else None,
                arguments=arguments,
                question=question,
            )
        if isinstance(message, AIMessage):
            calls.update(_calls(message))
        elif _role(message) == "human":
            question = _own_text(message) or question


def rewritten(
    message: BaseMessage, texts: Mapping[tuple[int, ...], str], keys: Sequence[str]
) -> BaseMessage:
    """Return a copy of a message with other texts.

    Args:
        message: The message.
        texts: The new texts by their paths.
        keys: The originals that they stand for.
    """
    content: Any = message.content
    for path, text in texts.items():
        content = _replaced(content, path, text)
    recorded = _recording(message, keys) if keys else {}
    return message.model_copy(update={"content": content, **recorded})


def with_keys(message: BaseMessage, keys: Sequence[str]) -> BaseMessage:
    """Return a copy of a message that records which originals it stands for."""
    return message.model_copy(update=_recording(message, keys))


def _recording(message: BaseMessage, keys: Sequence[str]) -> dict[str, Any]:
    """Return the changes that record keys on a message.

    `merge_message_runs` forgets the response metadata of all but the first message,
    and merges what stands beside the content; it merges no results of tools.
    """
    merged = {METADATA_KEY: {"keys": list(dict.fromkeys([*_keys(message), *keys]))}}
    if isinstance(message, AIMessage | ToolMessage | FunctionMessage):
        return {"response_metadata": {**message.response_metadata, **merged}}
    return {"additional_kwargs": {**message.additional_kwargs, **merged}}


def recorded_keys(messages: Sequence[BaseMessage]) -> tuple[str, ...]:
    """Return the keys that the metadata of the messages names, in order."""
    keys: dict[str, None] = {}
    for message in messages:
        keys.update(dict.fromkeys(_keys(message)))
    return tuple(keys)


def _keys(message: BaseMessage) -> list[str]:
    """Return the keys in a message's metadata, which may be of any form."""
    found: list[str] = []
    for metadata in (message.response_metadata, message.additional_kwargs):
        known = metadata.get(METADATA_KEY)
        keys = known.get("keys") if isinstance(known, dict) else None
        if isinstance(keys, list | tuple):
            found += [key for key in keys if isinstance(key, str) and key]
    return found


def _role(message: BaseMessage) -> Role:
    match message:
        case ToolMessage() | FunctionMessage():
            return "tool"
        case AIMessage():
            return "assistant"
        case SystemMessage():
            return "system"
        case HumanMessage():
            return "human"
        case ChatMessage():
            return _ROLES.get(message.role, "human")
        case _:
            return "human"


_ROLES: Mapping[str, Role] = {
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
    "tool": "tool",
}


def _texts(message: BaseMessage) -> Iterator[tuple[tuple[int, ...], str, str | None]]:
    """Yield path, text and the id of the call that a tool's text answers."""
    call_id = None
    if isinstance(message, ToolMessage):
        call_id = message.tool_call_id
    elif _role(message) == "tool":
        call_id = ""
    content = message.content
    if isinstance(content, str):
        yield (), content, call_id
        return
    for index, block in enumerate(content or ()):
        if isinstance(block, dict) and block.get("type") == "tool_result":
            yield from _result_texts((index,), block)
        elif (text := _block_text(block)) is not None:
            yield (index,), text, call_id


def _result_texts(
    path: tuple[int, ...], block: Mapping[str, Any]
) -> Iterator[tuple[tuple[int, ...], str, str | None]]:
    call_id = str(block.get("tool_use_id") or "")
    content = block.get("content")
    if isinstance(content, str):
        yield path, content, call_id
    elif isinstance(content, list):
        for index, inner in enumerate(content):
            if (text := _block_text(inner)) is not None:
                yield (*path, index), text, call_id


def _block_text(block: object) -> str | None:
    if isinstance(block, str):
        return block
    if isinstance(block, dict) and block.get("type") == "text":
        text = block.get("text")
        return text if isinstance(text, str) else None
    return None


def _own_text(message: BaseMessage) -> str:
    return "\n".join(text for _, text, call_id in _texts(message) if call_id is None)


def _calls(message: AIMessage) -> dict[str, tuple[str, Mapping[str, Any]]]:
    found: dict[str, tuple[str, Mapping[str, Any]]] = {
        call["id"]: (call["name"], call["args"])
        for call in message.tool_calls
        if call["id"]
    }
    if isinstance(message.content, list):
        for block in message.content:
            # Anthropic's own blocks, in histories that were not made by a client.
            if isinstance(block, dict) and block.get("type") == "tool_use":
                arguments = block.get("input")
                found.setdefault(
                    str(block.get("id")),
                    (
                        str(block.get("name")),
                        arguments if isinstance(arguments, dict) else {},
                    ),
                )
    return found


def _replaced(content: Any, path: tuple[int, ...], text: str) -> Any:
    if not path:
        if isinstance(content, dict):
            key = "content" if content.get("type") == "tool_result" else "text"
            return {**content, key: text}
        return text
    if isinstance(content, dict):
        return {**content, "content": _replaced(content["content"], path, text)}
    blocks = list(content)
    blocks[path[0]] = _replaced(blocks[path[0]], path[1:], text)
    return blocks
