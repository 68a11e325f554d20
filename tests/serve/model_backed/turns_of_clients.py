"""Clients that keep a conversation as their protocol does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from headroom_langchain.serve.model_backed import ModelBacked
from headroom_langchain.serve.model_backed.chat_answer import whole_completion
from headroom_langchain.serve.model_backed.messages_answer import whole_message
from model_backed.answers import Json, streamed, whole

SCHEMA: Json = {"type": "object", "properties": {"n": {"type": "integer"}}}


class Client(Protocol):
    """A conversation."""

    text: str
    """What the last answer said."""
    thought: str
    calls: list[Json]
    """The arguments of its calls."""

    def body(self) -> Json: ...

    async def answer(self, backed: ModelBacked, *, stream: bool) -> Json: ...

    def take(self, answer: Json, result: str) -> None:
        """Take an answer into the conversation, and a result for each of its calls."""


class MessagesClient:
    """Keeps a conversation as a client of Messages does."""

    tools = ({"name": "logs", "description": "Read logs", "input_schema": SCHEMA},)

    def __init__(self) -> None:
        self.said: list[Json] = [{"role": "user", "content": "Why?"}]
        self.text = self.thought = ""
        self.calls: list[Json] = []

    def body(self) -> Json:
        return {"max_tokens": 99, "messages": self.said, "tools": list(self.tools)}

    async def answer(self, backed: ModelBacked, *, stream: bool) -> Json:
        if not stream:
            return await whole(backed, "messages", self.body())
        return whole_message(iter(await streamed(backed, "messages", self.body())))

    def take(self, answer: Json, result: str) -> None:
        blocks = answer["content"]
        self.text = self._of(blocks, "text")
        self.thought = self._of(blocks, "thinking")
        used = [block for block in blocks if block["type"] == "tool_use"]
        self.calls = [block["input"] for block in used]
        results = [
            {"type": "tool_result", "tool_use_id": block["id"], "content": result}
            for block in used
        ]
        self.said.append({"role": "assistant", "content": blocks})
        self.said.append({"role": "user", "content": results or "Thanks"})

    @staticmethod
    def _of(blocks: list[Json], kind: str) -> str:
        return "".join(block[kind] for block in blocks if block["type"] == kind)


class ChatClient:
    """Keeps a conversation as a client of Chat Completions does."""

    def __init__(self) -> None:
        self.said: list[Json] = [{"role": "user", "content": "Why?"}]
        self.text = self.thought = ""
        self.calls: list[Json] = []

    def body(self) -> Json:
        function = {"name": "logs", "description": "Read logs", "parameters": SCHEMA}
        tools = [{"type": "function", "function": function}]
        return {"messages": self.said, "tools": tools}

    async def answer(self, backed: ModelBacked, *, stream: bool) -> Json:
        if not stream:
            return await whole(backed, "chat", self.body())
        return whole_completion(iter(await streamed(backed, "chat", self.body())))

    def take(self, answer: Json, result: str) -> None:
        shown = answer["choices"][0]["message"]
        self.text = shown["content"] or ""
        self.thought = shown.get("reasoning_content", "")
        calls: list[Any] = shown.get("tool_calls") or []
        self.calls = [json.loads(call["function"]["arguments"]) for call in calls]
        kept = ("role", "content", "tool_calls")
        self.said.append({key: shown[key] for key in kept if key in shown})
        results = [
            {"role": "tool", "tool_call_id": call["id"], "content": result}
            for call in calls
        ]
        self.said += results or [{"role": "user", "content": "Thanks"}]


ClientClass: TypeAlias = Callable[[], Client]
CLIENTS: list[ClientClass] = [MessagesClient, ChatClient]
