"""A call that is cancelled, wherever it is, ends at once and leaves nothing."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langgraph.graph import START, MessagesState, StateGraph
from talks import ended, ending, history, play, played, settled, whole, wrapped

from headroom_langchain import HeadroomChatModel
from headroom_langchain.ccr.rounds.answering import Answering
from headroom_langchain.plan.pipeline import Plan
from headroom_langchain.testing import ScriptedChatModel, Shape

Way = Callable[[HeadroomChatModel, str], Awaitable[str]]


async def streamed(model: HeadroomChatModel, name: str) -> str:
    return "".join([chunk.text async for chunk in model.astream(history(name))])


async def invoked(model: HeadroomChatModel, name: str) -> str:
    return (await model.ainvoke(history(name))).text


async def v2(model: HeadroomChatModel, name: str) -> str:
    events = model.astream_events(history(name), version="v2")
    return "".join(
        [
            event["data"]["chunk"].text
            async for event in events
            if event["event"] == "on_chat_model_stream"
        ]
    )


async def v3(model: HeadroomChatModel, name: str) -> str:
    async with await model.astream_events(history(name), version="v3") as stream:
        return str((await stream.output).text)


async def in_a_graph(model: HeadroomChatModel, name: str) -> str:
    async def answer(state: MessagesState) -> dict[str, list[BaseMessage]]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    builder = StateGraph(MessagesState)
    builder.add_node("answer", answer)
    builder.add_edge(START, "answer")
    state: Any = {"messages": history(name)}
    tokens: Any = builder.compile().astream(state, stream_mode="messages")
    return "".join([chunk.text async for chunk, _ in tokens])


WAYS: tuple[tuple[Way, Shape], ...] = (
    (streamed, "openai"),
    (streamed, "anthropic"),
    (streamed, "plain"),
    (invoked, "openai"),
    (v2, "openai"),
    (v3, "anthropic"),
    (in_a_graph, "openai"),
)


@pytest.fixture
def threadless(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be done in a thread takes one turn of the event loop instead."""

    async def inline(work: Callable[..., Any], *args: Any) -> Any:
        await asyncio.sleep(0)
        return work(*args)

    monkeypatch.setattr(asyncio, "to_thread", inline)


async def turned(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


async def cancelled_after(turns: int, answer: Awaitable[str]) -> str | None:
    """Let an answer have some turns of the event loop, then cancel it.

    Returns the answer, if it was complete before.
    """
    task = asyncio.ensure_future(answer)
    await turned(turns)
    task.cancel()
    await asyncio.wait([task])
    return None if task.cancelled() else task.result()


@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
@pytest.mark.parametrize(("way", "shape"), WAYS)
async def test_a_call_can_be_cancelled_at_every_turn_of_the_event_loop(
    way: Way, shape: Shape, threadless: None, nothing_left: None
) -> None:
    """However far it came: no task is left, no stream open, the next call works."""
    _, complete = whole(shape, chunking="whole")
    model = wrapped(shape, chunking="whole")
    before = asyncio.all_tasks()
    answer, turns = None, 0
    while answer is None:
        earlier = len(played(model))
        answer = await cancelled_after(turns, way(model, "ann"))
        await settled(before)
        assert asyncio.all_tasks() == before
        assert ended(played(model)[earlier:], complete)
        assert (await invoked(model, "bob")).endswith(ending("bob"))
        turns += 1
    assert answer.endswith(ending("ann"))
    assert turns > 10


async def test_a_stream_cancelled_while_it_closes_still_closes_the_model(
    threadless: None, nothing_left: None
) -> None:
    """A second cancellation does not keep the first from ending everything."""
    _, complete = whole("openai")
    before = asyncio.all_tasks()
    for turns in range(80):
        model = wrapped("openai")
        task = asyncio.ensure_future(streamed(model, "ann"))
        await turned(turns)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await settled(before)
        assert asyncio.all_tasks() == before
        assert ended(played(model), complete)


class Deaf(ScriptedChatModel):
    """A model that goes on although it was cancelled.

    So do real clients now and then: up to Python 3.11 `asyncio.wait_for` forgets a
    cancellation that comes together with its result.
    """

    async def _astream(
        self, *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        async with contextlib.aclosing(super()._astream(*args, **kwargs)) as chunks:  # type: ignore[type-var] # it is a generator
            async for chunk in chunks:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0)
                yield chunk


async def test_a_model_that_goes_on_when_cancelled_keeps_nobody_waiting(
    threadless: None, nothing_left: None
) -> None:
    """The call ends all the same, and nothing of it is left."""
    before = asyncio.all_tasks()
    cancelled = 0
    for turns in range(120):
        inner = Deaf(turns=(play,) * 3, chunking=9, suspends=False)
        answer = streamed(HeadroomChatModel(inner), "ann")
        async with asyncio.timeout(60):
            cancelled += await cancelled_after(turns, answer) is None
        await settled(before)
        assert asyncio.all_tasks() == before
    assert cancelled > 10


class Stuck:
    """Work in a thread that goes on only when the test says so."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def method(self) -> Callable[..., Any]:
        """Return the work as a method."""

        def work(*args: Any, **kwargs: Any) -> Any:
            self.begun.set()
            self.go_on.wait(timeout=60)
            return self._work(*args, **kwargs)

        return work

    async def reached(self) -> None:
        """Return once a thread is stuck."""
        await asyncio.to_thread(self.begun.wait, 60)


@pytest.mark.parametrize(("owner", "work"), [(Answering, "answers"), (Plan, "run")])
async def test_a_call_does_not_wait_for_a_thread_when_it_is_cancelled(
    owner: type, work: str, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    """Reading an original, or compressing one, may go on; the call does not."""
    stuck = Stuck(getattr(owner, work))
    monkeypatch.setattr(owner, work, stuck.method())
    before = asyncio.all_tasks()
    model = wrapped("openai")
    task = asyncio.ensure_future(streamed(model, "ann"))
    await stuck.reached()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert asyncio.all_tasks() == before
    assert all(stream.pulled for stream in played(model))
    stuck.go_on.set()
    assert (await streamed(model, "bob")).endswith(ending("bob"))


@pytest.mark.parametrize("way", [streamed, invoked])
async def test_a_report_says_what_was_cancelled(
    way: Way, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    """A call that is cancelled while it reads an original tells so."""
    stuck = Stuck(Answering.answers)
    monkeypatch.setattr(Answering, "answers", stuck.method())
    model = wrapped("openai")
    task = asyncio.ensure_future(way(model, "ann"))
    await stuck.reached()
    task.cancel()
    await asyncio.wait([task])
    stuck.go_on.set()
    assert model.report is not None
    assert model.report.rounds == 1
    assert model.report.notes == (
        "retrieval after round 1 was not finished: CancelledError",
    )
