"""One process that serves, from its settings until it is told to stop."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.serve.create import create_app
from headroom_langchain.serve.operations.operations import Operations
from headroom_langchain.serve.server.originals import open_originals

if TYPE_CHECKING:
    from headroom_langchain.ccr.store.base import CCRStore
    from headroom_langchain.serve.app import App
    from headroom_langchain.serve.handled import Observer
    from headroom_langchain.serve.server.settings import ServerSettings

try:
    import uvicorn
except ImportError as error:
    _msg = "a server needs uvicorn: pip install 'headroom-langchain[serve]'"
    raise ImportError(_msg) from error

_KEEP_ALIVE: Final = 120
"""Seconds that an idle connection is kept. Clients give theirs up earlier, so none
sends a request in the moment in which it is closed here."""


class Process:
    """One process that serves."""

    def __init__(
        self, settings: ServerSettings, *, observers: Sequence[Observer] = ()
    ) -> None:
        """Put the application together.

        Args:
            settings: What to serve.
            observers: Who else is told of requests.

        Raises:
            ConfigurationError: The store cannot be had.
            StoreError: The journal cannot be written.
        """
        with ExitStack() as held:
            store = _store(settings)
            held.callback(store.close)
            self._operations = operations = Operations(
                host=settings.host,
                hosts=settings.names,
                page=settings.page,
                log=settings.log is not None,
                journal=settings.journal,
                store=store,
                show_contents=settings.show_contents,
            )
            held.callback(operations.close)
            operations.observers += tuple(observers)
            app = create_app(
                upstreams=settings.upstreams,
                policy=settings.policy,
                store=store,
                namespace=settings.namespace,
                limits=settings.limits,
                operations=operations,
            )
            self._server = _Server(_config(app, settings.grace))
            self._held = held.pop_all()

    def run(self, listener: socket.socket, ready: Callable[[], None]) -> None:
        """Serve until `stop` is called, and until running requests have ended.

        Args:
            listener: Where requests come in; it is closed at the end.
            ready: Called once requests are answered, on the event loop.
        """
        self._server.ready = ready
        with self._held:
            self._server.run([listener])

    def stop(self) -> None:
        """Stop, from any thread; a second time means at once."""
        self._operations.stop()
        if self._server.should_exit:
            self._server.force_exit = True
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """A server that leaves signals to its process."""

    ready: Callable[[], None]

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        if self.started:
            self.ready()


def _store(settings: ServerSettings) -> CCRStore:
    if settings.store is None:
        return InMemoryCCRStore()
    alone = settings.workers == 1
    return open_originals(settings.store, ttl=settings.ttl, prepare=alone)


def _config(app: App, grace: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_protocol(),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=grace,
    )


def _protocol() -> str:
    """Return what reads HTTP: the fast parser, where it is installed."""
    if importlib.util.find_spec("httptools") is None:
        return "uvicorn.protocols.http.h11_impl:H11Protocol"
    return "headroom_langchain.serve.server.protocol:BoundedProtocol"
