"""Several processes that serve over one socket, and one that looks after them.

A worker that ends is started again. When the looking-after process is told to stop, the
workers are; when it is killed, they notice and stop by themselves.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Final

from headroom_langchain.errors import HeadroomError
from headroom_langchain.serve.server.settings import ServerSettings
from headroom_langchain.serve.server.worker import work

_STOPS: Final = (signal.SIGINT, signal.SIGTERM)
_OVERTIME: Final = 5.0
"""Seconds after the end of their grace that workers have before they are killed."""
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 8.0
"""Seconds before a worker is started again that could not start."""

_log: Final = logging.getLogger("headroom_langchain.serve")


class WorkerError(HeadroomError):
    """No worker could start; what it said about it is in the log."""


@dataclass(slots=True, kw_only=True)
class _Worker:
    """A worker that was started."""

    process: SpawnProcess
    said: Connection
    """Tells when it answers requests."""
    ready: bool = False


@dataclass(slots=True, kw_only=True)
class Workers:
    """Looks after the workers of a server."""

    settings: ServerSettings
    listener: socket.socket
    """Where requests come in; it is closed when the workers are told to stop."""
    _running: list[_Worker] = field(default_factory=list)
    _due: list[float] = field(default_factory=list)
    """When workers are to be started, by the monotonic clock."""
    _pause: float = _FIRST_PAUSE
    _deadline: float | None = None
    """When workers that were told to stop are killed."""

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until this process is told to stop by a signal.

        Args:
            ready: Called once all workers answer.

        Raises:
            WorkerError: A worker ended before any answered.
        """
        with _signals() as signals:
            self._due = [0.0] * self.settings.workers
            told = False
            try:
                while self._running or self._due:
                    self._start_due()
                    self._look(signals)
                    if not told and len(self._ready) == self.settings.workers:
                        told = True
                        ready()
            finally:
                self._kill()

    @property
    def _ready(self) -> list[_Worker]:
        return [worker for worker in self._running if worker.ready]

    def _start_due(self) -> None:
        now = time.monotonic()
        for due in [due for due in self._due if due <= now]:
            self._due.remove(due)
            self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        said, saying = context.Pipe(duplex=False)
        process = context.Process(
            target=work, args=(self.settings, self.listener, saying)
        )
        # Ctrl-C reaches all processes of a terminal, and a worker that has only begun
        # would say so with a traceback. This process tells the workers.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            saying.close()
        self._running.append(_Worker(process=process, said=said))

    def _look(self, signals: socket.socket) -> None:
        """Wait until something happens, and see to it."""
        waited: list[Connection | socket.socket | int] = [signals]
        for worker in self._running:
            waited.append(worker.process.sentinel)
            if not worker.ready:
                waited.append(worker.said)
        happened = wait(waited, self._patience())
        for worker in [*self._running]:
            if worker.said in happened:
                self._hear(worker)
            if worker.process.sentinel in happened:
                self._bury(worker)
        if signals in happened and signals.recv(64):
            self._stop()
        if self._deadline is not None and time.monotonic() > self._deadline:
            self._kill()

    def _patience(self) -> float | None:
        times = [*self._due, *([] if self._deadline is None else [self._deadline])]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _hear(self, worker: _Worker) -> None:
        try:
            worker.said.recv()
        except (EOFError, OSError):
            return
        worker.ready = True
        self._pause = _FIRST_PAUSE

    def _bury(self, worker: _Worker) -> None:
        worker.process.join()
        self._running.remove(worker)
        worker.said.close()
        if self._deadline is not None:
            return
        code = worker.process.exitcode or 0
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        _log.error("worker %d ended %s", worker.process.pid, how)
        if worker.ready:
            self._due.append(time.monotonic())
            return
        if not self._ready:
            msg = "a worker could not start"
            raise WorkerError(msg)
        self._due.append(time.monotonic() + self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _stop(self) -> None:
        """Tell the workers to stop; a second time they stop at once."""
        # Who connects now is told that nobody listens, and does not wait for it.
        self.listener.close()
        self._due.clear()
        if self._deadline is None:
            self._deadline = time.monotonic() + self.settings.grace + _OVERTIME
        for worker in self._running:
            worker.process.terminate()

    def _kill(self) -> None:
        for worker in self._running:
            worker.process.kill()
        for worker in self._running:
            worker.process.join()


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """Yield a socket that gets a byte for each signal to stop."""
    reading, writing = socket.socketpair()
    with reading, writing:
        writing.settimeout(0)
        before = {number: signal.signal(number, _noted) for number in _STOPS}
        woken = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            yield reading
        finally:
            signal.set_wakeup_fd(woken)
            for number, handler in before.items():
                signal.signal(number, handler)


def _noted(*_: object) -> None:
    """Do nothing: the signal has been written to the socket."""
