"""The application: plain ASGI, with one answer for each request, whatever happens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from headroom_langchain.serve.client import (
    Asgi,
    Client,
    Left,
    Receive,
    Refused,
    Scope,
    Send,
    path_of,
)
from headroom_langchain.serve.findings import Findings
from headroom_langchain.serve.handled import Observer
from headroom_langchain.serve.hooks import StreamEnd, StreamHooks
from headroom_langchain.serve.routing import route
from headroom_langchain.serve.settings import Limits
from headroom_langchain.serve.upstream import UpstreamError
from headroom_langchain.serve.wire.problems import Problem, Provider, body

_log: Final = logging.getLogger("headroom_langchain.serve")

_BUSY: Final[Mapping[Provider, Problem]] = {
    "anthropic": Problem(status=529, message="Too many requests at the same time."),
    "openai": Problem(status=503, message="Too many requests at the same time."),
}
_METHODS: Final = frozenset({"CONNECT", "TRACE"})
"""What is for the server that reads it, and never for the one behind."""
_NO_METHOD: Final = Problem(status=405, message="The method is not served here.")
_STOPPED: Final = Problem(status=503, message="The server was stopped.")
_FAILED: Final = Problem(status=500, message="The request could not be served.")


class Backend(Protocol):
    """What answers requests."""

    async def serve(self, client: Client, findings: Findings) -> None:
        """Answer a request, and note what is found out about it.

        Raises:
            Refused: It is not served.
            Left: The client has left.
            UpstreamError: The upstream cannot be reached, or broke off.
        """
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...


class App:
    """An ASGI application in front of a backend."""

    def __init__(
        self,
        backend: Backend,
        *,
        limits: Limits,
        hooks: Sequence[StreamHooks] = (),
        observers: Sequence[Observer] = (),
        routes: Mapping[str, Asgi] | None = None,
    ) -> None:
        """Set up; `create_app` is what users call.

        Args:
            backend: Answers requests.
            limits: What a request may take.
            hooks: Who is told of streams.
            observers: Who is told of requests that are over.
            routes: What is answered here, by path: the page, metrics, health.
        """
        self._backend = backend
        self._limits = limits
        self._hooks = tuple(hooks)
        self._observers = tuple(observers)
        self._routes = dict(routes or {})
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what a server of ASGI hands over."""
        if scope["type"] == "http":
            path = path_of(scope)
            own = self._routes.get(path) or self._routes.get(_folder(path))
            if own is not None:
                await own(scope, receive, send)
                return
            client = Client(
                scope, receive, send, limits=self._limits, hooks=self._hooks
            )
            await self._handle(client)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            # Providers' sockets are not spoken here.
            await send({"type": "websocket.close", "code": 1008})

    async def close(self) -> None:
        """Let go of all connections."""
        await self._backend.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _handle(self, client: Client) -> None:
        findings = Findings()
        self._open += 1
        try:
            self._observe(lambda observer: observer.began())
            await self._answer(client, findings)
        except Left:
            findings.outcome = "left"
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not client.left or task is None or task.uncancel():
                findings.problem = _STOPPED
                raise
            findings.outcome = "left"
        finally:
            self._open -= 1
            client.let_go()
            await self._tell(client, findings)

    async def _answer(self, client: Client, findings: Findings) -> None:
        provider = route(client.method, client.path, client.headers).provider
        problem = await self._served(client, findings, provider)
        if problem is None:
            return
        findings.problem = problem
        if client.status:
            # Too late to say so: the connection is dropped, and the client notices.
            return
        raw = body(provider, problem)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(raw)).encode()),
        ]
        if problem is _BUSY[provider]:
            headers.append((b"retry-after", b"1"))
        await client.decline(problem.status, headers, raw)

    async def _served(
        self, client: Client, findings: Findings, provider: Provider
    ) -> Problem | None:
        """Let the backend answer; returns what the client is to be told instead."""
        if self._open > self._limits.max_requests:
            findings.outcome = "refused"
            return _BUSY[provider]
        if client.method in _METHODS:
            findings.outcome = "refused"
            return _NO_METHOD
        try:
            await self._backend.serve(client, findings)
        except Left:
            raise
        except Refused as refused:
            findings.outcome = "refused"
            return refused.problem
        except UpstreamError as error:
            if error.status < _FAILED.status:
                findings.outcome = "refused"
            return Problem(status=error.status, message=_sentence(error))
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer
            _log.exception("request %s failed", client.id)
            return _FAILED
        return None

    async def _tell(self, client: Client, findings: Findings) -> None:
        handled = findings.handled(client)
        self._observe(lambda observer: observer.ended(handled))
        if client.hooked is None:
            return
        end = StreamEnd(
            status=handled.status,
            outcome=handled.outcome,
            seconds=handled.seconds,
            first_byte=handled.first_byte,
            chunks=client.chunks,
            bytes=handled.bytes_out,
            rounds=handled.rounds,
            usage=handled.usage,
        )
        try:
            if findings.problem is not None:
                await client.hooked.error(findings.problem)
        finally:
            await client.hooked.end(end)

    def _observe(self, told: Callable[[Observer], None]) -> None:
        for observer in self._observers:
            try:
                told(observer)
            except Exception:  # noqa: BLE001 - it only looks on
                _log.exception("the observer %s failed", type(observer).__name__)


def _folder(path: str) -> str:
    """Return the first folder of a path, as a route that ends with a slash."""
    return path[: path.find("/", 1) + 1]


def _sentence(error: UpstreamError) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + "."
