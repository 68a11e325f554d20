"""What a second call costs when the conversation before it is long."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from langchain_core.messages import BaseMessage

from headroom_langchain import (
    CCRStore,
    HeadroomChatModel,
    InMemoryCCRStore,
    SqliteCCRStore,
)
from headroom_langchain.tokens import estimate_tokens

from .conversations import Method, agent_history, call, log, prose, records, scripted
from .table import Row
from .timing import compared, seconds

_TOKENS = 100_000
_REPEATS = 25
_METHODS: tuple[Method, ...] = ("invoke", "ainvoke")


async def second_calls() -> AsyncIterator[Row]:
    """Measure calls over a history that was shortened before; aim: 2 ms."""
    messages = long_history()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "originals.db"
        with InMemoryCCRStore() as memory, SqliteCCRStore(path) as sqlite:
            in_memory = _calls("memory", memory, messages, count=memory.__len__)
            async for row in in_memory:
                yield row
            in_file = _calls("SQLite", sqlite, messages, count=partial(_rows, path))
            async for row in in_file:
                yield row


async def _calls(
    where: str,
    store: CCRStore,
    messages: list[BaseMessage],
    *,
    count: Callable[[], int],
) -> AsyncIterator[Row]:
    turns = ["Fine."] * (2 + len(_METHODS) * (_REPEATS + 1))
    bare = scripted(turns)
    wrapped = HeadroomChatModel(scripted(turns), store=store)
    yield Row(
        what=f"invoke, {where}, the first call",
        bare=1e3 * await seconds(partial(call, bare, "invoke", messages)),
        wrapped=1e3 * await seconds(partial(call, wrapped, "invoke", messages)),
    )
    kept = count()
    for method in _METHODS:
        pair = await compared(
            partial(call, bare, method, messages),
            partial(call, wrapped, method, messages),
            repeats=_REPEATS,
        )
        yield Row.of(f"{method}, {where}, later calls", pair, aim=2)
    yield Row(
        what=f"{where}, stored by later calls ({kept} by the first)",
        bare=None,
        wrapped=count() - kept,
        unit="rows",
        aim=0,
    )


def long_history() -> list[BaseMessage]:
    results: list[str] = []
    while sum(map(estimate_tokens, results)) < _TOKENS:
        seed = len(results)
        make = (records, log, prose)[seed % 3]
        results.append(make(8000, seed=seed))
    return agent_history(results)


def _rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (rows,) = connection.execute("SELECT COUNT(*) FROM originals").fetchone()
    return int(rows)
