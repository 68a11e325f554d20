"""What one call costs: without a retrieval, and with one."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import ask_for_original
from headroom_langchain.testing.turns import Script

from .conversations import (
    KILOBYTE,
    METHODS,
    Method,
    Model,
    agent_history,
    call,
    records,
    scripted,
)
from .table import Row
from .timing import Pair, compared

_REPEATS = 150
_ANSWER = "The card was refused."
_AIM_PLAIN = 0.5
_AIM_RETRIEVING = 2.0


def look_up(part: int) -> str:
    """Look up a part."""
    return str(part)


async def plain_calls() -> AsyncIterator[Row]:
    """Measure calls in which nothing is retrieved."""
    short: list[BaseMessage] = [HumanMessage("Why did order 7 fail?")]
    long = agent_history([f"part {number} is fine" for number in range(9)])
    for what, messages, tools in (
        ("1 message", short, False),
        (f"{len(long)} messages, a tool bound", long, True),
    ):
        bare, wrapped = _models([_ANSWER] * 4 * (_REPEATS + 1), tools=tools)
        for method in METHODS:
            pair = await compared(
                lambda: call(bare, method, messages),  # noqa: B023 - awaited at once
                lambda: call(wrapped, method, messages),  # noqa: B023 - awaited at once
                repeats=_REPEATS,
            )
            yield _row(f"{method}, {what}", pair, aim=_AIM_PLAIN)
