"""An application between an upstream and clients that speak in bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from upstreams.stage import Stage

from hardening.sockets import PATIENCE, Seen, SocketUpstream, asked
from headroom_langchain.serve import App, Upstreams, create_app


class Door:
    """What clients knock at: a server with the application under test."""

    def __init__(self, stage: Stage, upstream: SocketUpstream) -> None:
        self._stage, self._upstream = stage, upstream
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def port(self) -> int:
        """Where it is."""
        return int(self._stage.url.rpartition(":")[2])

    def serve(self, upstream: str | None = None, **settings: Any) -> App:
        """Put on an application in front of an upstream."""
        self._stage.take_off()
        address = upstream or self._upstream.url
        where = Upstreams(anthropic=address, openai=f"{address}/v1")
        app = create_app(upstreams=where, **settings)
        self._stage.put_on(app)
        return app

    def ask(self, request: bytes, method: str = "GET") -> Seen:
        """Send a request through it."""
        return asked(self.port, request, method)

    def over(self) -> None:
        """Wait until all requests are done with."""
        assert all(one.over.wait(PATIENCE) for one in self._stage.sent)

    def open(self) -> None:
        """Begin a test."""
        self._upstream.reset()
        self._tasks = self._run(_others())
        self.serve()

    def close(self) -> None:
        """End a test: no task and no connection is left of it."""
        self.over()
        assert not self._run(_left(self._tasks))
        self._stage.take_off()
        assert self._upstream.idle()

    def _run(self, work: Any) -> Any:
        running = asyncio.run_coroutine_threadsafe(work, self._stage.loop)
        return running.result(2 * PATIENCE)


async def _others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def _left(before: set[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    """Return the tasks that do not end."""
    tasks = await _others() - before
    return (await asyncio.wait(tasks, timeout=PATIENCE))[1] if tasks else set()


@pytest.fixture(scope="session")
def _both() -> Iterator[tuple[Stage, SocketUpstream]]:
    with SocketUpstream() as upstream, Stage() as stage:
        yield stage, upstream


@pytest.fixture
def door(_both: tuple[Stage, SocketUpstream]) -> Iterator[Door]:
    """An application in front of an upstream that has seen nothing."""
    door = Door(*_both)
    door.open()
    yield door
    door.close()


@pytest.fixture
def upstream(door: Door, _both: tuple[Stage, SocketUpstream]) -> SocketUpstream:
    """The upstream behind it."""
    return _both[1]
