"""A provider that answers at once: `python -m tests.benchmarks.serving.upstream PORT`.

It speaks as much HTTP as the load needs, so that it is never what is measured.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Final

_DELTAS: Final = 20


def _event(name: str, **fields: object) -> bytes:
    data = json.dumps({"type": name, **fields})
    return f"event: {name}\ndata: {data}\n\n".encode()


_MESSAGE: Final = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "stop_sequence": None,
}
_USAGE: Final = {"input_tokens": 10, "output_tokens": 20}
_STREAM: Final = b"".join(
    [
        _event(
            "message_start",
            message={**_MESSAGE, "content": [], "stop_reason": None, "usage": _USAGE},
        ),
        _event(
            "content_block_start", index=0, content_block={"type": "text", "text": ""}
        ),
        *(
            _event(
                "content_block_delta",
                index=0,
                delta={"type": "text_delta", "text": f"word {number} "},
            )
            for number in range(_DELTAS)
        ),
        _event("content_block_stop", index=0),
        _event(
            "message_delta",
            delta={"stop_reason": "end_turn", "stop_sequence": None},
            usage={"output_tokens": 20},
        ),
        _event("message_stop"),
    ]
)
_WHOLE: Final = json.dumps(
    {
        **_MESSAGE,
        "content": [{"type": "text", "text": "word " * _DELTAS}],
        "stop_reason": "end_turn",
        "usage": _USAGE,
    }
).encode()


def _answer(kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n"
    if kind == "application/json":
        return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
    chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    return f"{head}transfer-encoding: chunked\r\n\r\n".encode() + chunk


_ANSWERS: Final = {
    True: _answer("text/event-stream", _STREAM),
    False: _answer("application/json", _WHOLE),
}


class _Provider(asyncio.Protocol):
    def __init__(self) -> None:
        self._data = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._data[:end]).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            if len(self._data) < end + 4 + length:
                return
            body = bytes(self._data[end + 4 : end + 4 + length])
            del self._data[: end + 4 + length]
            streams = b'"stream": true' in body or b'"stream":true' in body
            self._transport.write(_ANSWERS[streams])


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Provider, "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
