"""A stream of a model, read by a task of its own.

So somebody can wait for the next chunk for a while and then do something else, and the
model's stream runs in one context from its start to its end, as its callbacks need.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, aclosing
from typing import Final

from langchain_core.messages import AIMessage


class _Sign:
    """Something other than a chunk."""


LATE: Final = _Sign()
"""No chunk came in time."""
_END: Final = _Sign()


class Pump:
    """Reads one chunk ahead."""

    def __init__(
        self,
        stream: Callable[[], AsyncGenerator[AIMessage]],
        within: AbstractContextManager[object],
    ) -> None:
        """Begin to read.

        Args:
            stream: Opens the stream.
            within: What the stream runs in.
        """
        self._chunks: asyncio.Queue[AIMessage | BaseException | _Sign] = asyncio.Queue(
            maxsize=1
        )
        self._closing = False
        self._task = asyncio.create_task(self._run(stream, within))

    async def next(self, seconds: float) -> AIMessage | _Sign | None:
        """Return the next chunk, `None` at the end, or `LATE`.

        Args:
            seconds: How long to wait for it.

        Raises:
            Exception: What the model has raised.
        """
        if self._chunks.empty():
            try:
                async with asyncio.timeout(seconds):
                    chunk = await self._chunks.get()
            except TimeoutError:
                return LATE
        else:
            chunk = self._chunks.get_nowait()
        if isinstance(chunk, BaseException):
            raise chunk
        return None if chunk is _END else chunk

    async def close(self) -> None:
        """Close the stream, wherever it is."""
        self._closing = True
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await self._task

    async def _run(
        self,
        stream: Callable[[], AsyncGenerator[AIMessage]],
        within: AbstractContextManager[object],
    ) -> None:
        try:
            with within:
                async with aclosing(stream()) as chunks:
                    async for chunk in chunks:
                        await self._chunks.put(chunk)
        except asyncio.CancelledError:
            if self._closing:
                raise
            msg = "the model cancelled its own stream"
            await self._chunks.put(RuntimeError(msg))
        except Exception as error:  # noqa: BLE001 - it is raised where the stream is read
            await self._chunks.put(error)
        else:
            await self._chunks.put(_END)
