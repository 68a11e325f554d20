"""Servers in a thread of the test, over real sockets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from headroom_langchain.serve.server.listening import LOOPBACK, address_of, listen
from headroom_langchain.serve.server.process import Process
from headroom_langchain.serve.server.settings import ServerSettings

SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers."""

    process: Process
    thread: threading.Thread
    address: str
    port: int

    def ends(self) -> None:
        """Wait until it has ended."""
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()


@contextmanager
def running(settings: ServerSettings) -> Iterator[Running]:
    """Serve in a thread until the end of the block."""
    listener = listen(LOOPBACK, 0)
    address, port = address_of(listener), listener.getsockname()[1]
    process = Process(settings)
    ready = threading.Event()
    thread = threading.Thread(target=process.run, args=(listener, ready.set))
    thread.start()
    assert ready.wait(SECONDS)
    made = Running(process=process, thread=thread, address=address, port=port)
    try:
        yield made
    finally:
        process.stop()
        made.ends()
