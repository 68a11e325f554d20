"""Asynchronous streams that end with the call that opened them.

langchain-core iterates over `_astream` without closing it, so a caller that leaves
early would leave it to the garbage collector. Here the call itself closes it: when
it has ended, however it ended, nothing of it is under way any more.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Generic, Self, TypeVar

T = TypeVar("T")

_CALL: ContextVar[AsyncExitStack | None] = ContextVar(
    "headroom_open_streams", default=None
)


class Owned(Generic[T]):
    """A stream that is closed by the code which iterates over it, and only there.

    An event loop that shuts down closes all generators it knows at the same time.
    One that another is just closing would be closed twice, which is an error. So
    the loop does not get to know this one.
    """

    def __init__(self, stream: AsyncIterator[T]) -> None:
        """Take over a stream that nobody has iterated over yet."""
        self._stream = stream
        self._started = False

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    def __anext__(self) -> Awaitable[T]:
        """Return what to await for the next item."""
        if self._started:
            return self._stream.__anext__()
        self._started = True
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=None, finalizer=None)
        try:
            return self._stream.__anext__()
        finally:
            sys.set_asyncgen_hooks(*hooks)

    async def aclose(self) -> None:
        """Close the stream, if it is one that can be closed."""
        if self._started and isinstance(self._stream, AsyncGenerator):
            await self._stream.aclose()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the stream."""
        await self.aclose()


@contextlib.contextmanager
def closed_by(call: AsyncExitStack) -> Iterator[None]:
    """Let the end of a call close what the code in this block opens."""
    token = _CALL.set(call)
    try:
        yield
    finally:
        _CALL.reset(token)


def opened(stream: AsyncIterator[T]) -> AsyncIterator[T]:
    """Leave a stream to the end of the call under way, if one will close it."""
    if (call := _CALL.get()) is None:
        return stream
    owned = Owned(stream)
    call.push_async_exit(owned)
    return owned
