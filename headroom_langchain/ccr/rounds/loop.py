"""The LangGraph loop that goes on with an answer once it asked for an original.

The first round of an answer is streamed without it. When that round ended in a
hidden call, a small compiled graph takes over: it retrieves, calls the model
again, and so on until an answer is complete. It runs in a task of its own, in a
context that knows nothing of a graph or a trace around it, so that it shows up in
neither; what its nodes do is done in the context of the caller, as the first round
was. Chunks are handed over one by one: the model is asked for the next chunk only
when the one before was taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from headroom_langchain.calls.open_streams import Owned

if TYPE_CHECKING:
    from langchain_core.outputs import ChatGenerationChunk
    from langgraph.graph.state import CompiledStateGraph
    from langgraph.types import Command


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

    asked: bool
    """Starts the graph."""


class LoopContext(TypedDict):
    """What the nodes work with."""

    session: Session
    hand_over: Callable[[ChatGenerationChunk], Awaitable[None]]
    """Takes one chunk and returns once it was taken from there."""
    outside: contextvars.Context
    """The context of the caller."""
    failures: list[BaseException]
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
    failures: list[BaseException] = []
    outside = contextvars.copy_context()
    queue: asyncio.Queue[ChatGenerationChunk | None] = asyncio.Queue()
    left = asyncio.Event()

    async def hand_over(chunk: ChatGenerationChunk) -> None:
        if left.is_set():
            # The model went on although it was cancelled.
            raise asyncio.CancelledError
        await queue.put(chunk)
        await queue.join()

    async def drive() -> None:
        from langsmith.run_helpers import tracing_context

        try:
            with tracing_context(enabled=False):
                await graph.ainvoke(
                    {"asked": True},
                    {"recursion_limit": _STEPS},
                    context={
                        "session": session,
                        "hand_over": hand_over,
                        "outside": outside,
                        "failures": failures,
                    },
                )
        finally:
            queue.put_nowait(None)

    task = asyncio.get_running_loop().create_task(drive(), context=_clean_context())
    try:
        while (chunk := await queue.get()) is not None:
            queue.task_done()
            yield chunk
        await task
        if failures:
            raise failures.pop()
    finally:
        left.set()
        await _ended(task)


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end, also when cancelled meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        task.cancel()
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if not task.cancelled():
        # Asked for, so that nobody reports it as never retrieved.
        task.exception()
    if cancelled is not None:
        raise cancelled


@lru_cache(maxsize=1)
def retrieval_loop() -> CompiledStateGraph[Any, Any, Any, Any]:
    """Compile the graph: retrieve, then model, then again or the end."""
    from langgraph.graph import END, START, StateGraph
    from langgraph.runtime import Runtime
    from langgraph.types import Command

    async def retrieve(
        state: LoopState,  # noqa: ARG001 - the signature of a node
        runtime: Runtime[LoopContext],
    ) -> Command[Any]:
        again = await _outside(runtime.context, _retrieve)
        return Command(goto="model" if again else END)

    async def model(
        state: LoopState,  # noqa: ARG001 - the signature of a node
        runtime: Runtime[LoopContext],
    ) -> Command[Any]:
        again = await _outside(runtime.context, _speak)
        return Command(goto="retrieve" if again else END)

    builder = StateGraph(LoopState, context_schema=LoopContext)
    builder.add_node("retrieve", retrieve, destinations=("model", END))
    builder.add_node("model", model, destinations=("retrieve", END))
    builder.add_edge(START, "retrieve")
    return builder.compile(checkpointer=False, name="headroom_retrieval_loop")


async def _retrieve(context: LoopContext) -> bool:
    """Answer hidden calls; tells whether the model must speak again."""
    return await context["session"].retrieve()


async def _speak(context: LoopContext) -> bool:
    """Hand over a round; tells whether it ended in hidden calls."""
    async with Owned(context["session"].speak()) as chunks:
        async for chunk in chunks:
            await context["hand_over"](chunk)
    return context["session"].asks


async def _outside(
    context: LoopContext, work: Callable[[LoopContext], Awaitable[bool]]
) -> bool:
    """Do a node's work in the caller's context; a failure is noted, and ends it."""

    async def noted() -> bool:
        with _noted(context["failures"]):
            return await work(context)
        return False

    loop = asyncio.get_running_loop()
    return await loop.create_task(noted(), context=context["outside"])


@contextlib.contextmanager
def _noted(failures: list[BaseException]) -> Iterator[None]:
    try:
        yield
    except GeneratorExit:
        raise
    except BaseException as error:  # whatever it is, it is raised outside the graph
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task and task.cancelling():
            raise
        failures.append(error)


_STEPS = 100
"""Far beyond two steps for each of the most rounds that a policy allows."""


def _clean_context() -> contextvars.Context:
    """Copy the context without the run and the graph around it."""
    from langchain_core.runnables.config import var_child_runnable_config

    context = contextvars.copy_context()
    context.run(var_child_runnable_config.set, None)
    return context
