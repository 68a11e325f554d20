"""Where requests go: what a provider is to this package, however it is reached."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from headroom_langchain.serve.wire.headers import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request for an upstream."""

    method: str
    target: bytes
    """Path and query as the client wrote them."""
    headers: Headers
    body: bytes | AsyncIterator[bytes]
    """All of it, or its pieces as they come."""


class Incoming(Protocol):
    """An answer whose body is still to be read."""

    @property
    def status(self) -> int:
        """Its status."""
        ...

    @property
    def headers(self) -> Headers:
        """Its headers as they came."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the body as they come.

        Raises:
            UpstreamError: It broke off.
        """
        ...

    async def close(self) -> None:
        """Let go of it, whether or not it was read; twice does no harm."""
        ...


class Upstream(Protocol):
    """A provider."""

    async def open(self, request: Outgoing) -> Incoming:
        """Send a request, and return once the head of the answer is there.

        Raises:
            UpstreamError: There is no answer.
        """
        ...

    async def close(self) -> None:
        """Let go of all connections."""
        ...


class UpstreamError(Exception):
    """An upstream could not be reached, or broke off."""

    def __init__(self, message: str, *, status: int = 502) -> None:
        """Say what happened.

        Args:
            message: For the client; it names no secret.
            status: The status that says so: 502, or 504 when it took too long.
        """
        super().__init__(message)
        self.status = status
