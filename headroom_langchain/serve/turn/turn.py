"""The answer to a request in which the model may ask for originals.

Rounds follow each other until one asks for nothing more. What the client may see goes
out as it comes, so that all rounds are one answer to it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from collections.abc import Awaitable
from typing import Final, TypeVar

from headroom_langchain.ccr.store.notes import Notes
from headroom_langchain.serve.client import Client, Left, Refused
from headroom_langchain.serve.dialects.dialect import (
    Dialect,
    Exchange,
    Request,
    Spoken,
    Streamed,
)
from headroom_langchain.serve.dialects.usage import added
from headroom_langchain.serve.findings import Findings
from headroom_langchain.serve.turn.asking import Asking, RoundFailed
from headroom_langchain.serve.turn.reading import content
from headroom_langchain.serve.turn.rounds import Asked, Broken, Finished, Rounds
from headroom_langchain.serve.upstream import UpstreamError
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.encodings import (
    DAMAGED,
    decoder_of,
    is_json,
    is_stream,
)
from headroom_langchain.serve.wire.frames import Frames, dumped
from headroom_langchain.serve.wire.headers import Headers, for_client
from headroom_langchain.serve.wire.problems import Problem, body

T = TypeVar("T")

_log: Final = logging.getLogger("headroom_langchain.serve")

_OK: Final = 200
_FAILED: Final = Problem(status=500, message="The answer could not be passed on.")
_LAST: Final = b"\n\n"
"""What ends a last event that the upstream left open."""


class Turn:
    """One answer, of one or more rounds."""

    def __init__(
        self,
        client: Client,
        request: Request,
        dialect: Dialect,
        *,
        asking: Asking,
        notes: Notes,
        rounds: Rounds,
        heartbeat: float,
        findings: Findings,
    ) -> None:
        """Begin when the upstream has sent the head of its first answer.

        Args:
            client: Who asked.
            request: What it asked.
            dialect: The protocol.
            asking: Asks the upstream.
            notes: Keeps what later requests must know.
            rounds: Decides when the answer is over.
            heartbeat: Seconds after which a waiting client gets a sign of life.
            findings: Where it is noted what happened.
        """
        self._client = client
        self._request = request
        self._dialect = dialect
        self._asking = asking
        self._notes = notes
        self._rounds = rounds
        self._heartbeat = heartbeat
        self._findings = findings

    async def run(self) -> None:
        """Answer the client.

        Raises:
            Refused: The upstream's answer cannot be read.
            UpstreamError: It broke off before anything was sent.
        """
        headers = self._asking.incoming.headers
        if decoder_of(headers) is None:
            said = "The upstream's answer is encoded in a way that was not asked for."
            raise Refused(Problem(status=502, message=said))
        if is_stream(headers):
            await self._stream(headers)
        elif is_json(headers):
            await self._whole(headers)
        else:
            raw = await content(self._asking.incoming)
            await self._respond(_OK, headers, raw)

    async def _stream(self, headers: Headers) -> None:
        streamed = self._request.streamed()
        await self._client.start(_OK, for_client(headers, changed=True))
        try:
            await self._play(streamed)
        except Left:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the client is told
            _log.exception("a stream failed")
            self._findings.problem = _FAILED
            await self._client.send(streamed.error(_FAILED))

    async def _play(self, streamed: Streamed) -> None:
        client = self._client
        while True:
            broken = await self._forward(streamed)
            spoken = self._ended(streamed.round())
            match self._rounds.after(spoken):
                case Broken(problem=problem, told=told):
                    self._findings.problem = problem = broken or problem
                    if not told:
                        await client.send(streamed.error(problem))
                    return
                case Finished(closing=closing):
                    await self._keep(Exchange(spoken=spoken))
                    await client.send(streamed.finish(closing))
                    return
                case Asked() as asked:
                    exchange = await self._beating(self._answered(spoken, asked))
                    if asked.over:
                        await self._keep(exchange)
                        await client.send(streamed.finish())
                        return
                    try:
                        await self._beating(self._asking.again(exchange))
                    except RoundFailed as failed:
                        self._findings.problem = failed.problem
                        await client.send(streamed.error(failed.problem))
                        return
                    streamed.proceed()

    async def _forward(self, streamed: Streamed) -> Problem | None:
        """Pass on what the client may see of a round; returns how it broke off."""
        incoming, frames = self._asking.incoming, Frames()
        decode = decoder_of(incoming.headers)
        if decode is None or not is_stream(incoming.headers):
            return Problem(status=502, message="The upstream's answer is no stream.")
        send, take, feed = self._client.send, streamed.take, frames.feed
        chunks = incoming.chunks()
        try:
            if self._rounds.count:
                first = await self._beating(anext(chunks, b""))
                await send(b"".join(map(take, feed(decode(first)))))
            async for chunk in chunks:
                await send(b"".join(map(take, feed(decode(chunk)))))
        except UpstreamError as error:
            return Problem(status=error.status, message=str(error))
        except zlib.error:
            return Problem(status=502, message=DAMAGED)
        await send(b"".join(map(take, feed(_LAST))))
        return None

    async def _whole(self, headers: Headers) -> None:
        whole, raw = self._request.whole(), await content(self._asking.incoming)
        if (answer := _object(raw)) is None:
            await self._respond(_OK, headers, raw)
            return
        first = answer
        while True:
            whole.take(answer)
            spoken = self._ended(whole.round())
            match self._rounds.after(spoken):
                case Asked() as asked:
                    exchange = await self._answered(spoken, asked)
                    closing = ""
                    if not asked.over:
                        try:
                            await self._asking.again(exchange)
                            answer = await self._next()
                        except RoundFailed as failed:
                            await self._failed(failed, headers)
                            return
                        continue
                case Finished(closing=closing):
                    exchange = Exchange(spoken=spoken)
                case Broken():
                    exchange, closing = Exchange(spoken=spoken), ""
            await self._keep(exchange)
            final = whole.finish(closing)
            unchanged = final == first and self._rounds.count == 1
            await self._respond(_OK, headers, raw if unchanged else dumped(final))
            return

    async def _next(self) -> Json:
        """Return the answer of a later round."""
        incoming = self._asking.incoming
        try:
            raw = await content(incoming)
        except UpstreamError as error:
            problem = Problem(status=error.status, message=str(error))
            raise RoundFailed(problem) from error
        if (answer := _object(raw)) is None:
            said = "The upstream's answer is no JSON object."
            raise RoundFailed(Problem(status=502, message=said))
        return answer

    async def _failed(self, failed: RoundFailed, headers: Headers) -> None:
        self._findings.problem = failed.problem
        raw = failed.body
        if raw is None:
            raw = body(self._dialect.provider, failed.problem)
            headers = [(b"content-type", b"application/json")]
        else:
            headers = failed.headers
        await self._respond(failed.problem.status, headers, raw)

    async def _respond(self, status: int, headers: Headers, raw: bytes) -> None:
        length = (b"content-length", str(len(raw)).encode())
        await self._client.start(status, [*for_client(headers, changed=True), length])
        await self._client.send(raw)

    async def _answered(self, spoken: Spoken, asked: Asked) -> Exchange:
        exchange = await self._asking.answer(spoken, asked)
        if self._asking.repeated:
            self._rounds.end_soon()
        return exchange

    async def _keep(self, last: Exchange) -> None:
        notes = self._request.notes(last, self._asking.keys)
        if notes and (failed := await self._notes.aput(notes)):
            self._findings.notes.append(failed)

    def _ended(self, spoken: Spoken) -> Spoken:
        """Note what a round came to."""
        if spoken.usage is not None:
            known = [self._findings.usage] if self._findings.usage else []
            self._findings.usage = added([*known, spoken.usage])
        self._findings.rounds = self._rounds.count + 1
        return spoken

    async def _beating(self, work: Awaitable[T]) -> T:
        """Wait for something, while the client gets signs of life."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=self._heartbeat))[0]:
                await self._client.send(self._dialect.heartbeat)
            return task.result()
        finally:
            task.cancel()


def _object(raw: bytes) -> Json | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
