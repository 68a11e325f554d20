"""What was left out can be read for as long as its message is in the history."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

import pytest
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.runnables.config import run_in_executor
from real_clients import WAYS, Way, whole
from tool_results import FOUND, LOG, result

from headroom_langchain import (
    CCRStore,
    CompressMessages,
    HeadroomChatModel,
    InMemoryCCRStore,
    Original,
    SqliteCCRStore,
)
from headroom_langchain.ccr.marker import marked_keys
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.testing import Call, ScriptedChatModel, Turn, ask_for_original

SPENT: Any = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}


class Make(Protocol):
    """Makes a store with limits."""

    def __call__(self, **limits: Any) -> CCRStore:
        """Make the store."""
        ...


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Make stores of each kind in turn."""

    def made(**limits: Any) -> CCRStore:
        if request.param == "memory":
            return InMemoryCCRStore(**limits)
        return SqliteCCRStore(tmp_path / "originals.db", **limits)

    return made


def log(number: int) -> str:
    return f"{LOG}\nof {number}"


def told(inner: ScriptedChatModel) -> list[str]:
    return [
        m.text
        for m in inner.requests[-1].messages
        if isinstance(m, ToolMessage) and m.name == "headroom_retrieve"
    ]


def asks_for(number: int) -> Turn:
    arguments = {"hash": content_key(log(number)), "query": "disk full"}
    return Turn(tool_calls=(Call(name="headroom_retrieve", args=arguments),))


@pytest.mark.parametrize("way", WAYS)
async def test_an_expired_original_is_found(make: Make, way: Way) -> None:
    """A request registers what it has: an idle store forgets nothing that is sent."""
    now = [0.0]
    turns: Any = ["Hm.", ask_for_original("disk full"), "The disk."]
    inner = ScriptedChatModel(turns=turns)
    with make(ttl=1, clock=lambda: now[0]) as store:
        model = HeadroomChatModel(inner, store=store)
        await way(model, result(LOG))
        now[0] += 100
        assert store.get(content_key(LOG)) is None
        answer = whole(await way(model, result(LOG)))
        assert store.get(content_key(LOG)) is not None
    assert answer.text == "The disk."
    assert FOUND in told(inner)[0]


@pytest.mark.parametrize("number", range(6))
async def test_an_evicted_original_is_found(make: Make, number: int) -> None:
    """With room for two of six originals, each of the six is still answered."""
    history: list[BaseMessage] = [HumanMessage("What is wrong?")]
    for n in range(6):
        history += result(log(n), number=n)
    turns: Any = ["Hm.", asks_for(number), "The disk."]
    inner = ScriptedChatModel(turns=turns)
    with make(max_bytes=2 * len(log(0)) + 10) as store:
        model = HeadroomChatModel(inner, store=store)
        model.invoke(history)
        kept = [store.get(content_key(log(n))) is not None for n in range(6)]
        assert kept == [False] * 4 + [True] * 2
        model.invoke(history)
    shown = [marked_keys(m.text) for m in inner.requests[1].messages[2::2]]
    assert shown == [[content_key(log(n))] for n in range(6)]
    assert FOUND in told(inner)[0]


def test_an_original_larger_than_the_store_is_found(make: Make) -> None:
    """What a store refuses the call itself holds, and the report says so."""
    turns: Any = [ask_for_original("disk full"), "The disk."]
    inner = ScriptedChatModel(turns=turns)
    with make(max_bytes=100) as store:
        model = HeadroomChatModel(inner, store=store)
        assert model.invoke(result(LOG)).text == "The disk."
    assert FOUND in told(inner)[0]
    assert model.report is not None
    (note,) = model.report.notes
    assert "max_bytes" in note


async def _called(how: str, model: Any, number: int) -> None:
    """Call a model for a tenant in one of the ways that change threads."""
    config: Any = {"configurable": {"headroom_namespace": f"t{number}"}}
    messages = result(log(number))
    if how == "ainvoke":
        await model.ainvoke(messages, config)
    elif how == "astream":
        async for _ in model.astream(messages, config):
            pass
    elif how == "abatch":
        await model.abatch([messages], config)
    elif how == "executor":
        await run_in_executor(None, model.invoke, messages, config)
    else:
        chain = RunnableLambda(lambda m: m) | model
        await chain.ainvoke(messages, config)


@pytest.mark.parametrize("how", ["ainvoke", "astream", "abatch", "executor", "chain"])
async def test_tenants_are_apart_in_async_calls(make: Make, how: str) -> None:
    """Each original is in the namespace of its own call and in no other."""
    turns: Any = ["fine"] * 4
    with make() as store:
        model = HeadroomChatModel(ScriptedChatModel(turns=turns), store=store)
        await asyncio.gather(*(_called(how, model, n) for n in range(4)))
        for name in ("t0", "t1", "t2", "t3", "default"):
            kept = [
                n
                for n in range(4)
                if store.get(content_key(log(n)), namespace=name) is not None
            ]
            assert kept == ([] if name == "default" else [int(name[1:])])


TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")


class Contextual(CCRStore):
    """A store that asks the context whose call it is."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._kept = InMemoryCCRStore()

    def put_many(self, originals: Sequence[Original], *, namespace: str = "") -> None:
        self.seen.append(TENANT.get())
        self._kept.put_many(originals)

    def get_many(
        self, keys: Sequence[str], *, namespace: str = ""
    ) -> Mapping[str, Original]:
        self.seen.append(TENANT.get())
        return self._kept.get_many(keys)


@pytest.mark.parametrize("way", WAYS)
async def test_a_stores_context_is_the_callers(way: Way) -> None:
    """Reading and writing happen in the caller's context, in a thread or not."""
    store = Contextual()
    turns: Any = [ask_for_original("disk full"), "The disk."]
    model = HeadroomChatModel(ScriptedChatModel(turns=turns), store=store)
    compressed = CompressMessages(store=store).invoke(result(LOG))
    token = TENANT.set("tenant-7")
    await way(model, [*compressed, *result(log(2), number=2)])
    TENANT.reset(token)
    assert store.seen[0] == "nobody"
    assert set(store.seen[1:]) == {"tenant-7"}


async def test_sixty_four_calls_at_once_are_counted_right(make: Make) -> None:
    """Answers, usage, originals and rounds add up when calls overlap."""
    counter = UsageMetadataCallbackHandler()

    def ask(messages: list[BaseMessage]) -> Turn:
        (key,) = marked_keys(messages[-1].text)
        arguments = {"hash": key, "lines": "601"}
        call = Call(name="headroom_retrieve", args=arguments)
        return Turn(tool_calls=(call,), usage=SPENT)

    def answer(messages: list[BaseMessage]) -> Turn:
        return Turn(text=messages[-1].text.rpartition("of ")[2], usage=SPENT)

    def turn(messages: list[BaseMessage]) -> Turn:
        asked = messages[-1].name == "headroom_retrieve"
        return answer(messages) if asked else ask(messages)

    inner = ScriptedChatModel(turns=[turn] * 128)
    with make() as store:
        model = HeadroomChatModel(inner, store=store)
        config: Any = {"callbacks": [counter]}
        calls = (model.ainvoke(result(log(n)), config) for n in range(64))
        answers = await asyncio.gather(*calls)
        keys = [content_key(log(n)) for n in range(64)]
        assert set(store.get_many(keys)) == set(keys)
    assert [int(a.text.split()[0]) for a in answers] == list(range(64))
    assert len(inner.requests) == 128
    assert all(a.usage_metadata["total_tokens"] == 24 for a in answers)  # type: ignore[index] # every turn says what it cost
    assert counter.usage_metadata["scripted"]["total_tokens"] == 64 * 24
