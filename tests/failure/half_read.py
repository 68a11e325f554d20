"""A program that returns from `asyncio.run` with streams read half.

Arguments: `scripted` or a client, and how many chunks to read.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from typing import Any

from clients import CLIENTS
from langchain_core.language_models import BaseChatModel
from talks import history, original, scripted

from headroom_langchain import HeadroomChatModel
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.testing.servers import Hold, Reply, ToolUse

_OPEN: list[Any] = []
"""Keeps the streams until the program ends."""


def main(kind: str, count: int) -> None:
    """Read some chunks and return."""
    with contextlib.ExitStack() as stack:
        inner = scripted() if kind == "scripted" else _client(kind, stack)
        asyncio.run(_read(HeadroomChatModel(inner), count))


def _client(kind: str, stack: contextlib.ExitStack) -> BaseChatModel:
    server_class, make = CLIENTS[kind]
    arguments = {"hash": content_key(original("ann"))}
    call = ToolUse(name="headroom_retrieve", args=arguments)
    hold = Hold(after=20, until=threading.Event())
    replies = [
        Reply(text="Look.", tool_calls=(call,)),
        Reply(text="x" * 999, hold=hold),
    ]
    return make(stack.enter_context(server_class(replies)).url)


async def _read(model: BaseChatModel, count: int) -> None:
    stream: Any = model.astream(history("ann"))
    _OPEN.append(stream)
    for _ in range(count):
        await anext(stream)


main(sys.argv[1], int(sys.argv[2]))
