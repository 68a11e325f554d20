"""Where a scripted upstream waits until a test lets it go on."""

from __future__ import annotations

import asyncio
import threading

PATIENCE = 10.0
"""Seconds after which a wait is a failure of the test."""


class Gate:
    """Shut until a test opens it, from whichever thread."""

    def __init__(self) -> None:
        """Make a gate that is shut."""
        self._lock = threading.Lock()
        self._open = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self.reached = threading.Event()
        """Set once an upstream stands before it."""

    def open(self) -> None:
        """Let everybody through, now and later."""
        with self._lock:
            self._open = True
            for loop, event in self._waiting:
                loop.call_soon_threadsafe(event.set)

    async def passed(self) -> None:
        """Wait until it is open."""
        event = asyncio.Event()
        with self._lock:
            if self._open:
                event.set()
            self._waiting.append((asyncio.get_running_loop(), event))
        self.reached.set()
        await event.wait()
