"""Calls of a wrapped model in each of its ways, and where their runs are sent."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import _lru_cache_wrapper
from typing import Any, TypeAlias

import langsmith
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.tracers.langchain import wait_for_all_tracers
from langsmith import run_trees, utils
from langsmith_server import LangSmithServer, TracedRun

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import ScriptedChatModel, Turn, ask_for_original
from headroom_langchain.testing.turns import Script

USAGE: UsageMetadata = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}
"""What each round of a model costs."""

STEPS = [
    ("chain", "headroom_compress"),
    ("chain", "headroom_round_1"),
    ("tool", "headroom_retrieve"),
    ("chain", "headroom_round_2"),
]
"""What a call is made of in which the model asks once for an original."""

Way: TypeAlias = Callable[
    [BaseChatModel, Sequence[BaseMessage], Any], Awaitable[object]
]
"""One way to call a model."""


def log(what: str) -> list[BaseMessage]:
    """Return a large log in which one thing went wrong."""
    lines = [f"2026-03-01 10:00:00 INFO served {number}" for number in range(600)]
    lines[99] = f"2026-03-01 10:00:00 ERROR {what} full"
    return [ToolMessage("\n".join(lines), tool_call_id="c", name="run")]


def script(what: str = "disk") -> Script:
    """Return turns that look for a word in the original and then answer."""
    asks = ask_for_original(what, usage=USAGE)
    return [asks, Turn(text=f"The {what}.", usage=USAGE)]


def wrapped(turns: Script | None = None) -> HeadroomChatModel:
    """Return a model that plays a script."""
    return HeadroomChatModel(ScriptedChatModel(turns=turns or script(), chunking=3))


async def invoke(
    model: BaseChatModel, messages: Sequence[BaseMessage], config: Any
) -> Any:
    return model.invoke(messages, config)


async def ainvoke(
    model: BaseChatModel, messages: Sequence[BaseMessage], config: Any
) -> Any:
    return await model.ainvoke(messages, config)


async def stream(
    model: BaseChatModel, messages: Sequence[BaseMessage], config: Any
) -> Any:
    return list(model.stream(messages, config))


async def astream(
    model: BaseChatModel, messages: Sequence[BaseMessage], config: Any
) -> Any:
    return [chunk async for chunk in model.astream(messages, config)]


async def batch(
    model: BaseChatModel, messages: Sequence[BaseMessage], config: Any
) -> Any:
    return model.batch([messages], config)


async def abatch(
    model: BaseChatModel, messages: Sequence[BaseMessage], config: Any
) -> Any:
    return await model.abatch([messages], config)


WAYS: tuple[Way, ...] = (invoke, ainvoke, stream, astream, batch, abatch)


@contextlib.contextmanager
def traced_to(server: LangSmithServer, *, on: bool = True) -> Iterator[None]:
    """Send runs to a server by the environment alone, as an application does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANGSMITH_TRACING", "true" if on else "false")
        patch.setenv("LANGSMITH_API_KEY", "lsv2_dummy")
        patch.setenv("LANGSMITH_ENDPOINT", server.url)
        patch.setattr(run_trees, "_CLIENT", None)
        _forget()
        try:
            yield
        finally:
            made: langsmith.Client | None = run_trees._CLIENT
            if made is not None:
                made.close()
    _forget()


def trees(server: LangSmithServer) -> list[TracedRun]:
    """Return what a server has got once everything was sent."""
    wait_for_all_tracers()
    return server.trees


def only_model_run(tree: TracedRun) -> TracedRun:
    """Return the one model run of a tree."""
    (run,) = (run for run in tree.all() if run.run_type == "llm")
    return run


def _forget() -> None:
    """Let langsmith read the environment anew."""
    for read in (utils.get_env_var, utils.get_tracer_project):
        assert isinstance(read, _lru_cache_wrapper)
        read.cache_clear()
