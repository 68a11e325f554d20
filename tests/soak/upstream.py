"""A provider that misbehaves: `python -m tests.soak.upstream PORT`.

What it does to a request stands in the request: the last user text is
`TOKEN FAULT`. It says the token again and again, so that an answer shows whose it is,
and asks for the original first when the retrieve tool is offered.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import Any, Final

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME, marked_keys

WORDS: Final = 12
"""How often an answer says its token."""
PAUSE: Final = 0.01
"""Seconds between two of them."""
FAULTS: Final = ("none", "error", "cut", "early", "busy", "slow")
"""`error`: an error event in the middle; `cut`: the connection breaks; `early`: the
stream ends before its last event; `busy`: status 529; `slow`: ten times the pause."""

_FOUND: Final = re.compile(r"needle-[0-9a-f]+")


class Provider:
    """Counts the streams that are open."""

    def __init__(self) -> None:
        """Start with none."""
        self.open = 0

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer the requests of one connection."""
        try:
            while (request := await _read(reader)) is not None:
                path, body = request
                if path == "/open":
                    _whole(writer, 200, {"open": self.open})
                    continue
                self.open += 1
                try:
                    if not await _answer(writer, body):
                        return
                finally:
                    self.open -= 1
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[str, dict[str, Any]] | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    path = head.split(b" ", 2)[1].decode()
    length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
    body = await reader.readexactly(int(length or 0))
    return path, json.loads(body) if body else {}


async def _answer(writer: asyncio.StreamWriter, body: dict[str, Any]) -> bool:
    """Answer; returns whether the connection goes on."""
    token, fault = _asked(body)
    if fault == "busy":
        error = {"type": "overloaded_error", "message": f"busy {token}"}
        _whole(writer, 529, {"type": "error", "error": error})
        return True
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        b"transfer-encoding: chunked\r\n\r\n"
    )
    _event(writer, "message_start", message=_MESSAGE)
    call = _retrieval(body)
    if call is not None:
        _block(writer, {"type": "tool_use", "id": f"t{token}", **call, "input": {}})
        arguments = json.dumps(call["input"])
        delta = {"type": "input_json_delta", "partial_json": arguments}
        _event(writer, "content_block_delta", index=0, delta=delta)
        _end(writer, "tool_use")
        return True
    _block(writer, {"type": "text", "text": ""})
    for number in range(WORDS):
        if number == WORDS // 2 and fault in ("error", "cut", "early"):
            return _fail(writer, fault)
        delta = {"type": "text_delta", "text": f"{token} "}
        _event(writer, "content_block_delta", index=0, delta=delta)
        await writer.drain()
        await asyncio.sleep(PAUSE * (10 if fault == "slow" else 1))
    found = " ".join(_FOUND.findall(json.dumps(body["messages"][-1])))
    delta = {"type": "text_delta", "text": found}
    _event(writer, "content_block_delta", index=0, delta=delta)
    _end(writer, "end_turn")
    return True


_MESSAGE: Final[dict[str, Any]] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}


def _asked(body: dict[str, Any]) -> tuple[str, str]:
    """Return token and fault, which the first user message tells."""
    token, fault = str(body["messages"][0]["content"]).split()
    return token, fault


def _retrieval(body: dict[str, Any]) -> dict[str, Any] | None:
    """Return the call that asks for the original, unless that has been done."""
    names = [tool["name"] for tool in body.get("tools", ())]
    text = json.dumps(body["messages"], ensure_ascii=False)
    keys = marked_keys(text.replace('\\"', '"').replace("\\n", "\n"))
    if RETRIEVE_TOOL_NAME not in names or not keys:
        return None
    if f'"name": "{RETRIEVE_TOOL_NAME}"' in text:
        return None
    arguments = {"hash": keys[0], "query": "needle"}
    return {"name": RETRIEVE_TOOL_NAME, "input": arguments}


def _block(writer: asyncio.StreamWriter, block: dict[str, Any]) -> None:
    _event(writer, "content_block_start", index=0, content_block=block)


def _end(writer: asyncio.StreamWriter, reason: str) -> None:
    _event(writer, "content_block_stop", index=0)
    delta = {"stop_reason": reason, "stop_sequence": None}
    _event(writer, "message_delta", delta=delta, usage={"output_tokens": 9})
    _event(writer, "message_stop")
    writer.write(b"0\r\n\r\n")


def _fail(writer: asyncio.StreamWriter, fault: str) -> bool:
    if fault == "cut":
        return False
    if fault == "error":
        error = {"type": "overloaded_error", "message": "Overloaded"}
        _event(writer, "error", error=error)
    writer.write(b"0\r\n\r\n")
    return True


def _event(writer: asyncio.StreamWriter, name: str, **fields: object) -> None:
    data = json.dumps({"type": name, **fields})
    frame = f"event: {name}\ndata: {data}\n\n".encode()
    writer.write(f"{len(frame):x}\r\n".encode() + frame + b"\r\n")


def _whole(writer: asyncio.StreamWriter, status: int, body: object) -> None:
    raw = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\n"
    writer.write(f"{head}content-length: {len(raw)}\r\n\r\n".encode() + raw)


async def _main(port: int) -> None:
    limit = 2**24
    serve = Provider().serve
    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=limit)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
