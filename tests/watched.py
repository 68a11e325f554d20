"""Operations without an engine: an application of their routes only, and requests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from headroom_langchain.reports.report import BlockReport, RetrievalReport
from headroom_langchain.serve.client import Asgi, Receive, Scope, Send
from headroom_langchain.serve.handled import Handled
from headroom_langchain.serve.operations.operations import Operations
from headroom_langchain.serve.server.listening import LOOPBACK, listen
from headroom_langchain.testing.servers.ending import prompt_server

KEY = "0123456789abcdef01234567"


def application(operations: Operations) -> Asgi:
    """Return an ASGI application that answers what operations answer, else 404."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        asked = operations.route(scope["path"])
        if asked is not None:
            await asked(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"Not Found"})

    return answer


@contextmanager
def listening(operations: Operations, port: int = 0) -> Iterator[str]:
    """Serve them on this machine, and yield the address, which ends with a slash."""
    listener = listen(LOOPBACK, port)
    server = prompt_server(application(operations))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        server.end()
        thread.join()
        operations.close()


def block(**changes: Any) -> BlockReport:
    """Return a text of which something is hidden."""
    fields: dict[str, Any] = {
        "message": 2,
        "role": "tool",
        "tool": "search_logs",
        "kind": "logs",
        "key": KEY,
        "omitted": "483 of 500 lines",
        "tokens_before": 9000,
        "tokens_after": 900,
        "skipped": None,
    }
    return BlockReport(**(fields | changes))


def retrieval(**changes: Any) -> RetrievalReport:
    """Return a retrieval that was answered."""
    fields: dict[str, Any] = {
        "round": 1,
        "arguments": f'{{"hash":"{KEY}","query":"words of the model"}}',
        "tokens": 812,
        "error": False,
    }
    return RetrievalReport(**(fields | changes))


def handled(number: int = 1, **changes: Any) -> Handled:
    """Return a request of which nothing was compressed."""
    fields: dict[str, Any] = {
        "id": f"{number:032x}",
        "at": 1_790_000_000.0 + number,
        "method": "POST",
        "path": "/v1/messages",
        "dialect": "messages",
        "model": "claude-sonnet-4-5",
        "stream": True,
        "status": 200,
        "seconds": 1.25,
        "first_byte": 0.25,
        "bytes_in": 1200,
        "bytes_out": 3400,
    }
    return Handled(**(fields | changes))


def tell(operations: Operations, *requests: Handled) -> None:
    """Let the observers see requests come and go."""
    for request in requests:
        for observer in operations.observers:
            observer.began()
            observer.ended(request)
