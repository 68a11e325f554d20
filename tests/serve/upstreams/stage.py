"""Where applications are put on: a server on loopback whose application can change.

What every application sends is kept, so that a test sees the very bytes that its
client got, whichever client that is.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypeAlias

import uvicorn

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class Application(Protocol):
    """An application that can be closed."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve a request."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


@dataclass(slots=True, kw_only=True)
class Sent:
    """What a client was sent for one request."""

    path: str
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    whole: bool = False
    """Whether it was ended, and not given up."""
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the application is done with the request."""

    def header(self, name: str) -> list[str]:
        """Return the values of a header."""
        return [value for key, value in self.headers if key == name]

    @property
    def is_stream(self) -> bool:
        """Whether it is a stream of events."""
        return self.header("content-type")[:1] == ["text/event-stream; charset=utf-8"]


class Stage:
    """A server in a thread, with at most one application at a time."""

    def __init__(self) -> None:
        """Prepare a server without an application."""
        self.sent: list[Sent] = []
        """What clients of the application were sent."""
        self._application: Application | None = None
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            proxy_headers=False,
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that applications run on."""
        return self._loop

    def put_on(self, application: Application) -> None:
        """Serve an application from now on."""
        self.sent = []
        self._application = application

    def take_off(self) -> None:
        """Close the application."""
        application, self._application = self._application, None
        if application is not None:
            closing = application.close()
            asyncio.run_coroutine_threadsafe(_run(closing), self._loop).result(10)

    def __enter__(self) -> Self:
        """Listen."""
        # With the protocol named, asyncio sends what is written at once.
        self._listener = socket.socket(
            socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
        )
        self._listener.bind(("127.0.0.1", 0))
        self._port: int = self._listener.getsockname()[1]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening, and end the thread."""
        self.take_off()
        self._server.should_exit = True
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._server.serve(sockets=[self._listener]))

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        assert self._application is not None, "no application is put on"
        sent = Sent(path=scope["path"])
        self.sent.append(sent)

        async def keeping(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent.status = message["status"]
                sent.headers = [
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in message["headers"]
                ]
            else:
                sent.body += message.get("body", b"")
                sent.whole = not message.get("more_body", False)
            await send(message)

        try:
            await self._application(scope, receive, keeping)
        finally:
            sent.over.set()


async def _run(work: Awaitable[None]) -> None:
    await work
