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
from langchain_core.runnables.config import var_child_runnable_config

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


def configurable() -> Mapping[str, Any]:
    """Return the `configurable` part of the call's configuration.

    What the call itself was given comes before what a graph around it has.
    """
    ambient = var_child_runnable_config.get() or {}
    own = _CONFIG.get() or {}
    return {**(ambient.get("configurable") or {}), **(own.get("configurable") or {})}
