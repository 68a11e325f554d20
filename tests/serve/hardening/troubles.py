"""What can go wrong with an upstream, and what its client is told then."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hardening.sockets import Answer, Seen, says, says_and_closes
from headroom_langchain.serve import Limits

EVENT: Final = b'event: ping\ndata: {"type":"ping"}\n\n'
SHORT: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"
STREAM: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED: Final = STREAM + b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (
    len(EVENT),
    EVENT,
)


def resets(connection: socket.socket, _: Seen) -> None:
    """Reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise OSError


def waits(connection: socket.socket, _: Seen) -> None:
    """Say nothing until the other side gives up."""
    connection.recv(1)
    raise OSError


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that goes wrong."""

    answer: Answer
    status: int | None = 502
    """What the client is told; `None` where it is too late to say."""
    limits: Limits = field(default_factory=Limits)
    hooks: Sequence[str] = ("start", "error", "end failed")
    """What hooks are told of a stream in which it happens."""


_AT_ONCE: Final = Limits(read_timeout=0.02)
SOON: Final = Limits(read_timeout=0.25)
"""Time for what comes at once, however busy the machine is."""
_UNDERWAY: Final = ("start", "headers", "chunk", "error", "end failed")

TROUBLES: Final[Mapping[str, Trouble]] = {
    "reset": Trouble(answer=resets),
    "closed": Trouble(answer=says_and_closes()),
    "half a head": Trouble(answer=says_and_closes(b"HTTP/1.1 200 OK\r\nx-a: ")),
    "garbage": Trouble(answer=says(b"\x16\x03\x01 what?\r\n\r\n")),
    "huge head": Trouble(answer=says(b"HTTP/1.1 200 OK\r\nx-a: " + b"v" * 300_000)),
    "two lengths": Trouble(
        answer=says(
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}"
        )
    ),
    "length that is none": Trouble(
        answer=says(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n")
    ),
    "switches": Trouble(
        answer=says(
            b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"
        )
    ),
    "status that is none": Trouble(
        answer=says(b"HTTP/1.1 777 What\r\ncontent-length: 0\r\n\r\n")
    ),
    "no answer": Trouble(answer=waits, status=504, limits=_AT_ONCE),
    "body cut off": Trouble(
        answer=says_and_closes(SHORT), status=None, hooks=_UNDERWAY
    ),
    "body that stops": Trouble(
        answer=says(SHORT),
        status=None,
        limits=SOON,
        hooks=_UNDERWAY,
    ),
    "bad chunk": Trouble(
        answer=says(CHUNKED.replace(b"text/event-stream", b"text/plain") + b"zz\r\n"),
        status=None,
        hooks=_UNDERWAY,
    ),
}
