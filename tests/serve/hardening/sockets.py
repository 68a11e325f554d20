"""An upstream and a client that speak in bytes, to see what stands on the wire."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import h11

PATIENCE: Final = 10.0
"""Seconds after which what must happen has not happened."""
_BETWEEN_TWO: Final = frozenset(
    {
        *(b"host", b"connection", b"keep-alive", b"te", b"trailer", b"upgrade"),
        *(b"transfer-encoding", b"content-length", b"expect"),
    }
)
"""Headers of one connection: its peers, and where a body ends."""

OK: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request or an answer as it came."""

    start: tuple[bytes | int, ...]
    """Method and target, or the status."""
    headers: Sequence[tuple[bytes, bytes]]
    """As they came, with names in lower case."""
    body: bytes

    @property
    def told(self) -> tuple[object, ...]:
        """What is not about the one connection it came by."""
        kept = [pair for pair in self.headers if pair[0] not in _BETWEEN_TWO]
        return self.start, kept, self.body

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of a header."""
        return [value for key, value in self.headers if key == name]


Answer: TypeAlias = Callable[[socket.socket, Seen], None]
"""Answers a request; the connection is closed if it raises `OSError`."""


def says(*parts: bytes) -> Answer:
    """Return an answer of bytes that are sent one after the other."""

    def answer(connection: socket.socket, _: Seen) -> None:
        for part in parts:
            connection.sendall(part)

    return answer


def says_and_closes(*parts: bytes) -> Answer:
    """Return an answer of bytes, behind which the connection ends."""

    def answer(connection: socket.socket, seen: Seen) -> None:
        says(*parts)(connection, seen)
        raise OSError

    return answer


class SocketUpstream:
    """A server that answers with whatever bytes it is told to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.seen: list[Seen] = []
        self.answer: Answer = says(OK)

    def idle(self) -> bool:
        """Wait until nobody is connected; returns whether it came to that."""
        threads, self._threads = self._threads, []
        for thread in threads:
            thread.join(PATIENCE)
        return not any(thread.is_alive() for thread in threads)

    def __enter__(self) -> Self:
        """Listen."""
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(
                target=self._serve, args=[connection], daemon=True
            )
            thread.start()
            # Who waits for the threads can only wait for those that have begun.
            self._threads.append(thread)

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(PATIENCE)
            try:
                while (seen := received(connection, h11.SERVER)) is not None:
                    self.seen.append(seen)
                    self.answer(connection, seen)
            except (OSError, h11.RemoteProtocolError):
                return


def received(
    connection: socket.socket,
    role: type[h11.CLIENT | h11.SERVER],
    method: str = "GET",
) -> Seen | None:
    """Read one request or answer; `None` if the connection ends before or within."""
    http = h11.Connection(role, max_incomplete_event_size=2**20)
    if role is h11.CLIENT:
        http.send(h11.Request(method=method, target="/", headers=[("host", "x")]))
        http.send(h11.EndOfMessage())
    head: h11.Request | h11.Response | None = None
    body = b""
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            data = connection.recv(65536)
            if not data and role is h11.SERVER:
                return None
            http.receive_data(data)
        elif isinstance(event, h11.Request | h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            assert head is not None
            return Seen(start=_start(head), headers=list(head.headers), body=body)
        elif not isinstance(event, h11.InformationalResponse):
            return None


def asked(port: int, request: bytes, method: str = "GET") -> Seen:
    """Send a request, and read its answer.

    Raises:
        ConnectionError: The connection ended before the answer did.
    """
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(request)
        try:
            seen = received(connection, h11.CLIENT, method)
        except h11.RemoteProtocolError as error:
            raise ConnectionError(*error.args) from error
    if seen is None:
        msg = "the connection ended before the answer"
        raise ConnectionError(msg)
    return seen


def post(
    target: bytes, body: bytes = b"", *headers: bytes, method: bytes = b"POST"
) -> bytes:
    """Write a request with a length."""
    lines = [b"%b %b HTTP/1.1" % (method, target), b"host: x", *headers]
    if not any(header.lower().startswith(b"content-length") for header in headers):
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])


def _start(head: h11.Request | h11.Response) -> tuple[bytes | int, ...]:
    if isinstance(head, h11.Response):
        return (head.status_code,)
    return (bytes(head.method), bytes(head.target))
