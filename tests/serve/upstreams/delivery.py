"""The bytes of an answer, in the order and the pieces that a test asked for."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from upstreams.script import Plain, Refusal, Turn, Way
from upstreams.wire import Request, Wire

Pairs = tuple[tuple[str, str], ...]


class BrokenOff(Exception):  # noqa: N818 - it is no error of the test
    """The connection is to break here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The status line and the headers."""

    status: int
    headers: Pairs

    def bytes(self) -> bytes:
        """Write them."""
        lines = [f"HTTP/1.1 {self.status} Scripted"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def delivered(
    answer: Turn | Refusal | Plain, wire: Wire | None, request: Request
) -> AsyncIterator[bytes]:
    """Yield what is written to the connection.

    Raises:
        BrokenOff: The connection is to break.
    """
    if isinstance(answer, Plain):
        for data in _plain(answer):
            yield data
        return
    if wire is None:
        msg = "only plain answers can be given at this path"
        raise TypeError(msg)
    if isinstance(answer, Refusal):
        body = json.dumps(wire.error(answer)).encode()
        yield _whole(answer.status, answer.headers, body)
        return
    way = answer.way
    if way.head is not None:
        await way.head.passed()
    if request.body.get("stream") is True:
        async for data in _streamed(answer, wire, request):
            yield data
    else:
        if 0 in way.holds:
            await way.holds[0].passed()
        body = json.dumps(wire.whole(answer, request), ensure_ascii=False).encode()
        body = gzip.compress(body) if way.gzip else body
        data = _whole(200, _headers(way), body)
        if way.breaks is not None:
            yield data[: -len(body) + way.breaks[1]]
            raise BrokenOff
        yield data


def _plain(answer: Plain) -> Iterator[bytes]:
    if not answer.pieces:
        length = (("content-length", str(len(answer.body))),)
        head = Head(status=answer.status, headers=(*answer.headers, *length))
        yield head.bytes() + answer.body
        return
    chunked = (("transfer-encoding", "chunked"),)
    yield Head(status=answer.status, headers=(*answer.headers, *chunked)).bytes()
    for piece in _cut(answer.body, answer.pieces):
        yield _chunk(piece)
    yield _chunk(b"")


def _whole(status: int, headers: Pairs, body: bytes) -> bytes:
    usual = (("content-type", "application/json"), ("content-length", str(len(body))))
    return Head(status=status, headers=(*usual, *headers)).bytes() + body


async def _streamed(turn: Turn, wire: Wire, request: Request) -> AsyncIterator[bytes]:
    way = turn.way
    usual = (
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("transfer-encoding", "chunked"),
    )
    yield Head(status=200, headers=(*usual, *_headers(way))).bytes()
    pack = zlib.compressobj(wbits=31)
    for number, frame in enumerate(wire.frames(turn, request)):
        if number in way.holds:
            await way.holds[number].passed()
        if way.stop == number:
            break
        data = _event(way, number, frame, wire)
        if way.gzip:
            data = pack.compress(data) + pack.flush(zlib.Z_SYNC_FLUSH)
        broken = way.breaks is not None and way.breaks[0] == number
        if way.breaks is not None and broken:
            data = data[: way.breaks[1]]
        for piece in _cut(data, way.cut):
            yield _chunk(piece)
        if broken:
            raise BrokenOff
        if way.error is not None and way.error[0] == number:
            break
    if way.gzip:
        yield _chunk(pack.flush())
    yield _chunk(b"")


def _event(way: Way, number: int, frame: bytes, wire: Wire) -> bytes:
    """Return what is written for an event."""
    data = wire.ping() + frame if number in way.pings else frame
    if way.error is not None and way.error[0] == number:
        data = wire.error_frame(way.error[1])
    return data.replace(b"\n", way.newline)


def _headers(way: Way) -> Pairs:
    packed = (("content-encoding", "gzip"),) if way.gzip else ()
    return (*way.headers, *packed)


def body_of(turn: Turn, wire: Wire, request: Request) -> bytes:
    """Return the events of a turn as one text, without its holds."""
    frames = b"".join(wire.frames(turn, request))
    return frames.replace(b"\n", turn.way.newline)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    if not data:
        return
    for start in range(0, len(data), size or len(data)):
        yield data[start : start + (size or len(data))]
