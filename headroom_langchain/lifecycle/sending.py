"""The request of a round, as extensions may have it.

Whatever they change, the model keeps its way to read originals, and answers once,
so that its calls of `headroom_retrieve` stay hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage

from headroom_langchain.calls.tool_choice import tool_name
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.lifecycle.accepting import recorded_again
from headroom_langchain.lifecycle.running import Lifecycle
from headroom_langchain.lifecycle.steps import Steps
from headroom_langchain.plan.messages import recorded_keys

Request = tuple[list[BaseMessage], dict[str, Any]]
"""The messages and the keyword arguments of a call of the inner model."""


def request(
    lifecycle: Lifecycle,
    number: int,
    messages: list[BaseMessage],
    arguments: dict[str, Any],
) -> Steps[Request]:
    """Tell of a request, and return the one that is made.

    Args:
        lifecycle: Who is told.
        number: The number of the round, counted from 1.
        messages: What would be sent.
        arguments: The keyword arguments that would go with it.
    """
    if not lifecycle.extensions:
        return messages, arguments
    event, changed = yield from lifecycle.pre_send(number, messages, arguments)
    if changed is event:
        return messages, arguments
    if changed.arguments is not event.arguments:
        arguments = _answering(lifecycle, arguments, changed.arguments)
    if changed.messages is not event.messages:
        messages = _redeemable(lifecycle, messages, changed.messages, arguments)
    return messages, arguments


def _answering(
    lifecycle: Lifecycle, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    """Return changed arguments with what must stay in them."""
    arguments = dict(after)
    offered = _retrieve_tools(before)
    if offered and not _retrieve_tools(after):
        lifecycle.note(
            f"{RETRIEVE_TOOL_NAME} was put back among the tools of a request"
        )
        arguments["tools"] = [*(after.get("tools") or ()), *offered]
    if (after.get("n") or 1) > 1 and after.get("n") != before.get("n"):
        lifecycle.note(f"n={after['n']!r} of a changed request was ignored")
        del arguments["n"]
        arguments |= {key: before[key] for key in ("n",) if key in before}
    return arguments


def _redeemable(
    lifecycle: Lifecycle,
    before: list[BaseMessage],
    after: Sequence[BaseMessage],
    arguments: Mapping[str, Any],
) -> list[BaseMessage]:
    """Return changed messages, unless they name originals nobody could read."""
    new = set(recorded_keys(after)) - set(recorded_keys(before))
    if new and not _retrieve_tools(arguments):
        lifecycle.note(
            "changed messages of a request were ignored: they refer to originals, and "
            f"the request does not offer {RETRIEVE_TOOL_NAME}"
        )
        return before
    return recorded_again(before, after)


def _retrieve_tools(arguments: Mapping[str, Any]) -> list[Any]:
    tools = arguments.get("tools") or ()
    return [tool for tool in tools if tool_name(tool) == RETRIEVE_TOOL_NAME]
