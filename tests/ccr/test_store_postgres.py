"""Many machines share what they keep in one PostgreSQL server."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from backends import async_postgres, needs_postgres, postgres
from langchain.agents import create_agent
from langchain.tools import ToolRuntime
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langgraph.store.base import BaseStore
from langgraph.store.postgres import PostgresStore
from postgres_writer import put_in_any_order

from headroom_langchain import HeadroomMiddleware, LangGraphCCRStore, Original
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.errors import KeyCollisionError, StoreError
from headroom_langchain.testing.servers import FakeAnthropic, Reply, ToolUse

pytestmark = needs_postgres

PROCESSES = 4
BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full on web-7' if n == 300 else 'INFO ok'} {n}"
    for n in range(600)
)
ASKS = ToolUse(
    name="headroom_retrieve", args={"hash": content_key(BIG), "query": "disk full"}
)


def test_processes_that_put_the_same_do_not_block_each_other(tmp_path: Path) -> None:
    """The same originals put in different orders all get there, with no deadlock."""
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(PROCESSES)
    processes = [
        context.Process(target=put_in_any_order, args=(tmp_path, number, together))
        for number in range(PROCESSES)
    ]
    with postgres(tmp_path):
        for process in processes:
            process.start()
        for process in processes:
            process.join()
    assert [process.exitcode for process in processes] == [0] * PROCESSES


async def test_machines_see_what_others_put(tmp_path: Path) -> None:
    """Stores with connections of their own share originals, sync and async."""
    original = Original.of("text", kind="logs", tool="shell")
    with postgres(tmp_path) as one, postgres(tmp_path) as two:
        async with async_postgres(tmp_path) as three:
            first, second, third = map(LangGraphCCRStore, (one, two, three))
            first.put(original, namespace="tenant")
            assert second.get(original.key, namespace="tenant") == original
            assert await third.aget(original.key, namespace="tenant") == original
            with pytest.raises(KeyCollisionError):
                await third.aput(
                    Original(content="other", key=original.key), namespace="tenant"
                )
            assert await third.asweep(max_bytes=0) == 1
            assert first.get(original.key, namespace="tenant") is None


def test_ttl_reaches_the_sweeper_of_the_store(tmp_path: Path) -> None:
    """Rows expire in whole minutes and not too early, and reading renews nothing."""
    with postgres(tmp_path) as backend:
        store = LangGraphCCRStore(backend, ttl=61)
        key = store.put(Original.of("text"))
        before = _rows(backend)
        assert {minutes for minutes, _ in before} == {2}
        assert store.get(key) is not None
        assert _rows(backend) == before


def test_a_server_without_tables_says_what_to_do(tmp_path: Path) -> None:
    """Forgetting `setup()` is told as such."""
    with postgres(tmp_path) as backend:
        with backend._cursor() as cursor:
            cursor.execute("DROP TABLE store")
        with pytest.raises(StoreError, match=r"setup\(\)") as caught:
            LangGraphCCRStore(backend).put(Original.of("text"))
    assert isinstance(caught.value.__cause__, psycopg.errors.UndefinedTable)


async def test_a_lost_connection_is_a_store_error(tmp_path: Path) -> None:
    """A connection that is gone fails with its reason, with `await` and without."""
    with postgres(tmp_path) as backend:
        store = LangGraphCCRStore(backend)
    with pytest.raises(StoreError, match="the connection is closed"):
        store.get("0")
    with pytest.raises(StoreError, match="the connection is closed"):
        await store.aput(Original.of("text"))


async def test_an_agent_and_its_graph_share_one_store(tmp_path: Path) -> None:
    """An agent with an async store keeps originals beside what its tools remember."""
    script = [
        Reply(tool_calls=(ToolUse(name="read_log", args={"host": "web-7"}),)),
        Reply(tool_calls=(ASKS,)),
        Reply(text="The disk is full."),
    ]
    async with async_postgres(tmp_path) as backend:
        with FakeAnthropic(script) as server:
            state = await _agent(server, backend).ainvoke(
                {"messages": [HumanMessage("What is wrong?")]}
            )
            sent = [query.received.body for query in server.requests]
        note = await backend.aget(("notes",), "web-7")
    assert [type(message).__name__ for message in state["messages"]] == [
        "HumanMessage",
        "AIMessage",
        "ToolMessage",
        "AIMessage",
    ]
    assert state["messages"][-1].text == "The disk is full."
    assert len(str(sent[1])) < len(BIG) / 2
    assert "disk full on web-7" in str(sent[2]["messages"][-1])
    assert note is not None
    with postgres(tmp_path) as elsewhere:
        kept = LangGraphCCRStore(elsewhere).get(content_key(BIG))
    assert kept is not None
    assert kept.content == BIG


@tool
async def read_log(host: str, runtime: ToolRuntime) -> str:
    """Read the log of a host, and note that it was read."""
    assert runtime.store is not None
    await runtime.store.aput(("notes",), host, {"read": True})
    return BIG


def _agent(server: FakeAnthropic, backend: BaseStore) -> Any:
    model: Any = ChatAnthropic(model="claude-x", base_url=server.url, api_key="x")  # type: ignore[call-arg, arg-type] # aliases
    middleware: Any = [HeadroomMiddleware(store=LangGraphCCRStore(backend))]
    return create_agent(model, [read_log], middleware=middleware, store=backend)


def _rows(backend: PostgresStore) -> list[tuple[Any, Any]]:
    with backend._cursor() as cursor:
        rows = cursor.execute(
            "SELECT ttl_minutes, expires_at FROM store ORDER BY prefix"
        ).fetchall()
    return [(row["ttl_minutes"], row["expires_at"]) for row in rows]
