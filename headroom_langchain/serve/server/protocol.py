"""HTTP as uvicorn speaks it, with bounds on the head of a request.

The body is bounded where it is read; a head that never ends, or never comes, would hold
memory and a connection for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
except ImportError as error:
    _msg = "a server needs uvicorn: pip install 'headroom-langchain[serve]'"
    raise ImportError(_msg) from error

_MOST: Final = 256 * 1024
"""Bytes of a head that is not yet complete, at most."""
_SECONDS: Final = 30.0
"""How long a head may take, and how long a new connection may say nothing."""
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedProtocol(HttpToolsProtocol):
    """One connection of a client."""

    _timer: asyncio.TimerHandle | None = None
    _head = 0

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Read on, unless it is too much of a head."""
        super().data_received(data)
        if self._timer is None:
            return
        self._head += len(data)
        if self._head > _MOST:
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to read a head."""
        super().on_message_begin()
        self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header; those that come behind the body are none of the request."""
        if self._timer is not None:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """End to read a head."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._stop_waiting()
        self._head = 0
        self._timer = self.loop.call_later(_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
