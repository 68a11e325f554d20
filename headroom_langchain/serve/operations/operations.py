"""What operators see of a server, put together: who observes, and what is answered."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from headroom_langchain._version import __version__
from headroom_langchain.ccr.store.base import CCRStore
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.serve.client import Asgi
from headroom_langchain.serve.handled import Handled, Observer
from headroom_langchain.serve.operations.entry import entry_of
from headroom_langchain.serve.operations.journal import Journal, MemoryJournal
from headroom_langchain.serve.operations.replies import (
    Answer,
    Asking,
    Hosts,
    Reply,
    guarded,
)
from headroom_langchain.serve.operations.request_log import log_request
from headroom_langchain.serve.operations.shared_journal import SharedJournal

if TYPE_CHECKING:
    from headroom_langchain.serve.operations.metrics import Metrics

_UNAVAILABLE: Final = 503


class Operations:
    """Metrics, a log, a journal, and the page of one application."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        hosts: Iterable[str] = (),
        page: bool = True,
        metrics: bool = True,
        log: bool = True,
        journal: str | os.PathLike[str] | None = None,
        store: CCRStore | None = None,
        show_contents: bool = False,
    ) -> None:
        """Decide what is seen.

        Args:
            host: What the server is bound to; requests may name it so, or as this
                machine.
            hosts: Further names by which requests may call it; `*` stands for all.
            page: Answer `/` and what the page asks for.
            metrics: Count for Prometheus, and answer `/metrics`.
            log: Log each request; see `request_log`.
            journal: A SQLite file for what the page shows of all workers; `None` keeps
                it in memory, for one worker.
            store: Where originals are; the server's own store.
            show_contents: Let the page open originals of requests that it shows.

        Raises:
            ConfigurationError: Contents are to be shown, and no store is given.
            ImportError: Metrics need prometheus-client, which is not installed.
            StoreError: The journal cannot be written.
        """
        if show_contents and store is None:
            msg = "show_contents=True needs store=...: the one the server keeps them in"
            raise ConfigurationError(msg)
        self._store = store if show_contents else None
        self._hosts = Hosts(host, hosts)
        self._metrics = _metrics() if metrics else None
        self._journal: Journal | None = None
        if page:
            self._journal = _journal(journal)
        self._in_flight = 0
        self._log = log
        self._stopping = False
        self._began = time.monotonic()
        self.observers: tuple[Observer, ...] = (self,)
        """Who must be told of requests."""
        self.routes: Mapping[str, Asgi] = self._routes()
        """What is answered, by path: ASGI applications for HTTP. A path that ends
        with `/` stands for all below it, but for `/` itself."""

    def route(self, path: str) -> Asgi | None:
        """Return what answers a path; `None` when it is for somebody else."""
        found = self.routes.get(path)
        if found is None and path.startswith("/headroom/"):
            found = self.routes.get("/headroom/")
        return found

    def began(self) -> None:
        """Note that a request has come."""
        self._in_flight += 1
        if self._metrics is not None:
            self._metrics.began()
        if self._journal is not None:
            self._journal.began()

    def ended(self, handled: Handled) -> None:
        """Note that it is over."""
        self._in_flight -= 1
        entry = entry_of(handled)
        if self._metrics is not None:
            self._metrics.ended(entry)
        if self._journal is not None:
            self._journal.ended(entry, handled.namespace)
        if self._log:
            log_request(entry)

    def stop(self) -> None:
        """Say from now on that the server shuts down; it still answers."""
        self._stopping = True

    def close(self) -> None:
        """Write down what is not yet written; it waits for a disk."""
        self.stop()
        if self._journal is not None:
            self._journal.close()

    async def aclose(self) -> None:
        """Close in a worker thread."""
        await asyncio.to_thread(self.close)

    def _routes(self) -> Mapping[str, Asgi]:
        answers: dict[str, Answer] = {"/healthz": self._health}
        if self._metrics is not None:
            answers["/metrics"] = self._counted(self._metrics)
        if self._journal is not None:
            from headroom_langchain.serve.operations.page.routes import Page

            page = Page(journal=self._journal, store=self._store)
            answers |= page.answers
        return {path: guarded(answer, self._hosts) for path, answer in answers.items()}

    async def _health(self, _: Asking) -> Reply:
        told = {
            "status": "stopping" if self._stopping else "ok",
            "version": __version__,
            "in_flight": self._in_flight,
            "uptime": round(time.monotonic() - self._began, 1),
        }
        return Reply.of(told, status=_UNAVAILABLE if self._stopping else 200)

    @staticmethod
    def _counted(metrics: Metrics) -> Answer:
        async def answer(asking: Asking) -> Reply:
            body, kind = await asyncio.to_thread(metrics.page, asking.accept)
            return Reply(body=body, kind=kind)

        return answer


def _journal(file: str | os.PathLike[str] | None) -> Journal:
    return MemoryJournal() if file is None else SharedJournal(file)


def _metrics() -> Metrics:
    from headroom_langchain.serve.operations.metrics import Metrics

    return Metrics()
