"""Items as the messages of a conversation, one for each, and what changed in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.tool import tool_call

from headroom_langchain.serve.dialects.responses.items import (
    CALLS,
    OUTPUTS,
    arguments_of,
    call_id_of,
    role_of,
)
from headroom_langchain.serve.wire.body import Json, Path

_MESSAGES: Mapping[str, type[BaseMessage]] = {
    "assistant": AIMessage,
    "developer": SystemMessage,
    "system": SystemMessage,
}

_TEXTS = ("input_text", "output_text", "text")


def unanswered(items: Sequence[Json]) -> list[str]:
    """Return the ids of calls whose outputs are given, but not the calls."""
    called = {call_id_of(item) for item in items if item.get("type") in CALLS}
    given = (call_id_of(item) for item in items if item.get("type") in OUTPUTS)
    return list(dict.fromkeys(one for one in given if one and one not in called))


def as_messages(
    items: Sequence[Json], elsewhere: Mapping[str, Json]
) -> list[BaseMessage]:
    """Return a message for each item, behind one with the calls made elsewhere.

    Args:
        items: The items.
        elsewhere: The `name` and `arguments` of calls that only the provider has.
    """
    known = AIMessage(
        content="",
        tool_calls=[
            tool_call(id=call_id, name=str(call.get("name")), args=_args(call))
            for call_id, call in elsewhere.items()
        ],
    )
    return [known, *map(_message, items)]


def rewritten(
    before: Sequence[BaseMessage], after: Sequence[BaseMessage]
) -> Iterator[tuple[int, Path, str]]:
    """Find the texts that changed: the index of the item, where in it, and the text."""
    for index, (old, new) in enumerate(zip(before[1:], after[1:], strict=True)):
        if old is new or old.content == new.content:
            continue
        field = "output" if isinstance(old, ToolMessage) else "content"
        if isinstance(new.content, str):
            yield index, (field,), new.content
            continue
        for place, (block, other) in enumerate(
            zip(old.content, new.content, strict=True)
        ):
            if block != other and isinstance(other, dict):
                yield index, (field, place, "text"), other["text"]


def _message(item: Json) -> BaseMessage:
    kind = item.get("type", "message")
    if kind in OUTPUTS:
        content = _content(item.get("output"))
        return ToolMessage(content=content, tool_call_id=call_id_of(item))
    if kind in CALLS:
        call = tool_call(
            id=call_id_of(item), name=str(item.get("name")), args=arguments_of(item)
        )
        return AIMessage(content="", tool_calls=[call])
    if role := role_of(item):
        made = _MESSAGES.get(role, HumanMessage)
        return made(content=_content(item.get("content")))
    return AIMessage(content="")


def _content(value: object) -> Any:
    """Return a text, or blocks of which those without a text are empty."""
    if not isinstance(value, list):
        return value if isinstance(value, str) else ""
    return [
        {"type": "text", "text": part["text"]}
        if isinstance(part, dict)
        and part.get("type") in _TEXTS
        and isinstance(part.get("text"), str)
        else {"type": "other"}
        for part in value
    ]


def _args(call: Json) -> Json:
    arguments = call.get("arguments")
    return arguments if isinstance(arguments, dict) else {}
