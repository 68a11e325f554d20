"""Clients that check what they get: their own answer, whole or with a typed error."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from .upstream import FAULTS, WORDS

_LONGEST: Final = 30.0
"""Seconds after which an answer counts as hung."""
_LINES: Final = 400


@dataclass(slots=True)
class Seen:
    """What all clients saw."""

    outcomes: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    """Connections that broke off."""
    faults: list[str] = field(default_factory=list)
    """What must not happen, in words."""


class Client:
    """Asks again and again until it is told to stop."""

    def __init__(self, port: int, seed: int, seen: Seen) -> None:
        """Prepare.

        Args:
            port: Of the server on this machine.
            seed: Decides what it asks, and how it behaves.
            seen: Where it notes what it saw.
        """
        self._port = port
        self._random = random.Random(seed)  # noqa: S311 - nothing here is a secret
        self._seen = seen

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until the event is set."""
        while not stop.is_set():
            plan = _Plan.of(self._random)
            try:
                async with asyncio.timeout(_LONGEST):
                    outcome = await self._ask(plan)
            except TimeoutError:
                outcome = "hung"
                self._seen.faults.append(f"{plan.fault} hung: {plan}")
            except (OSError, asyncio.IncompleteReadError):
                # A worker was killed while it served this, or is starting again.
                outcome = "dropped"
                self._seen.dropped += 1
                await asyncio.sleep(0.05)
            self._seen.outcomes[f"{plan.fault}: {outcome}"] += 1

    async def _ask(self, plan: _Plan) -> str:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._port, limit=2**22
        )
        try:
            writer.write(plan.request)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head.split(b" ", 2)[1])
            if status != 200:
                return self._refused(plan, status)
            return await self._stream(plan, reader)
        finally:
            writer.close()

    def _refused(self, plan: _Plan, status: int) -> str:
        if status not in (502, 503, 529):
            self._seen.faults.append(f"status {status}: {plan}")
        return str(status)

    async def _stream(self, plan: _Plan, reader: asyncio.StreamReader) -> str:
        text, pieces, last = "", 0, ""
        while size := int(await reader.readuntil(b"\n"), 16):
            data = (await reader.readexactly(size + 2))[:-2].decode()
            text, pieces = text + data, pieces + 1
            if plan.leaves and pieces > 2:
                return "left"
            if plan.slow:
                await asyncio.sleep(0.02)
        names, said = _read(text)
        last = names[-1] if names else ""
        self._check(plan, last, said, text)
        return last or "nothing"

    def _check(self, plan: _Plan, last: str, said: str, text: str) -> None:
        wrong = [word for word in said.split() if word not in (plan.token, plan.needle)]
        if wrong:
            self._seen.faults.append(f"mixed: {wrong[:3]} in {plan}")
        if last not in ("message_stop", "error"):
            self._seen.faults.append(f"no end: {text[-200:]!r} in {plan}")
        if "headroom_retrieve" in text:
            self._seen.faults.append(f"leaked: {plan}")
        if last == "message_stop":
            if plan.fault in ("error", "cut", "early"):
                self._seen.faults.append(f"an error was hidden: {plan}")
            if said.split().count(plan.token) != WORDS:
                self._seen.faults.append(f"lost words: {plan}")
            if plan.needle and plan.needle not in said:
                self._seen.faults.append(f"lost needle: {plan}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """One request, and how its client behaves."""

    token: str
    fault: str
    needle: str
    """What only the original of the tool result has; empty without one."""
    leaves: bool
    slow: bool
    request: bytes = field(repr=False)

    @classmethod
    def of(cls, chance: random.Random) -> _Plan:
        token = uuid4().hex
        fault = chance.choice(FAULTS) if chance.random() < 0.4 else "none"
        needle = f"needle-{token[:12]}" if chance.random() < 0.5 else ""
        return cls(
            token=token,
            fault=fault,
            needle=needle,
            leaves=chance.random() < 0.1,
            slow=chance.random() < 0.1,
            request=_request(token, fault, needle, chance),
        )


def _request(token: str, fault: str, needle: str, chance: random.Random) -> bytes:
    messages: list[dict[str, Any]] = [{"role": "user", "content": f"{token} {fault}"}]
    body: dict[str, Any] = {
        "model": "claude-x",
        "max_tokens": 100,
        "stream": True,
        "messages": messages,
    }
    if needle:
        at = chance.randrange(100, _LINES - 100)
        lines = [
            f"2026-01-01 12:{number // 60 % 60:02}:{number % 60:02} INFO worker did "
            f"{needle if number == at else 'item'} {chance.randrange(10**6)} well"
            for number in range(_LINES)
        ]
        call = {"type": "tool_use", "id": "call", "name": "run", "input": {}}
        result = {"type": "tool_result", "tool_use_id": "call"}
        messages += [
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [{**result, "content": "\n".join(lines)}]},
        ]
        schema = {"type": "object", "properties": {}}
        body["tools"] = [{"name": "run", "input_schema": schema}]
    raw = json.dumps(body).encode()
    head = (
        "POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: key\r\n"
        "connection: close\r\n"
        f"content-type: application/json\r\ncontent-length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw


def _read(text: str) -> tuple[list[str], str]:
    """Return the names of the events, and the text that they say."""
    names, said = [], ""
    for frame in text.split("\n\n"):
        name, _, data = frame.partition("\ndata: ")
        if not data:
            continue
        names.append(name.removeprefix("event: ").strip())
        delta = json.loads(data).get("delta") or {}
        said += delta.get("text", "")
    return names, said
