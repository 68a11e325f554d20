"""A server from its settings: in this process, or in several."""

from __future__ import annotations

import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from headroom_langchain.errors import ConfigurationError
from headroom_langchain.serve.server.settings import ServerSettings

_JOURNAL: Final = "journal.db"


def run(
    settings: ServerSettings, listener: socket.socket, ready: Callable[[], None]
) -> None:
    """Serve until this process is told to stop by a signal.

    Args:
        settings: What to serve.
        listener: Where requests come in; it is closed at the end.
        ready: Called once requests are answered.

    Raises:
        ConfigurationError: The settings do not work on this machine.
        StoreError: A file cannot be written.
        WorkerError: No worker could start.
    """
    if settings.workers == 1:
        _run_alone(settings, listener, ready)
        return
    if sys.platform == "win32":
        msg = f"{settings.workers} workers cannot share a socket on Windows: use one"
        raise ConfigurationError(msg)
    from headroom_langchain.serve.server.workers import Workers

    with listener, _shared(settings) as shared:
        Workers(settings=shared, listener=listener).run(ready)


def _run_alone(
    settings: ServerSettings, listener: socket.socket, ready: Callable[[], None]
) -> None:
    from headroom_langchain.serve.server.process import Process

    process = Process(settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: process.stop())
    process.run(listener, ready)


@contextmanager
def _shared(settings: ServerSettings) -> Iterator[ServerSettings]:
    """Prepare what workers share; it is removed when they have ended."""
    from headroom_langchain.serve.operations.worker_counts import (
        forget_workers,
        prepare_workers,
    )
    from headroom_langchain.serve.server.originals import open_originals

    if settings.store is not None:
        open_originals(settings.store, prepare=True).close()
    with tempfile.TemporaryDirectory(prefix="headroom-") as folder:
        counts = prepare_workers(Path(folder) / "metrics")
        try:
            yield replace(settings, journal=Path(folder) / _JOURNAL)
        finally:
            forget_workers(counts)
