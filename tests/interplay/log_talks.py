"""A long conversation with large tool results, and what must hold of any request."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
)

from headroom_langchain import CCRStore
from headroom_langchain.ccr.marker import marked_keys
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.plan.messages import recorded_keys
from headroom_langchain.testing import Request


def log(day: int) -> str:
    """A log without failures, none of whose lines stands out."""
    return "\n".join(
        f"2026-03-{day:02} 10:{n // 60:02}:{n % 60:02} INFO worker {n % 5} took {n} ms"
        for n in range(300)
    )


NEEDLE = "INFO worker 3 took 253 ms"
LAST = 6
KEY = content_key(log(LAST))
"""The key of the last log."""


def conversation() -> list[BaseMessage]:
    """Six questions, each with a log that answers it, and a last one."""
    said: list[BaseMessage] = [SystemMessage("You read logs.", id="system")]
    for day in range(1, LAST + 1):
        call = ToolCall(name="read_log", args={"day": day}, id=f"call-{day}")
        said += [
            HumanMessage(f"What was on day {day}?", id=f"human-{day}"),
            AIMessage("I look.", tool_calls=[call], id=f"asks-{day}"),
            ToolMessage(log(day), tool_call_id=f"call-{day}", id=f"log-{day}"),
            AIMessage("Nothing was wrong.", id=f"says-{day}"),
        ]
    return [*said, HumanMessage("Which worker was it?", id="last")]


def check_pairs(messages: Sequence[BaseMessage]) -> None:
    """Each result follows the message that has its call, and no call goes without."""
    open_calls: set[str | None] = set()
    for message in messages:
        if isinstance(message, ToolMessage):
            assert message.tool_call_id in open_calls, message
            open_calls.remove(message.tool_call_id)
            continue
        assert not open_calls
        if isinstance(message, AIMessage):
            open_calls = {call["id"] for call in message.tool_calls}
    assert not open_calls


def check_markers(request: Request, store: CCRStore) -> list[str]:
    """Whatever a marker says can be had: by the tool, by record, from the store.

    Returns:
        The keys of all markers.
    """
    shown = [key for message in request.messages for key in marked_keys(message.text)]
    assert set(shown) <= set(recorded_keys(request.messages))
    assert set(shown) == store.get_many(shown).keys()
    if shown:
        names = [tool["function"]["name"] for tool in request.tools]
        assert "headroom_retrieve" in names
    return shown
