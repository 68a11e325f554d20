"""A client that writes its request by hand, and keeps the answer byte by byte."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import h11
from upstreams.gate import PATIENCE

PATHS: Final[Mapping[str, str]] = {
    "messages": "/v1/messages",
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
}
HEADERS: Final = (
    ("x-api-key", "key-1"),
    ("Authorization", "Bearer key-1"),
    ("anthropic-version", "2023-06-01"),
    ("content-type", "application/json"),
)
_HOP_BY_HOP: Final = frozenset({"connection", "transfer-encoding", "keep-alive"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Sequence[tuple[str, str]]
    """Without those that are between two servers; names in lower case."""
    body: bytes


def dumped(asked: Mapping[str, Any], **more: Any) -> bytes:
    """Write a body, with blanks as no client of this package writes them."""
    return json.dumps({**asked, **more}, indent=1).encode()


def until(connection: socket.socket, wanted: bytes) -> bytes:
    """Read until something has come; returns all that was read.

    Raises:
        EOFError: The connection ended before.
    """
    seen = b""
    while wanted not in seen:
        data = connection.recv(65536)
        if not data:
            msg = f"{wanted!r} did not come, only {seen!r}"
            raise EOFError(msg)
        seen += data
    return seen


@contextmanager
def connected(
    url: str,
    target: str,
    body: bytes = b"",
    *,
    method: str = "POST",
    headers: Sequence[tuple[str, str]] = HEADERS,
) -> Iterator[socket.socket]:
    """Send a request, and yield the connection."""
    port = urlsplit(url).port
    given = [("Host", f"127.0.0.1:{port}"), *headers]
    if body:
        given.append(("Content-Length", str(len(body))))
    lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in given), "", ""]
    with socket.create_connection(("127.0.0.1", port or 0), PATIENCE) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1") + body)
        yield connection


def exchanged(url: str, target: str, body: bytes = b"", **more: Any) -> Answer:
    """Send a request, and read the answer to its end."""
    with connected(url, target, body, **more) as connection:
        return read(connection, more.get("method", "POST"))


def read(connection: socket.socket, method: str = "POST") -> Answer:
    """Read an answer to its end."""
    http = h11.Connection(h11.CLIENT)
    http.send(h11.Request(method=method, target="/", headers=[("host", "x")]))
    http.send(h11.EndOfMessage())
    head: h11.Response | None = None
    data = b""
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(connection.recv(65536))
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            data += bytes(event.data)
        else:
            break
    assert isinstance(event, h11.EndOfMessage)
    assert head is not None
    headers = [(name.decode(), value.decode()) for name, value in head.headers]
    kept = [pair for pair in headers if pair[0] not in _HOP_BY_HOP]
    return Answer(status=head.status_code, headers=kept, body=data)
