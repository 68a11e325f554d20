"""What one call costs: without a retrieval, and with one."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from functools import partial

from langchain_core.messages import BaseMessage, HumanMessage

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import ask_for_original
from headroom_langchain.testing.scripted import Request
from headroom_langchain.testing.turns import Script

from .conversations import METHODS, Method, agent_history, call, records, scripted
from .table import Row
from .timing import Work, compared

_PLAIN_REPEATS = 150
_RETRIEVING_REPEATS = 30
_ANSWER = "The card was refused."


async def plain_calls() -> AsyncIterator[Row]:
    """Measure calls in which nothing is retrieved; aim: 0.5 ms."""
    short: list[BaseMessage] = [HumanMessage("Why did order 7 fail?")]
    long = agent_history([f"part {number} is fine" for number in range(9)])
    turns = [_ANSWER] * (len(METHODS) * (_PLAIN_REPEATS + 1))
    for what, messages in (
        ("1 message", short),
        (f"{len(long)} messages, a tool bound", long),
    ):
        tools = [_look_up] if messages is long else []
        bare = scripted(turns).bind_tools(tools)
        wrapped = HeadroomChatModel(scripted(turns)).bind_tools(tools)
        for method in METHODS:
            pair = await compared(
                partial(call, bare, method, messages),
                partial(call, wrapped, method, messages),
                repeats=_PLAIN_REPEATS,
            )
            yield Row.of(f"{method}, {what}", pair, aim=0.5)


async def retrieving_calls() -> AsyncIterator[Row]:
    """Measure calls in which the model asks once for an original; aim: 2 ms.

    The bare model is called twice, with the very messages that the wrapped one
    was sent. The texts are shortened before, as in a second call of an agent.
    """
    if "langgraph" in sys.modules:
        msg = "langgraph was imported before the first retrieval that needs it"
        raise RuntimeError(msg)
    yield await _retrieving("astream", 4, repeats=1, what="first of the process")
    for kilobytes in (4, 40):
        for method in METHODS:
            yield await _retrieving(
                method,
                kilobytes,
                repeats=_RETRIEVING_REPEATS,
                what=f"{kilobytes} KB",
                aim=2.0,
            )


async def _retrieving(
    method: Method, kilobytes: int, *, repeats: int, what: str, aim: float | None = None
) -> Row:
    messages = agent_history([records(kilobytes * 1000)])
    times = repeats + 2
    turns: Script = [ask_for_original("card refused"), _ANSWER] * times
    inner = scripted(turns)
    wrapped = HeadroomChatModel(inner)
    # Without the graph, which the first of all calls is to import by itself.
    await call(wrapped, "invoke", messages)
    pair = await compared(
        _replay(inner.requests, turns, method),
        partial(call, wrapped, method, messages),
        repeats=repeats,
        warm_up=0 if repeats == 1 else 1,
    )
    return Row.of(f"{method}, {what}", pair, aim=aim)


def _replay(requests: Sequence[Request], turns: Script, method: Method) -> Work:
    """Return the work of sending the same requests to a bare model."""
    bare = scripted(turns)
    sent = list(requests)

    async def work() -> None:
        for request in sent:
            await call(bare, method, request.messages, tools=list(request.tools))

    return work


def _look_up(part: int) -> str:
    """Look up a part."""
    return str(part)
