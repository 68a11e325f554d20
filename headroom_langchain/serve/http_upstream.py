"""An upstream over HTTP.

Requests are written byte for byte as they are given: target, names and values of
headers, body. So this stands on the connections that `httpx` uses, and not on `httpx`,
which normalises addresses, adds headers of its own and keeps cookies.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from headroom_langchain.serve.settings import Limits
from headroom_langchain.serve.upstream import Incoming, Outgoing, UpstreamError
from headroom_langchain.serve.wire.headers import Headers
from headroom_langchain.serve.wire.target import joined

if TYPE_CHECKING:
    import httpcore

_PORTS: Final = {"http": 80, "https": 443}
_IDLE_SECONDS: Final = 4.0
"""How long a connection is kept that nobody uses: less than the 5 seconds after which
uvicorn and Node close theirs. A request that meets a closing connection is not sent
again, since nobody can tell whether it was served, and a proxy must not serve a POST
twice; clients that want to repeat it do so themselves."""
_STATUSES: Final = range(200, 600)
"""What an answer may have for a status."""


class HttpUpstream:
    """A server, at an address that nothing in a request can change."""

    def __init__(self, address: str, limits: Limits) -> None:
        """Prepare; nothing is connected yet.

        Args:
            address: What a provider's client takes for a base URL.
            limits: What an answer may take.

        Raises:
            ImportError: `httpcore` is missing.
        """
        _check_installed()
        import httpcore

        parts = urlsplit(address)
        self._base = parts.path.rstrip("/")
        self._name = parts.netloc.encode("idna")
        self._origin = httpcore.Origin(
            scheme=parts.scheme.encode(),
            host=(parts.hostname or "").encode("idna"),
            port=parts.port or _PORTS[parts.scheme],
        )
        waits = {"read": limits.read_timeout, "write": limits.read_timeout}
        timeouts = {"connect": limits.connect_timeout, **waits}
        self._extensions = {"timeout": timeouts}
        self._context = _context() if parts.scheme == "https" else None
        self._idle: deque[httpcore.AsyncHTTPConnection] = deque()
        """Connections nobody uses, the one used last at the end: a pool that is
        asked for the next one has no need to look at all."""
        self._closed = False

    async def open(self, request: Outgoing) -> Incoming:
        """Send a request, and return once the head of the answer is there."""
        import httpcore

        try:
            target = joined(self._base, request.target)
        except ValueError as error:
            raise UpstreamError(str(error), status=400) from error
        origin = self._origin
        url = httpcore.URL(
            scheme=origin.scheme, host=origin.host, port=origin.port, target=target
        )
        sent = httpcore.Request(
            request.method,
            url,
            headers=_framed(request, self._name),
            content=request.body,
            extensions=self._extensions,
        )
        connection = await self._connection()
        with _told():
            # It closes itself when this fails or is cancelled.
            response = await connection.handle_async_request(sent)
        if response.status not in _STATUSES:
            await _discard(connection)
            msg = f"the upstream answered with the status {response.status}"
            raise UpstreamError(msg)
        return _Answer(response, connection, self._release)

    async def close(self) -> None:
        """Close all connections, those in use as soon as nobody uses them."""
        self._closed = True
        while self._idle:
            await self._idle.pop().aclose()

    async def _release(self, connection: httpcore.AsyncHTTPConnection) -> None:
        """Keep a connection for the next request, if there can be one."""
        if connection.is_idle() and not self._closed and _read_up(connection):
            self._idle.append(connection)
        else:
            await _discard(connection)

    async def _connection(self) -> httpcore.AsyncHTTPConnection:
        import httpcore

        while self._idle and self._idle[0].has_expired():
            await self._idle.popleft().aclose()
        while self._idle:
            connection = self._idle.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return httpcore.AsyncHTTPConnection(
            self._origin, ssl_context=self._context, keepalive_expiry=_IDLE_SECONDS
        )


class _Answer:
    """An answer over HTTP."""

    def __init__(
        self,
        response: httpcore.Response,
        connection: httpcore.AsyncHTTPConnection,
        release: Callable[[httpcore.AsyncHTTPConnection], Awaitable[None]],
    ) -> None:
        self.status: int = response.status
        self.headers: Headers = [
            (name.lower(), value) for name, value in response.headers
        ]
        self._response = response
        self._connection = connection
        self._release = release
        self._open = True

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the body as they come."""
        with _told():
            async for chunk in self._response.aiter_stream():
                yield chunk

    async def close(self) -> None:
        """Give the connection back, or close it when there is more to come."""
        if not self._open:
            return
        self._open = False
        try:
            await self._response.aclose()
        finally:
            await self._release(self._connection)


def _read_up(connection: httpcore.AsyncHTTPConnection) -> bool:
    """Tell whether nothing came behind an answer: it would be taken for the next one.

    Bytes that are still to come are noticed when the connection is used again.
    """
    http: Any = connection._connection
    ahead: tuple[bytes, bool] = http._h11_state.trailing_data
    return not ahead[0]


async def _discard(connection: httpcore.AsyncHTTPConnection) -> None:
    """Close a connection, even on behalf of a task that is being cancelled."""
    from anyio import CancelScope

    with CancelScope(shield=True):
        await connection.aclose()


def _framed(request: Outgoing, name: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers with those that say where the body ends."""
    kept = [(key, value) for key, value in request.headers if key != b"host"]
    host = (b"host", name)
    if not isinstance(request.body, bytes):
        if any(key == b"content-length" for key, _ in kept):
            return [host, *kept]
        return [host, *kept, (b"transfer-encoding", b"chunked")]
    length = str(len(request.body)).encode()
    if any(key == b"content-length" for key, _ in kept):
        sized = ((k, length if k == b"content-length" else v) for k, v in kept)
        return [host, *sized]
    if not request.body and request.method in ("GET", "HEAD", "OPTIONS", "DELETE"):
        return [host, *kept]
    return [host, *kept, (b"content-length", length)]


@contextmanager
def _told() -> Iterator[None]:
    """Say what went wrong with a connection, without the address or any header."""
    import httpcore

    try:
        yield
    except httpcore.TimeoutException as error:
        connecting = isinstance(error, httpcore.ConnectTimeout | httpcore.PoolTimeout)
        late = "could not be reached in time" if connecting else "took too long"
        msg = f"the upstream {late}"
        raise UpstreamError(msg, status=504) from error
    except httpcore.ConnectError as error:
        msg = "the upstream could not be reached"
        raise UpstreamError(msg) from error
    except httpcore.LocalProtocolError:
        # Not even as a cause: it quotes the header that it rejects.
        msg = "the request cannot be written as HTTP/1.1"
        raise UpstreamError(msg, status=400) from None
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        msg = "the upstream closed the connection before its answer ended"
        raise UpstreamError(msg) from error


def _check_installed() -> None:
    if find_spec("httpcore") is None:
        msg = "serving needs httpcore: pip install 'headroom-langchain[serve]'"
        raise ImportError(msg)


def _context() -> ssl.SSLContext:
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
