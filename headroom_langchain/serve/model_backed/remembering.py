"""What clients do not send back of an answer, kept until they send the rest of it.

A client repeats what it was shown: text and calls. What a model needs beside it, such
as signatures of thoughts in a protocol that has none, or the hidden exchanges of an
answer that took several rounds, is kept here and put back. A message that is not found
goes to the model as the client has sent it.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ToolMessage,
    message_chunk_to_message,
)

from headroom_langchain.serve.model_backed.asked import Asked

_MOST: Final = 2_000
_MOST_CHARACTERS: Final = 32_000_000

_SHOWN: Final = frozenset({"reasoning_content", "refusal", "tool_calls", "parsed"})
"""What stands beside the content of a message, and needs no place here."""

_THOUGHTS: Final = frozenset(
    "non_standard reasoning reasoning_content redacted_thinking thinking".split()
)
"""Blocks that only clients of Messages send back, and only to Anthropic's models."""


class Remembered:
    """Messages of the model, the last 2,000 of them within 32 million characters."""

    def __init__(self) -> None:
        """Start with none."""
        self._messages: OrderedDict[str, tuple[AIMessage, int]] = OrderedDict()
        self._size = 0

    def keep(self, asked: Asked, namespace: str, parts: Sequence[AIMessage]) -> None:
        """Keep an answer, if its client cannot send all of it back.

        Args:
            asked: What it answers.
            namespace: Whose it is.
            parts: The answer, in pieces or whole.
        """
        shown = asked.native and asked.protocol == "messages"
        if not any(_has_more(part, thoughts_shown=shown) for part in parts):
            return
        message = _merged(parts)
        key = _key(namespace, message, asked.messages[-1])
        # What stands in it, roughly; the texts are what is large.
        size = len(str(message.content)) + len(str(message.additional_kwargs))
        self._size += size - self._messages.pop(key, (message, 0))[1]
        self._messages[key] = (message, size)
        while len(self._messages) > _MOST or self._size > _MOST_CHARACTERS:
            _, (_, dropped) = self._messages.popitem(last=False)
            self._size -= dropped

    def restored(
        self, messages: Sequence[BaseMessage], namespace: str
    ) -> list[BaseMessage]:
        """Return a conversation with the messages of the model as it wrote them."""
        found = list(messages)
        if not self._messages:
            return found
        for index, message in enumerate(messages):
            if not isinstance(message, AIMessage) or not index:
                continue
            key = _key(namespace, message, messages[index - 1])
            if key in self._messages:
                self._messages.move_to_end(key)
                found[index] = _marked(self._messages[key][0], message)
        return found


def _has_more(part: AIMessage, *, thoughts_shown: bool) -> bool:
    if part.additional_kwargs.keys() - _SHOWN:
        return True
    if thoughts_shown or isinstance(part.content, str):
        return False
    kinds = {block.get("type") for block in part.content if isinstance(block, dict)}
    return bool(kinds & _THOUGHTS)


def _merged(parts: Sequence[AIMessage]) -> AIMessage:
    first, *rest = parts
    if isinstance(first, AIMessageChunk):
        whole = first.__add__(rest) if rest else first
        message = message_chunk_to_message(whole)
        if isinstance(message, AIMessage):
            return message
    return first


def _key(namespace: str, message: AIMessage, before: BaseMessage) -> str:
    calls = [call["id"] for call in [*message.tool_calls, *message.invalid_tool_calls]]
    answered = before.tool_call_id if isinstance(before, ToolMessage) else ""
    heard = [before.type, answered, _words(before)]
    known = json.dumps([namespace, heard, _words(message), calls])
    return hashlib.sha256(known.encode()).hexdigest()


def _words(message: BaseMessage) -> str:
    """Return the text of a message; clients do not all keep its blanks."""
    return " ".join(str(message.text).split())


def _marked(message: AIMessage, shown: AIMessage) -> AIMessage:
    """Carry over a mark for the provider's cache."""
    blocks = shown.content if isinstance(shown.content, list) else []
    marks = [b["cache_control"] for b in blocks if isinstance(b, dict) and _mark(b)]
    content: Any = message.content
    if not marks or not content:
        return message
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    last = {**content[-1], "cache_control": marks[-1]}
    return message.model_copy(update={"content": [*content[:-1], last]})


def _mark(block: dict[str, Any]) -> bool:
    return bool(block.get("cache_control"))
