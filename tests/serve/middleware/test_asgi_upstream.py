"""An application as an upstream: called as a server calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from headroom_langchain.serve.asgi_upstream import AsgiUpstream
from headroom_langchain.serve.upstream import Outgoing, UpstreamError

START = {"type": "http.response.start", "status": 201, "headers": [(b"X-A", b"1")]}


def request(body: bytes | AsyncIterator[bytes] = b"{}") -> Outgoing:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"99")]
    return Outgoing(method="POST", target=b"/v1/a%20b?q=1", headers=headers, body=body)


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def test_an_answer_in_pieces() -> None:
    """Head and pieces come as the application sends them, each when it does."""
    go_on = asyncio.Event()
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        seen.append(await receive())
        await send(START)
        await send(part(b"one"))
        await go_on.wait()
        await send(part(b"two", more=False))

    incoming = await AsgiUpstream(app).open(request())
    chunks = incoming.chunks()
    assert (incoming.status, list(incoming.headers)) == (201, [(b"x-a", b"1")])
    assert await anext(chunks) == b"one"
    go_on.set()
    assert [chunk async for chunk in chunks] == [b"two"]
    scope, asked = seen
    assert scope["path"] == "/v1/a b"
    assert scope["raw_path"] == b"/v1/a%20b"
    assert scope["query_string"] == b"q=1"
    assert (b"content-length", b"2") in scope["headers"]
    assert asked["body"] == b"{}"
    await incoming.close()


async def test_a_body_in_pieces() -> None:
    """A body that is still coming is handed over as it comes."""

    async def body() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        parts = []
        while (message := await receive())["more_body"]:
            parts.append(message["body"])
        await send(START)
        await send(part(b"|".join(parts), more=False))

    incoming = await AsgiUpstream(app).open(request(body()))
    assert [chunk async for chunk in incoming.chunks()] == [b"one|two"]


@pytest.mark.parametrize("before", [True, False])
async def test_an_application_that_fails(*, before: bool) -> None:
    """Its exception is told as an upstream's failure, wherever it happens."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if not before:
            await send(START)
            await send(part(b"one"))
        raise ValueError

    async def read() -> None:
        incoming = await AsgiUpstream(app).open(request())
        assert not before
        async for _ in incoming.chunks():
            pass

    with pytest.raises(UpstreamError, match="the application failed") as caught:
        await read()
    assert caught.value.status == 500


async def test_an_answer_without_its_end() -> None:
    """An application that returns too early has broken off."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(part(b"one"))

    incoming = await AsgiUpstream(app).open(request())
    chunks = incoming.chunks()
    assert await anext(chunks) == b"one"
    with pytest.raises(UpstreamError, match="ended before its answer did"):
        await anext(chunks)


@pytest.mark.parametrize("way", ["receiving", "sending"])
async def test_an_application_learns_that_nobody_listens(way: str) -> None:
    """Who closes an answer is gone for the application, however it looks."""
    told = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await receive()
        await send(START)
        if way == "receiving":
            assert (await receive())["type"] == "http.disconnect"
            told.set()
            return
        try:
            while True:
                await send(part(b"more"))
        except OSError:
            told.set()

    incoming = await AsgiUpstream(app).open(request())
    await incoming.close()
    await asyncio.wait_for(told.wait(), 5)
    await incoming.close()


async def test_what_is_done_behind_the_answer_is_done() -> None:
    """An application finishes its work when its answer has been read and closed."""
    go_on, done = asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(part(b"all", more=False))
        await go_on.wait()
        done.set()

    incoming = await AsgiUpstream(app).open(request())
    assert [chunk async for chunk in incoming.chunks()] == [b"all"]
    await incoming.close()
    go_on.set()
    await asyncio.wait_for(done.wait(), 5)


async def test_closing_stops_what_still_runs() -> None:
    """An upstream that is closed leaves nothing running."""
    stopped = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    upstream = AsgiUpstream(app)
    await upstream.open(request())
    await upstream.close()
    assert stopped.is_set()
