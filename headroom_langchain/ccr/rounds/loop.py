"""The LangGraph loop that goes on with an answer once it asked for an original.

The first round of an answer is streamed without it. When that round ended in a
hidden call, a small compiled graph takes over: it retrieves, calls the model
again, and so on until an answer is complete. It runs in a task of its own, in a
context that knows nothing of a graph around it, so that no hidden message shows
up in an outer graph's streams or checkpoints. Chunks are handed over one by one:
the model is asked for the next chunk only when the one before was taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncGenerator, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

if TYPE_CHECKING:
    from langchain_core.outputs import ChatGenerationChunk
    from langgraph.graph.state import CompiledStateGraph


class Session(Protocol):
    """An answer under way, whose last round ended in hidden calls."""

    async def retrieve(self) -> bool:
        """Answer the hidden calls; tells whether the model must speak again."""
        ...

    def speak(self) -> AsyncGenerator[ChatGenerationChunk]:
        """Stream what the caller may see of the next round."""
        ...

    @property
    def asks(self) -> bool:
        """Whether the round that was streamed ended in hidden calls."""
        ...


class LoopState(TypedDict):
    """What the graph itself knows: everything else stays in the session."""

    again: bool
    """Whether there is anything left to do."""


class LoopContext(TypedDict):
    """What the nodes work with."""

    session: Session
    hand_over: Any
    """Takes one chunk and returns once it was taken from there."""
    failures: list[Exception]
    """What ended the loop. LangGraph would add notes of its own to an error."""


async def continued(session: Session) -> AsyncGenerator[ChatGenerationChunk]:
    """Go on with an answer until it is complete.

    Closing the iterator early cancels the loop and closes the model's stream.

    Args:
        session: The answer.

    Yields:
        What the caller may see, as it arrives.
    """
    if not retrieval_loop.cache_info().currsize:
        # LangGraph is imported now, which takes a while.
        await asyncio.to_thread(retrieval_loop)
    graph = retrieval_loop()
    failures: list[Exception] = []
    queue: asyncio.Queue[ChatGenerationChunk | None] = asyncio.Queue(maxsize=1)

    async def hand_over(chunk: ChatGenerationChunk) -> None:
        await queue.put(chunk)
        await queue.join()

    async def drive() -> None:
        from langsmith.run_helpers import tracing_context

        try:
            with tracing_context(enabled=False):
                await graph.ainvoke(
                    {"again": True},
                    {"recursion_limit": _STEPS},
                    context={
                        "session": session,
                        "hand_over": hand_over,
                        "failures": failures,
                    },
                )
        finally:
            # The queue is empty here unless nobody reads it any more.
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(None)

    task = asyncio.get_running_loop().create_task(drive(), context=_clean_context())
    try:
        while (chunk := await queue.get()) is not None:
            queue.task_done()
            yield chunk
        await task
        if failures:
            raise failures[0]
    finally:
        if not task.done():
            task.cancel()
            # Raises only when the caller itself is cancelled meanwhile.
            await asyncio.wait([task])
        if not task.cancelled():
            task.exception()


@lru_cache(maxsize=1)
def retrieval_loop() -> CompiledStateGraph[Any, Any, Any, Any]:
    """Compile the graph: retrieve, then model, then again or the end."""
    from langgraph.graph import END, START, StateGraph
    from langgraph.runtime import Runtime

    async def retrieve(
        state: LoopState,  # noqa: ARG001 - the signature of a node
        runtime: Runtime[LoopContext],
    ) -> LoopState:
        again = False
        with _noted(runtime.context["failures"]):
            again = await runtime.context["session"].retrieve()
        return {"again": again}

    async def model(
        state: LoopState,  # noqa: ARG001 - the signature of a node
        runtime: Runtime[LoopContext],
    ) -> LoopState:
        session = runtime.context["session"]
        again = False
        with _noted(runtime.context["failures"]):
            async with contextlib.aclosing(session.speak()) as chunks:
                async for chunk in chunks:
                    await runtime.context["hand_over"](chunk)
            again = session.asks
        return {"again": again}

    def onward(to: str) -> Any:
        return lambda state: to if state["again"] else END

    builder = StateGraph(LoopState, context_schema=LoopContext)
    builder.add_node("retrieve", retrieve)
    builder.add_node("model", model)
    builder.add_edge(START, "retrieve")
    builder.add_conditional_edges("retrieve", onward("model"), ["model", END])
    builder.add_conditional_edges("model", onward("retrieve"), ["retrieve", END])
    return builder.compile(checkpointer=False, name="headroom_retrieval_loop")


@contextlib.contextmanager
def _noted(failures: list[Exception]) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised outside the graph
        failures.append(error)


_STEPS = 100
"""Far beyond two steps for each of the most rounds that a policy allows."""


def _clean_context() -> contextvars.Context:
    """Copy the context without the run and the graph around it."""
    from langchain_core.runnables.config import var_child_runnable_config

    context = contextvars.copy_context()
    context.run(var_child_runnable_config.set, None)
    return context
