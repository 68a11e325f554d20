"""Conversations of a scripted model, with as many retrievals as wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata

from headroom_langchain.testing import Call, ScriptedChatModel, Turn
from headroom_langchain.testing.marker import RETRIEVE, last_hash


def usage(
    input_tokens: int, output_tokens: int = 5, *, cached: int = 0, written: int = 0
) -> UsageMetadata:
    """Return what a provider counts."""
    return {
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
        "input_token_details": {"cache_read": cached, "cache_creation": written},
    }


def log(number: int = 0) -> str:
    """Return a large log in which one thing went wrong."""
    lines = [f"2026-03-01 10:00:00 INFO served {number} {line}" for line in range(300)]
    lines[99] = f"2026-03-01 10:00:00 ERROR disk {number} full"
    return "\n".join(lines)


def history(*numbers: int) -> list[BaseMessage]:
    """Return a conversation in which a tool wrote some logs."""
    messages: list[BaseMessage] = [HumanMessage("What is wrong?")]
    for number in numbers or (0,):
        call = {"name": "run", "args": {"n": number}, "id": f"call_{number}"}
        messages += [
            AIMessage("", tool_calls=[call]),
            ToolMessage(log(number), tool_call_id=f"call_{number}", name="run"),
        ]
    return messages


def asking(retrievals: int, spent: UsageMetadata | None = None) -> Any:
    """Return a turn that asks until there were so many retrievals, and then answers."""

    def play(messages: list[BaseMessage]) -> Turn:
        asked = 0
        for message in reversed(messages):
            if isinstance(message, HumanMessage):
                break
            asked += message.name == RETRIEVE
        if asked >= retrievals:
            return Turn(text="The disk.", usage=spent)
        key = last_hash(message.text for message in messages)
        args = {"hash": key, "query": f"disk {asked}"}
        call = Call(name=RETRIEVE, args=args, id=f"secret_{asked}")
        return Turn(text="Wait.", tool_calls=(call,), usage=spent)

    return play


def scripted(
    retrievals: Sequence[int] = (), spent: UsageMetadata | None = None, **fields: Any
) -> ScriptedChatModel:
    """Return a model that retrieves so often in each of its calls."""
    turns = [asking(count, spent) for count in retrievals for _ in range(count + 1)]
    return ScriptedChatModel(turns=turns, chunking=7, **fields)


def thread(name: str) -> Any:
    """Return the configuration of a conversation."""
    return {"configurable": {"thread_id": name}}
