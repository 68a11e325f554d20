"""A wrapper that nobody needs any more, and what it held."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref
from collections.abc import Iterator, Sequence

import pytest
from more_providers import CLIENTS, HIDDEN, WAYS, history, search

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing.servers import Failure, Reply

ASKS = Reply(text="Let me look.", tool_calls=(HIDDEN,))
SAYS = Reply(text="The disk is full.")
FAILS = Failure(status=400)
PATIENCE = 0.25
"""Seconds after which a model that is still there counts as kept."""

each_client = pytest.mark.parametrize("client", sorted(CLIENTS))
each_way = pytest.mark.parametrize("way", sorted(WAYS))


@pytest.fixture(autouse=True)
def uncollected() -> Iterator[None]:
    """Let only what nobody refers to be freed."""
    gc.disable()
    yield
    gc.enable()


async def stays(
    client: str, way: str, script: Sequence[Reply | Failure], *, wrapped: bool
) -> bool:
    """Tell whether a model is there after its last use, until it is collected."""
    known = CLIENTS[client]
    with known.server(script) as server:
        inner = known.make(server.url)
        gone = threading.Event()
        freed = weakref.ref(inner, lambda _: gone.set())
        model = (HeadroomChatModel(inner) if wrapped else inner).bind_tools([search])
        with contextlib.suppress(Exception):
            await WAYS[way](model, history())
        assert len(server.requests) == len(script)
    del inner, model
    # A thread that has served a call lets go of it a moment after its answer.
    if not gone.is_set():
        await asyncio.to_thread(gone.wait, PATIENCE)
    return freed() is not None


@each_client
@each_way
@pytest.mark.parametrize("script", [[SAYS], [ASKS, SAYS]], ids=["plain", "hidden"])
async def test_a_dropped_wrapper_drops_its_model(
    client: str, way: str, script: list[Reply]
) -> None:
    """The model goes with its wrapper at once, and closes its connections."""
    assert not await stays(client, way, script, wrapped=True)


@each_client
@each_way
async def test_after_an_error_a_model_goes_as_soon_as_without_wrapper(
    client: str, way: str
) -> None:
    """Where the client's own error keeps the client, the wrapper adds nothing."""
    alone = await stays(client, way, [FAILS], wrapped=False)
    assert await stays(client, way, [ASKS, FAILS], wrapped=True) == alone
