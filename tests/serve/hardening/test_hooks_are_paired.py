"""A stream that starts ends, whatever happens in between."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
from collections.abc import Awaitable, Sequence

import pytest

from hardening.conftest import Door
from hardening.sockets import OK, PATIENCE, Seen, SocketUpstream, post, says
from hardening.troubles import CHUNKED, EVENT, STREAM, TROUBLES
from headroom_langchain.serve import (
    Limits,
    Stream,
    StreamAdapter,
    StreamEnd,
    StreamHooks,
)
from headroom_langchain.serve.wire.problems import Problem

Headers = Sequence[tuple[bytes, bytes]]
STREAMED = b'{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}'
ENDED = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
WHOLE = CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(ENDED), ENDED)
_TROUBLE = "a hook's own trouble"
ACCEPT = b"Accept: text/event-stream"


class Diary(StreamHooks):
    """Hooks that write down what they are told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.ends: list[StreamEnd] = []
        self.streams: set[str] = set()

    def on_start(self, stream: Stream) -> None:
        self.streams.add(stream.id)
        self.told.append("start")

    async def on_headers(
        self, stream: Stream, status: int, headers: Headers
    ) -> StreamAdapter | None:
        self.told.append("headers")
        return None

    async def on_chunk(self, stream: Stream, data: bytes) -> None:
        self.told.append("chunk")

    def on_error(self, stream: Stream, problem: Problem) -> None:
        self.told.append("error")

    def on_end(self, stream: Stream, end: StreamEnd) -> None:
        self.ends.append(end)
        self.told.append(f"end {end.outcome}")


class Failing(StreamHooks):
    """Hooks that all fail."""

    def on_start(self, stream: Stream) -> None:
        raise RuntimeError(_TROUBLE)

    def on_chunk(self, stream: Stream, data: bytes) -> Awaitable[None]:
        raise RuntimeError(_TROUBLE)

    async def on_error(self, stream: Stream, problem: Problem) -> None:
        raise RuntimeError(_TROUBLE)

    async def on_end(self, stream: Stream, end: StreamEnd) -> None:
        raise RuntimeError(_TROUBLE)

    async def on_headers(
        self, stream: Stream, status: int, headers: Headers
    ) -> StreamAdapter | None:
        raise RuntimeError(_TROUBLE)


class Loud:
    """An adapter that writes in capitals."""

    content_type = "text/loud"

    def feed(self, data: bytes) -> bytes:
        return data.upper()

    def end(self) -> bytes:
        return b"THE END"


class Louder(StreamHooks):
    """Hooks that choose an adapter."""

    def __init__(self, adapter: StreamAdapter) -> None:
        self._adapter = adapter

    def on_headers(
        self, stream: Stream, status: int, headers: Headers
    ) -> StreamAdapter | None:
        return self._adapter


@pytest.mark.parametrize("target", [b"/v1/messages", b"/v1/models"])
@pytest.mark.parametrize("name", TROUBLES)
def test_when_the_upstream_breaks(
    door: Door, upstream: SocketUpstream, target: bytes, name: str
) -> None:
    """An error is told before the end."""
    trouble, diary = TROUBLES[name], Diary()
    door.serve(limits=trouble.limits, hooks=[diary])
    upstream.answer = trouble.answer
    try:
        door.ask(post(target, STREAMED, ACCEPT))
    except ConnectionError:
        assert trouble.status is None
    door.over()
    assert diary.told == list(trouble.hooks)
    assert [end.status for end in diary.ends] == [trouble.status or 200]


@pytest.mark.parametrize("target", [b"/v1/messages", b"/v1/models"])
def test_when_all_goes_well(
    door: Door, upstream: SocketUpstream, target: bytes
) -> None:
    """The end says what was sent, and there is no error."""
    diary = Diary()
    door.serve(hooks=[diary, Failing()])
    upstream.answer = says(WHOLE)
    assert door.ask(post(target, STREAMED, ACCEPT)).body == EVENT + ENDED
    door.over()
    assert diary.told[:2] == ["start", "headers"]
    assert set(diary.told[2:-1]) == {"chunk"}
    assert diary.told[-1] == "end ok"
    (end,) = diary.ends
    assert (end.status, end.bytes) == (200, len(EVENT + ENDED))
    assert end.chunks == diary.told.count("chunk")
    assert end.first_byte is not None
    assert 0 < end.first_byte <= end.seconds


@pytest.mark.parametrize("target", [b"/v1/messages", b"/v1/models"])
def test_when_the_upstream_refuses(
    door: Door, upstream: SocketUpstream, target: bytes
) -> None:
    """Its answer is passed on, and hooks see its status."""
    diary = Diary()
    door.serve(hooks=[diary])
    upstream.answer = says(OK.replace(b"200 OK", b"529 "))
    assert door.ask(post(target, STREAMED, ACCEPT)).start == (529,)
    door.over()
    assert diary.told[:3] == ["start", "headers", "chunk"]
    assert [end.status for end in diary.ends] == [529]


@pytest.mark.parametrize("target", [b"/v1/messages", b"/v1/models"])
@pytest.mark.parametrize("said", [b"", CHUNKED], ids=["before", "within"])
def test_when_the_client_leaves(
    door: Door, upstream: SocketUpstream, target: bytes, said: bytes
) -> None:
    """It is the end of the stream, and no error."""
    diary, asked = Diary(), threading.Event()
    door.serve(hooks=[diary])

    def answer(connection: socket.socket, _: Seen) -> None:
        connection.sendall(said)
        asked.set()
        connection.recv(1)
        raise OSError

    upstream.answer = answer
    with socket.create_connection(("127.0.0.1", door.port), PATIENCE) as connection:
        connection.sendall(post(target, STREAMED, ACCEPT))
        assert asked.wait(PATIENCE)
        while said and EVENT not in connection.recv(65536, socket.MSG_PEEK):
            pass
    door.over()
    told = ["start", "headers", "chunk"] if said else ["start"]
    assert diary.told == [*told, "end left"]


def test_when_the_body_does_not_come(door: Door, upstream: SocketUpstream) -> None:
    """A stream that started is ended then, too."""
    diary = Diary()
    door.serve(hooks=[diary], limits=Limits(body_timeout=0.01))
    request = post(b"/v1/files", b"{", b"content-length: 2", ACCEPT)
    assert door.ask(request).start == (408,)
    door.over()
    assert diary.told == ["start", "error", "end refused"]


@pytest.mark.parametrize(
    "request_",
    [
        post(b"/v1/messages", STREAMED.replace(b"true", b"false"), ACCEPT),
        post(b"/v1/models", b"", method=b"GET"),
    ],
)
def test_what_is_no_stream(
    door: Door, upstream: SocketUpstream, request_: bytes
) -> None:
    """Hooks are not told of answers in one piece."""
    diary = Diary()
    door.serve(hooks=[diary])
    assert door.ask(request_).start == (200,)
    door.over()
    assert diary.told == []


def test_hooks_that_fail(
    door: Door, upstream: SocketUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    """They are named in the log, and the stream is the same."""
    door.serve(hooks=[Failing()])
    upstream.answer = says(WHOLE)
    assert door.ask(post(b"/v1/messages", STREAMED)).body == EVENT + ENDED
    door.over()
    failed = [record.getMessage() for record in caplog.records]
    for name in ("on_start", "on_headers", "on_chunk", "on_end"):
        assert f"the stream hook Failing.{name} failed" in failed


@pytest.mark.parametrize("target", [b"/v1/messages", b"/v1/models"])
@pytest.mark.parametrize("packed", [True, False])
def test_an_adapter(
    door: Door, upstream: SocketUpstream, target: bytes, *, packed: bool
) -> None:
    """It reads what the upstream said, however that was packed, and ends the answer."""
    diary = Diary()
    door.serve(hooks=[Louder(Loud()), diary])
    stream = EVENT + ENDED
    head = STREAM
    if packed:
        stream, head = gzip.compress(stream), head + b"content-encoding: gzip\r\n"
    upstream.answer = says(
        b"%bcontent-length: %d\r\n\r\n%b" % (head, len(stream), stream)
    )
    answer = door.ask(post(target, STREAMED, ACCEPT, b"accept-encoding: gzip"))
    assert answer.body == (EVENT + ENDED).upper() + b"THE END"
    assert answer.values(b"content-type") == [b"text/loud"]
    assert answer.values(b"content-encoding") == []


def test_an_adapter_that_cannot_read(
    door: Door, upstream: SocketUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    """What is packed in another way is passed on as it is."""
    door.serve(hooks=[Louder(Loud())])
    upstream.answer = says(
        STREAM + b"content-encoding: br\r\ncontent-length: 3\r\n\r\n\x01\x02a"
    )
    assert door.ask(post(b"/v1/messages", STREAMED)).body == b"\x01\x02a"
    assert "no adapter can read" in caplog.text


def test_an_adapter_when_nobody_answers(door: Door, upstream: SocketUpstream) -> None:
    """Errors of the server itself are for the client as they are."""
    diary = Diary()
    door.serve(hooks=[Louder(Loud()), diary])
    upstream.answer = TROUBLES["closed"].answer
    answer = door.ask(post(b"/v1/messages", STREAMED))
    assert answer.start == (502,)
    assert b'"api_error"' in answer.body
    door.over()
    assert diary.told == ["start", "error", "end failed"]


class _Broken(Loud):
    def feed(self, data: bytes) -> bytes:
        raise RuntimeError(_TROUBLE)


def test_an_adapter_that_fails(
    door: Door, upstream: SocketUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer breaks off, and hooks are told."""
    caplog.set_level(logging.CRITICAL)
    diary = Diary()
    door.serve(hooks=[Louder(_Broken()), diary])
    upstream.answer = says(WHOLE)
    with pytest.raises(ConnectionError):
        door.ask(post(b"/v1/messages", STREAMED))
    door.over()
    assert diary.told == ["start", "headers", "error", "end failed"]
