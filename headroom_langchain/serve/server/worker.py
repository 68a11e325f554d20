"""What a worker process does."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import Final

from headroom_langchain.errors import HeadroomError
from headroom_langchain.serve.server.logs import logged_to_stderr
from headroom_langchain.serve.server.settings import ServerSettings

_log: Final = logging.getLogger("headroom_langchain.serve")


def work(settings: ServerSettings, listener: socket.socket, saying: Connection) -> None:
    """Serve until told to stop, or until the process that started this one ends.

    Args:
        settings: What to serve.
        listener: Where requests come in.
        saying: Is told once requests are answered.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    with logged_to_stderr(settings.log, color=settings.color):
        try:
            _work(settings, listener, saying)
        except (HeadroomError, ImportError) as error:
            _log.error("a worker cannot start: %s", error)
            sys.exit(1)


def _work(
    settings: ServerSettings, listener: socket.socket, saying: Connection
) -> None:
    from headroom_langchain.serve.server.process import Process

    process = Process(settings)
    signal.signal(signal.SIGTERM, lambda *_: process.stop())

    def ready() -> None:
        _stop_with_parent(process.stop)
        saying.send("ready")

    process.run(listener, ready)


def _stop_with_parent(stop: Callable[[], None]) -> None:
    parent = parent_process()
    if parent is None:
        return
    loop = asyncio.get_running_loop()
    alive = parent.sentinel

    def ended() -> None:
        loop.remove_reader(alive)
        stop()

    loop.add_reader(alive, ended)
