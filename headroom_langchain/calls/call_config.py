"""The configuration of the call under way.

langchain-core does not hand a call's `RunnableConfig` to the methods that a chat
model implements. The wrapper publishes it here for the time of the call; inside
a graph or a chain the ambient configuration serves.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config, var_child_runnable_config

_CONFIG: ContextVar[RunnableConfig | None] = ContextVar(
    "headroom_call_config", default=None
)


@contextlib.contextmanager
def published(config: RunnableConfig | None) -> Iterator[None]:
    """Make a call's configuration known to the code that it runs."""
    token = _CONFIG.set(config)
    try:
        yield
    finally:
        _CONFIG.reset(token)


def call_config() -> RunnableConfig:
    """Return the configuration of the call, on top of what is around it."""
    return ensure_config(_CONFIG.get())


@contextlib.contextmanager
def still_published(config: RunnableConfig | None) -> Iterator[None]:
    """Make a configuration known again, unless that of the call is known.

    A call that is made step by step runs in parts, each in a context of its own.
    """
    with published(_CONFIG.get() or config):
        yield


def configurable() -> Mapping[str, Any]:
    """Return the `configurable` part of the call's configuration.

    What the call itself was given comes before what a graph around it has.
    """
    ambient = var_child_runnable_config.get() or {}
    own = _CONFIG.get() or {}
    return {**(ambient.get("configurable") or {}), **(own.get("configurable") or {})}


def conversation() -> str | None:
    """Return which conversation the call belongs to, or `None` when nobody says.

    That is the `thread_id` of a graph's checkpoints, else the `session_id` of
    `RunnableWithMessageHistory`.
    """
    settings = configurable()
    named = settings.get("thread_id") or settings.get("session_id")
    return None if named is None else str(named)
