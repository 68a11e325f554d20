"""`CustomEvents`: the stages of a call as custom events of LangChain.

Callback handlers get them in `on_custom_event`, and `astream_events` has them under
that name. They carry figures and nothing of what the messages say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackManager
from langchain_core.runnables.config import (
    get_async_callback_manager_for_config,
    get_callback_manager_for_config,
)

from headroom_langchain.calls.call_config import call_config
from headroom_langchain.calls.tracing import observers
from headroom_langchain.lifecycle.events import (
    InputCached,
    InputCompressed,
    InputReceived,
    InputRemembered,
    InputRouted,
    PipelineEvent,
    PostSend,
    PostStart,
    PreSend,
    PreStart,
    ResponseReceived,
    SetUp,
)

Figures = dict[str, Any]
"""What JSON can hold."""


class CustomEvents:
    """An extension that tells every stage to the callbacks of the call.

    The names of the events are `headroom_setup`, `headroom_pre_start` and so on, one
    for each `Stage`. An event belongs to the run of the model, or to the run around
    it where that is not known, or else to one run for the whole call. Where nobody
    listens, nothing is told; callbacks that a model was made with do not listen.

    Example:
        ```python
        llm = HeadroomChatModel(model, extensions=[CustomEvents()])
        async for event in llm.astream_events("...", version="v2"):
            if event["event"] == "on_custom_event":
                print(event["name"], event["data"])
        ```
    """

    def on_pipeline_event(self, event: PipelineEvent) -> None:
        """Tell a stage to the callbacks."""
        manager = get_callback_manager_for_config(call_config())
        _add_observers(manager)
        name, data = f"headroom_{event.stage}", figures(event)
        manager.on_custom_event(name, data, run_id=_run(event, manager))

    async def aon_pipeline_event(self, event: PipelineEvent) -> None:
        """Tell a stage to the callbacks."""
        manager = get_async_callback_manager_for_config(call_config())
        _add_observers(manager)
        name, data = f"headroom_{event.stage}", figures(event)
        await manager.on_custom_event(name, data, run_id=_run(event, manager))


def figures(event: PipelineEvent) -> Figures:
    """Return what an event says in figures, as values of JSON."""
    said = {
        "call": event.call.id,
        "conversation": event.call.conversation,
        "surface": event.call.surface,
    }
    return {**said, **_FIGURES[type(event)](event)}


def _add_observers(manager: BaseCallbackManager) -> None:
    """Add who sees the model's run though no configuration names them.

    So are the callbacks of `generate`, which has no configuration.
    """
    model = observers()
    for handler in model.handlers if model is not None else ():
        if handler not in manager.handlers:
            manager.add_handler(handler, inherit=False)


def _run(event: PipelineEvent, manager: BaseCallbackManager) -> UUID:
    """Return the run that an event belongs to."""
    model = observers()
    own = model.parent_run_id if model is not None else None
    around = call_config().get("run_id") or manager.parent_run_id
    return own or around or UUID(event.call.id)


def _set_up(event: SetUp) -> Figures:
    policy = event.policy
    return {"preset": policy.preset, "scale": policy.scale}


def _pre_start(event: PreStart) -> Figures:
    return {"messages": len(event.messages), "tools": len(event.tools)}


def _messages(event: PostStart | InputReceived) -> Figures:
    return {"messages": len(event.messages)}


def _cached(event: InputCached) -> Figures:
    return {"known": len(event.known)}


def _routed(event: InputRouted) -> Figures:
    eligible = sum(block.skipped is None for block in event.blocks)
    return {"texts": len(event.blocks), "eligible": eligible}


def _compressed(event: InputCompressed) -> Figures:
    return {
        "messages": len(event.messages),
        "compressed": sum(block.skipped is None for block in event.blocks),
        "tokens_before": sum(block.tokens_before for block in event.blocks),
        "tokens_after": sum(block.tokens_after for block in event.blocks),
    }


def _remembered(event: InputRemembered) -> Figures:
    return {"originals": len(event.keys), "kept": event.error is None}


def _pre_send(event: PreSend) -> Figures:
    tools = event.arguments.get("tools") or ()
    return {
        "round": event.round,
        "messages": len(event.messages),
        "tools": len(tools),
    }


def _post_send(event: PostSend) -> Figures:
    return {"round": event.round}


def _received(event: ResponseReceived) -> Figures:
    return {
        "round": event.round,
        "usage": dict(event.usage) if event.usage is not None else None,
        "retrievals": len(event.retrievals),
        "final": event.final,
    }


_FIGURES: Mapping[type[PipelineEvent], Callable[[Any], Figures]] = {
    SetUp: _set_up,
    PreStart: _pre_start,
    PostStart: _messages,
    InputReceived: _messages,
    InputCached: _cached,
    InputRouted: _routed,
    InputCompressed: _compressed,
    InputRemembered: _remembered,
    PreSend: _pre_send,
    PostSend: _post_send,
    ResponseReceived: _received,
}
