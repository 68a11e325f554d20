"""Many answers at once, some of them left early: none is mixed up, nothing is left."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import pytest
from clients import CLIENTS, sockets
from talks import (
    KEY,
    READS,
    Watch,
    ending,
    history,
    played,
    said,
    settled,
    whole,
    wrapped,
)

from headroom_langchain import CCRStore, HeadroomChatModel
from headroom_langchain.testing import Shape
from headroom_langchain.testing.marker import last_hash
from headroom_langchain.testing.servers import (
    Hold,
    Query,
    Reply,
    ToolUse,
)

SHAPES: tuple[Shape, ...] = ("openai", "anthropic", "plain")
AT_ONCE = 64
NAMES = tuple(f"talk{number}" for number in range(AT_ONCE))

Leaving = Literal["cancel", "aclose", "break"]


class Plan:
    """Who leaves, how, and after how many chunks: every tenth, by chance."""

    def __init__(self, seed: int, chunks: int, ways: tuple[Leaving, ...]) -> None:
        chance = random.Random(seed)  # noqa: S311 - which streams are left is no secret
        leaving = chance.sample(NAMES, AT_ONCE // 10)
        self.after = {name: chance.randrange(1, chunks) for name in leaving}
        self.how = {name: chance.choice(ways) for name in leaving}
        # Each way at least once.
        self.how.update(zip(leaving, ways, strict=False))


async def told(model: HeadroomChatModel, name: str, plan: Plan) -> str | None:
    """Read an answer; `None` when the plan said to leave it."""
    stream: Any = model.astream(history(name))
    texts: list[str] = []
    async for chunk in stream:
        texts.append(chunk.text)
        if len(texts) >= plan.after.get(name, len(texts) + 1):
            if plan.how[name] == "cancel":
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
                continue
            if plan.how[name] == "aclose":
                await stream.aclose()
            return None
    return "".join(texts)


async def all_told(model: HeadroomChatModel, plan: Plan) -> dict[str, Any]:
    tasks = [asyncio.ensure_future(told(model, name, plan)) for name in NAMES]
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    return dict(zip(NAMES, answers, strict=True))


def check(answers: dict[str, Any], plan: Plan, *, deaf: bool = False) -> None:
    """Check who got what; a `deaf` client may forget that it was cancelled.

    Up to Python 3.11 `asyncio.wait_for`, by which ChatOpenAI waits for each chunk,
    forgets a cancellation that comes together with its result.
    """
    for name, answer in answers.items():
        forgot = deaf and isinstance(answer, str) and plan.how.get(name) == "cancel"
        if forgot or name not in plan.after:
            assert answer.endswith(ending(name)), name
        elif plan.how[name] == "cancel":
            assert isinstance(answer, asyncio.CancelledError), name
        else:
            assert answer is None, name


@pytest.mark.parametrize("shape", SHAPES)
async def test_no_answer_is_mixed_up_when_some_are_left(
    shape: Shape, store: CCRStore, nothing_left: None
) -> None:
    """Of 64 streams on one model some are left; the others get what is theirs."""
    texts, complete = whole(shape)
    plan = Plan(len(texts), len(texts), ("cancel", "aclose", "break"))
    model = wrapped(shape)
    model.store = store
    before = asyncio.all_tasks()
    check(await all_told(model, plan), plan)
    await settled(before)
    assert asyncio.all_tasks() == before
    done = AT_ONCE - len(plan.after)
    full = [stream.pulled for stream in complete]
    finished = [stream for stream in played(model) if not stream.closed]
    assert sum(s.pulled for s in finished) >= done * sum(full)
    assert all(s.closed or s.pulled in full for s in played(model))


@pytest.mark.parametrize("shape", SHAPES)
def test_no_answer_is_mixed_up_in_threads(
    shape: Shape, store: CCRStore, watch: Watch
) -> None:
    """The same for 64 threads on one model, each with a stream of its own."""
    texts, complete = whole(shape)
    plan = Plan(3, len(texts), ("aclose", "break"))
    model = wrapped(shape)
    model.store = store
    together = threading.Barrier(AT_ONCE)

    def told(name: str) -> str | None:
        stream: Any = model.stream(history(name))
        read: list[str] = []
        together.wait(timeout=60)
        for chunk in stream:
            read.append(chunk.text)
            if plan.after.get(name) == len(read):
                if plan.how[name] == "aclose":
                    stream.close()
                return None
        return "".join(read)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(zip(NAMES, pool.map(told, NAMES), strict=True))
    check(answers, plan)
    full = [stream.pulled for stream in complete]
    assert all(s.closed or s.pulled in full for s in played(model))


class Talks:
    """A router for such talks, which holds streams until all of a round are there."""

    def __init__(self) -> None:
        self._seen = 0
        self._all_there = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, query: Query) -> Reply:
        results = [said for said in query.said if said.role == "tool"]
        reads = len(results) - 1
        if reads == READS:
            return Reply(text=said(results[-1].text), piece=9)
        hash_ = last_hash(result.text for result in results)
        lines = f"{KEY + 1}-{KEY + 1}"
        call = ToolUse(name="headroom_retrieve", args={"hash": hash_, "lines": lines})
        reply = Reply(text=f"Look {reads}. ", piece=9, tool_calls=(call,))
        return reply if reads else self._held(reply)

    def _held(self, reply: Reply) -> Reply:
        with self._lock:
            self._seen += 1
            if self._seen == AT_ONCE:
                self._all_there.set()
        hold = Hold(after=2, until=self._all_there)
        return Reply(text=reply.text, piece=9, tool_calls=reply.tool_calls, hold=hold)


@pytest.mark.parametrize("client", sorted(CLIENTS))
async def test_real_clients_mix_up_nothing_and_leave_no_connection(
    client: str, nothing_left: None
) -> None:
    """64 streams over real connections, all open at once, some of them left."""
    server_class, make = CLIENTS[client]
    plan = Plan(4, 8, ("cancel", "aclose", "break"))
    before, tasks = sockets(), asyncio.all_tasks()
    with server_class(Talks()) as server:
        model = HeadroomChatModel(make(server.url))
        deaf = client != "anthropic"
        check(await all_told(model, plan), plan, deaf=deaf)
        await settled(tasks)
        assert asyncio.all_tasks() == tasks
    assert sockets() == before
