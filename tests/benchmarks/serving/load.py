"""Clients that ask one thing again and again, over a connection each."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from itertools import count
from statistics import median
from typing import Final

_HEAD: Final = (
    "POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: key\r\n"
    "anthropic-version: 2023-06-01\r\ncontent-type: application/json\r\n"
    "accept: application/json\r\ncontent-length: {length}\r\n\r\n"
)


_NUMBER: Final = "--------"
"""Stands for a number that is another one in each request: none can be answered from
a cache."""
_PLACE: Final = _NUMBER.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What some clients saw."""

    requests: int
    seconds: float
    first_byte: float
    """Median seconds to the first byte of a body."""

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


def short_request(*, stream: bool) -> bytes:
    """Return a request as a client would send it first."""
    body = json.dumps(
        {
            "model": "claude-x",
            "max_tokens": 100,
            "stream": stream,
            "messages": [
                {"role": "user", "content": f"What is the answer to {_NUMBER}?"}
            ],
        }
    ).encode()
    return _HEAD.format(length=len(body)).encode() + body


def compressed_request() -> bytes:
    """Return a request for a stream with a tool result that is compressed."""
    lines = [
        f"2026-01-01 12:{number // 60 % 60:02}:{number % 60:02} INFO worker "
        f"{number % 7} did item {number * 7919 % 10007} well"
        for number in range(600)
    ]
    call = {"type": "tool_use", "id": "call", "name": "run", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "call"}
    body = json.dumps(
        {
            "model": "claude-x",
            "max_tokens": 100,
            "stream": True,
            "metadata": {"user_id": _NUMBER},
            "tools": [{"name": "run", "input_schema": {"type": "object"}}],
            "messages": [
                {"role": "user", "content": "What did the workers do?"},
                {"role": "assistant", "content": [call]},
                {"role": "user", "content": [{**result, "content": "\n".join(lines)}]},
            ],
        }
    ).encode()
    return _HEAD.format(length=len(body)).encode() + body


async def load(port: int, request: bytes, *, clients: int, seconds: float) -> Load:
    """Let clients ask for a while.

    Args:
        port: Of the server on this machine.
        request: What each of them asks.
        clients: How many.
        seconds: How long.
    """
    firsts: list[float] = []
    until = time.perf_counter() + seconds
    numbers = count()
    began = time.perf_counter()
    await asyncio.gather(
        *(_ask(port, request, until, firsts, numbers) for _ in range(clients))
    )
    return Load(
        requests=len(firsts),
        seconds=time.perf_counter() - began,
        first_byte=median(firsts),
    )


async def _ask(
    port: int, request: bytes, until: float, firsts: list[float], numbers: count[int]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    while time.perf_counter() < until:
        sent = time.perf_counter()
        writer.write(request.replace(_PLACE, b"%08d" % next(numbers)))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert b" 200 " in head.partition(b"\r\n")[0], head
        length = head.partition(b"content-length:")[2].split(b"\r\n")[0]
        if length:
            await reader.readexactly(int(length))
            firsts.append(time.perf_counter() - sent)
            continue
        size = int(await reader.readline(), 16)
        firsts.append(time.perf_counter() - sent)
        while size:
            await reader.readexactly(size + 2)
            size = int(await reader.readline(), 16)
        await reader.readexactly(2)
    writer.close()
