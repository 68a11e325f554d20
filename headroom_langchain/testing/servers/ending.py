"""A server that ends at once when it is told to.

uvicorn looks ten times a second whether it shall end, and again whether the last
connection is closed. Here it is woken up, and waits for what is open, no longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

try:
    import uvicorn
except ImportError as error:
    _msg = "the fake servers need uvicorn: pip install 'headroom-langchain[testing]'"
    raise ImportError(_msg) from error

_PAUSE = 0.001
"""Seconds between looks at connections that are about to close."""


class PromptServer(uvicorn.Server):
    """A server of uvicorn in a thread, which another thread ends."""

    _waiting: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def end(self) -> None:
        """Let the server end; call it from any other thread."""
        self.should_exit = True
        # Whichever comes first here and in `main_loop`, one of them sees the other.
        if self._waiting is not None:
            loop, told = self._waiting
            loop.call_soon_threadsafe(told.set)

    async def main_loop(self) -> None:
        """Serve until it is told to end."""
        told = asyncio.Event()
        self._waiting = asyncio.get_running_loop(), told
        if not await self.on_tick(0):
            await told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close connections as they become idle, and after the time for it cancel."""
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                await self._idle()
        for task in self.server_state.tasks:
            task.cancel()
        await self.lifespan.shutdown()

    async def _idle(self) -> None:
        """Wait until every connection is closed and every answer given."""
        # Nobody tells when a connection is closed.
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE)
        for server in self.servers:
            await server.wait_closed()


def prompt_server(application: Any) -> PromptServer:
    """Return a server of an ASGI application, which says nothing.

    Args:
        application: What answers; streams have a second to end with the server.
    """
    config = uvicorn.Config(
        application,
        http="h11",
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    return PromptServer(config)
