"""Answers that read two originals on the way, and whoever watches what they leave.

Each talk has a text of its own, of which the model sees a certain line only when it
reads the original. `play` is one turn for all talks: it looks at what it was sent, asks
twice, and then says what the last answer of the tool held.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import (
    Chunking,
    Played,
    ScriptedChatModel,
    Shape,
    Turn,
    ask_for_original,
)

READS = 2
KEY = 60
LINE = re.compile(rf"(\w+) key {KEY} lies in cabinet (\d+)")


def original(name: str) -> str:
    """A log whose lines are much the same, large enough to be read in a thread."""
    first = 7 * sum(name.encode())
    return "\n".join(
        f"2026-03-01 10:00:00 INFO {name} key {n} lies in cabinet {first + n}"
        for n in range(160)
    )


def history(name: str) -> list[BaseMessage]:
    """A question, and a large tool result."""
    call = {"name": "read_log", "args": {}, "id": "call_1"}
    return [
        HumanMessage(f"Where is that key of {name}?"),
        AIMessage("", tool_calls=[call]),
        ToolMessage(original(name), tool_call_id="call_1", name="read_log"),
    ]


def ending(name: str) -> str:
    """What an answer says once it read the right original."""
    return said(original(name))


def said(last: str) -> str:
    """What the model says to the last answer of the tool."""
    found = LINE.search(last)
    if found is None:
        return f"Nothing in {last[:200]!r}."
    return f"That of {found[1]} is in {found[2]}, as far as I read."


def play(messages: list[BaseMessage]) -> Turn:
    """Say what the model says next."""
    reads = sum(isinstance(message, ToolMessage) for message in messages) - 1
    if reads < READS:
        asked = ask_for_original(lines=f"{KEY + 1}-{KEY + 1}", text=f"Look {reads}. ")
        return asked(messages)
    return Turn(text=said(messages[-1].text))


def scripted(
    shape: Shape = "openai", *, turns: Sequence[Any] = (play,) * 1000, **fields: Any
) -> ScriptedChatModel:
    """A model that plays such talks."""
    chunking: Chunking = fields.pop("chunking", 9)
    return ScriptedChatModel(turns=turns, shape=shape, chunking=chunking, **fields)


def wrapped(shape: Shape = "openai", **fields: Any) -> HeadroomChatModel:
    """The same, wrapped."""
    return HeadroomChatModel(scripted(shape, **fields))


def played(model: HeadroomChatModel) -> list[Played]:
    """How far each stream of the inner model came."""
    inner = model.inner
    assert isinstance(inner, ScriptedChatModel)
    return inner.streams


def whole(shape: Shape, **fields: Any) -> tuple[list[str], list[Played]]:
    """The texts of a whole answer, and how far the model's streams came."""
    model = wrapped(shape, **fields)
    texts = [str(chunk.text) for chunk in model.stream(history("ann"))]
    assert "".join(texts).endswith(ending("ann"))
    return texts, played(model)


def ended(streams: list[Played], complete: list[Played]) -> bool:
    """Tell whether each stream of one answer was closed or came to its end."""
    return all(
        stream.closed or stream.pulled == full.pulled
        for stream, full in zip(streams, complete, strict=False)
    )


async def settled(before: set[asyncio.Task[Any]]) -> None:
    """Give what Python set going by itself its turns."""
    for turns in range(1000):
        # A generator that is collected gets its task one turn later.
        if turns > 3 and asyncio.all_tasks() == before:
            return
        await asyncio.sleep(0)


async def invoked(model: Any, messages: list[BaseMessage]) -> str:
    return str(model.invoke(messages).text)


async def ainvoked(model: Any, messages: list[BaseMessage]) -> str:
    return str((await model.ainvoke(messages)).text)


async def streamed(model: Any, messages: list[BaseMessage]) -> str:
    return "".join(chunk.text for chunk in model.stream(messages))


async def astreamed(model: Any, messages: list[BaseMessage]) -> str:
    return "".join([chunk.text async for chunk in model.astream(messages)])


Way = Callable[[Any, list[BaseMessage]], Awaitable[str]]

WAYS: tuple[Way, ...] = (invoked, ainvoked, streamed, astreamed)


@dataclass(slots=True)
class Watch:
    """What was reported behind the back of a test."""

    heard: list[str] = field(default_factory=list)

    def on_loop(self, _: object, context: dict[str, Any]) -> None:
        """Take what an event loop reports."""
        self.heard.append(str(context))

    def on_unraisable(self, what: Any) -> None:
        """Take what the interpreter reports, but for one thing of clients."""
        if not _closed_twice(what):
            self.heard.append(f"{what.err_msg} {what.object!r} {what.exc_value!r}")


def _closed_twice(what: Any) -> bool:
    """Tell of a client's generator that is collected while it is being closed.

    Cancelled in the middle of a read, httpx and the openai SDK leave a ring of
    generators, each half closed. The collector of Python 3.11 closes one, comes
    back to it through the others and says so; tasks and sockets are gone by then.
    """
    code = getattr(what.object, "ag_code", None)
    ours = code is None or "headroom_langchain" in code.co_filename
    return not ours and "already executing" in str(what.exc_value)
