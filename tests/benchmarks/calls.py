"""What one call costs: without a retrieval, and with one."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from functools import partial

from langchain_core.messages import BaseMessage, HumanMessage

from headroom_langchain import HeadroomChatModel
from headroom_langchain.ccr.retrieval.reading import INDEXES
from headroom_langchain.testing import ask_for_original
from headroom_langchain.testing.scripted import Request
from headroom_langchain.testing.turns import Script, TurnLike

from .conversations import (
    METHODS,
    SMALL,
    Method,
    Model,
    agent_history,
    call,
    records,
    scripted,
)
from .table import Row
from .timing import Pair, Work, compared

_PLAIN_REPEATS = 150
_RETRIEVING_REPEATS = 15
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
        tools = [look_up] if messages is long else []
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
    pair = await _retrieving("astream", SMALL, anew=True, repeats=1)
    yield Row.of(f"astream, {SMALL} KB, the first of the process", pair)
    for kilobytes, anew in ((SMALL, True), (40, True), (40, False)):
        for method in METHODS:
            pair = await _retrieving(
                method, kilobytes, anew=anew, repeats=_RETRIEVING_REPEATS
            )
            what = f"{method}, {kilobytes} KB" + ("" if anew else ", asked before")
            yield Row.of(what, pair, aim=2.0)


async def _retrieving(
    method: Method, kilobytes: int, *, anew: bool, repeats: int
) -> Pair:
    """Time retrievals, each from an original never asked for before if `anew`."""
    ask = ask_for_original("card refused")
    asking: list[TurnLike] = [ask, _ANSWER]
    histories = [
        agent_history([records(kilobytes * 1000, seed=seed if anew else 0)])
        for seed in range(repeats)
    ]
    before = [] if anew else asking
    bare = scripted(asking * repeats)
    wrapped = HeadroomChatModel(
        scripted([*[_ANSWER] * repeats, *before, *asking * repeats])
    )
    # Without the graph, which the first of all calls is to import by itself.
    for history in [*histories, *histories[: len(before) // 2]]:
        await call(wrapped, "invoke", history)
    sent = [await sent_inside(asking, history) for history in histories]
    if anew:
        INDEXES.forget()
    return await compared(
        in_turn([partial(_replay, bare, method, requests) for requests in sent]),
        in_turn([partial(call, wrapped, method, history) for history in histories]),
        repeats=repeats,
        warm_up=0,
    )


async def sent_inside(
    turns: Script, history: Sequence[BaseMessage]
) -> Sequence[Request]:
    """Return what a wrapped model sends to the model in it."""
    inner = scripted(turns)
    await call(HeadroomChatModel(inner), "invoke", history)
    return inner.requests


async def _replay(bare: Model, method: Method, requests: Sequence[Request]) -> None:
    for request in requests:
        await call(bare, method, request.messages, tools=list(request.tools))


def in_turn(works: Sequence[Work]) -> Work:
    """Return a work that is another one each time."""
    left = iter(works)

    async def work() -> None:
        await next(left)()

    return work


def look_up(part: int) -> str:
    """Look up a part."""
    return str(part)
