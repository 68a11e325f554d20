"""What observers see inside a call: children of its one model run.

To everybody who counts or streams, a call is one model run. Tracers also see what
it is made of: `headroom_compress`, each `headroom_round_N`, and each
`headroom_retrieve` between two rounds, as chain and tool runs. langchain-core
hands no run manager to the methods that stream, so the run is made known here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from langchain_core.callbacks import (
    AsyncCallbackHandler,
    BaseCallbackHandler,
    BaseCallbackManager,
    BaseRunManager,
    CallbackManager,
)
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config
from langchain_core.tracers._streaming import (
    _StreamingCallbackHandler,
    _V2StreamingCallbackHandler,
)
from langchain_core.tracers.core import _TracerCore
from langchain_core.utils.uuid import uuid7

_HIDDEN_FROM = (
    AsyncCallbackHandler,
    _StreamingCallbackHandler,
    _V2StreamingCallbackHandler,
)
"""Handlers that turn what they see into events for a client, or cannot be called
from code that does not await."""

_NOT_STREAMED = "nostream"
"""The tag by which LangGraph leaves a tool run out of its streams."""

_OBSERVERS: ContextVar[CallbackManager | None] = ContextVar(
    "headroom_observers", default=None
)


@contextlib.contextmanager
def observed_by(manager: CallbackManager | None) -> Iterator[None]:
    """Make the observers of a call known to the code that it runs."""
    token = _OBSERVERS.set(manager)
    try:
        yield
    finally:
        _OBSERVERS.reset(token)


def observers() -> CallbackManager | None:
    """Return who observes the call under way, or `None` when nobody does."""
    return _OBSERVERS.get()


def observers_of(run: BaseRunManager | None) -> CallbackManager | None:
    """Return who observes what happens inside a run."""
    if run is None:
        return None
    return _manager(run, run.run_id)


def observers_within(config: RunnableConfig | None) -> CallbackManager | None:
    """Return who observes what happens under a configuration, inside its run."""
    config = ensure_config(config)
    callbacks = config.get("callbacks")
    manager = CallbackManager.configure(
        callbacks,
        inheritable_tags=config.get("tags"),
        inheritable_metadata=config.get("metadata"),
    )
    return _manager(manager, manager.parent_run_id)


def announced(
    config: RunnableConfig | None, managers: type[BaseCallbackManager]
) -> tuple[RunnableConfig, CallbackManager | None]:
    """Give a call's run its id in advance, so that its observers are known.

    Args:
        config: The configuration of the call.
        managers: `CallbackManager` or `AsyncCallbackManager`, as the call uses.

    Returns:
        The configuration to call with, and who observes what happens inside.
    """
    config = ensure_config(config)
    configure: Any = getattr(managers, "configure")  # noqa: B009 - the base class has none
    manager = configure(
        config.get("callbacks"),
        inheritable_tags=config.get("tags"),
        inheritable_metadata=config.get("metadata"),
    )
    run_id = config.get("run_id") or uuid7()
    found = _manager(manager, run_id)
    if found is None:
        return config, None
    return {**config, "run_id": run_id, "callbacks": manager}, found


def _manager(
    source: BaseRunManager | BaseCallbackManager, run_id: UUID | None
) -> CallbackManager | None:
    """Return a manager for children of a run, without handlers that stream.

    Without a run they have no parent.
    """
    handlers: Sequence[BaseCallbackHandler] = source.inheritable_handlers
    kept = [handler for handler in handlers if not isinstance(handler, _HIDDEN_FROM)]
    if not kept:
        return None
    manager = CallbackManager(handlers=[], parent_run_id=run_id)
    manager.set_handlers(kept)
    manager.add_tags(list(source.inheritable_tags))
    # What says which model a run called belongs to the model's run alone.
    metadata = source.inheritable_metadata.items()
    manager.add_metadata({k: v for k, v in metadata if not k.startswith("ls_")})
    return manager


def write_figures(
    manager: CallbackManager | None, figures: Mapping[str, int | str]
) -> None:
    """Write figures into the metadata of the model run, where people filter by them.

    Args:
        manager: The observers; those that keep no runs are passed over.
        figures: The figures, each under a name that is only ours.
    """
    if manager is None:
        return
    for handler in manager.handlers:
        if isinstance(handler, _TracerCore):
            run = handler.run_map.get(str(manager.parent_run_id))
            if run is not None and run.extra is not None:
                # A copy, since the dictionary is also what other handlers were given.
                metadata = run.extra.get("metadata") or {}
                run.extra["metadata"] = {**metadata, **figures}


@contextlib.contextmanager
def chain_run(
    manager: CallbackManager | None, name: str, inputs: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Show a step of a call to its observers.

    Args:
        manager: The observers.
        name: The name of the step.
        inputs: What it works on, in a few figures.

    Yields:
        A dictionary for what came of it.
    """
    told: dict[str, Any] = {}
    if manager is None:
        yield told
        return
    run = manager.on_chain_start(None, inputs, name=name)
    try:
        yield told
    except BaseException as error:  # a cancelled step must not stay open, either
        run.on_chain_error(error)
        raise
    run.on_chain_end(told)


@contextlib.contextmanager
def tool_run(
    manager: CallbackManager | None, name: str, arguments: str
) -> Iterator[list[str]]:
    """Show a tool's work to the observers of a call.

    Args:
        manager: The observers.
        name: The name of the tool.
        arguments: Its arguments as they were written.

    Yields:
        A list for the answer.
    """
    told: list[str] = []
    if manager is None:
        yield told
        return
    tagged = manager.copy()
    tagged.add_tags([_NOT_STREAMED])
    run = tagged.on_tool_start({"name": name}, arguments, name=name)
    try:
        yield told
    except BaseException as error:  # likewise
        run.on_tool_error(error)
        raise
    run.on_tool_end("\n".join(told))
