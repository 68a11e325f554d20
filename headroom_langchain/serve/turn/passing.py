"""An answer that is passed on as it is: the bytes are those of the upstream.

Of a stream it is looked where its events end, and whether the last one came. One that
breaks off, or ends before that, is ended with an error: clients take it for whole.
"""

from __future__ import annotations

import zlib
from typing import Final

from headroom_langchain.serve.client import Client
from headroom_langchain.serve.dialects.dialect import Dialect, Notes
from headroom_langchain.serve.turn.preparing import Prepared
from headroom_langchain.serve.turn.rounds import BROKEN
from headroom_langchain.serve.upstream import Incoming, UpstreamError
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.encodings import decoder_of, is_stream
from headroom_langchain.serve.wire.frames import Frame, Frames
from headroom_langchain.serve.wire.headers import for_client
from headroom_langchain.serve.wire.problems import Problem

_OK: Final = 200


async def pass_on(client: Client, incoming: Incoming) -> None:
    """Pass on an answer unread.

    Raises:
        UpstreamError: It broke off.
    """
    await client.start(incoming.status, for_client(incoming.headers, changed=False))
    async for chunk in incoming.chunks():
        await client.send(chunk)
    await client.end()


async def pass_on_watched(
    client: Client, incoming: Incoming, dialect: Dialect, prepared: Prepared
) -> Problem | None:
    """Pass on an answer of a known protocol, and look whether it ends well.

    Returns:
        What went wrong, if anything did; a client that reads a stream was told.

    Raises:
        UpstreamError: It broke off, and is none to which an error can be added.
    """
    watched = Watched(dialect, incoming)
    problem: Problem | None = None
    headers = for_client(incoming.headers, changed=False)
    if watched.stream:
        # An error at its end would make it longer.
        headers = [pair for pair in headers if pair[0] != b"content-length"]
    await client.start(incoming.status, headers)
    try:
        async for chunk in incoming.chunks():
            data = watched.take(chunk)
            await _keep(watched, prepared)
            await client.send(data)
    except UpstreamError as error:
        if not watched.stream:
            raise
        problem = Problem(status=error.status, message=str(error))
    if not watched.stream or watched.ended:
        rest = watched.rest()
        await _keep(watched, prepared)
        await client.send(rest)
        return None
    problem = problem or BROKEN
    if not watched.plain:
        # Nothing can be added to what is packed: it breaks off for the client too.
        raise UpstreamError(problem.message, status=problem.status)
    await client.send(prepared.request.streamed().error(problem))
    return problem


async def _keep(watched: Watched, prepared: Prepared) -> None:
    """Keep what later requests must know, before the client can send the next one."""
    if notes := watched.notes():
        await prepared.notes.aput(notes)


class Watched:
    """What is seen of an answer that is passed on unread."""

    def __init__(self, dialect: Dialect, incoming: Incoming) -> None:
        """Begin before its first byte."""
        self._dialect = dialect
        self._decode = decoder_of(incoming.headers)
        legible = incoming.status == _OK and self._decode is not None
        self.stream = legible and is_stream(incoming.headers)
        """Whether it is a stream whose end can be told."""
        self.ended = False
        """Whether the end has come."""
        self._noting = legible and dialect.notes_unread
        self._noted: dict[str, Json] = {}
        self._frames = Frames()
        self.plain = self._decode is bytes
        """Whether its bytes are those of the events."""
        self._whole: list[bytes] = []
        """The chunks of an answer in one piece, which is noted before it goes out."""
        self._unpacked: list[bytes] = []
        """The same, unpacked."""

    def take(self, chunk: bytes) -> bytes:
        """Look at a chunk; returns what goes out now: whole events of a stream.

        Half an event is of no use to a client, and would spoil an error behind it.
        """
        if self._decode is None or not (self.stream or self._noting):
            return chunk
        try:
            data = self._decode(chunk)
        except zlib.error:
            self._decode, self.stream, self._noting = None, False, False
            held, self._whole = self._whole, []
            return b"".join([*held, chunk])
        if not self.stream:
            self._whole.append(chunk)
            self._unpacked.append(data)
            return b""
        passed = []
        for frame in self._frames.feed(data):
            passed.append(frame.raw)
            self.ended = self.ended or self._dialect.ended(b"\n" + frame.raw)
            if self._noting:
                self._noted.update(self._dialect.watched(frame))
        return b"".join(passed) if self.plain else chunk

    def rest(self) -> bytes:
        """Return what is still to go out at the end."""
        if self._whole:
            # As the event that would have ended a stream.
            whole = b"".join(self._unpacked)
            event = b'{"type":"response.completed","response":' + whole + b"}"
            ended = Frame(b"", "response.completed", event)
            self._noted.update(self._dialect.watched(ended))
            return b"".join(self._whole)
        return self._frames.rest() if self.plain else b""

    def notes(self) -> Notes:
        """Return what later requests must know of it, and was not returned before."""
        noted, self._noted = self._noted, {}
        return noted
