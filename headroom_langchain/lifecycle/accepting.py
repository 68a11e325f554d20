"""What becomes of a changed event: what may change counts, the rest is noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from langchain_core.messages import BaseMessage

from headroom_langchain.lifecycle.events import PipelineEvent
from headroom_langchain.plan.messages import recorded_keys, with_keys
from headroom_langchain.rules.policy import CompressionPolicy

E = TypeVar("E", bound=PipelineEvent)

Note = Callable[[str], None]
"""Takes a sentence for the report."""


def accepted(event: E, changed: object, note: Note) -> E:
    """Return an event with those changes that may be made.

    Args:
        event: The event as it was told.
        changed: What an extension returned.
        note: Takes what is ignored, and why.
    """
    if changed is None or changed is event:
        return event
    if not isinstance(changed, type(event)):
        note(f"returned {type(changed).__name__} for {type(event).__name__}")
        return event
    changes: dict[str, Any] = {}
    for field in fields(event):
        old, new = getattr(event, field.name), getattr(changed, field.name)
        if new is old:
            continue
        if field.name not in event.changeable:
            note(f"changed `{field.name}`, which may not change")
        elif (fitting := _FITTING[field.name](new)) is None:
            note(f"changed `{field.name}` to a {type(new).__name__} that does not fit")
        else:
            changes[field.name] = fitting
    return replace(event, **changes) if changes else event


def as_messages(given: object) -> tuple[BaseMessage, ...] | None:
    """Return messages as a tuple, or `None` when something else is among them."""
    if isinstance(given, str) or not isinstance(given, Sequence):
        return None
    fits = all(isinstance(message, BaseMessage) for message in given)
    return tuple(given) if fits else None


def recorded_again(
    before: Sequence[BaseMessage], after: Sequence[BaseMessage]
) -> list[BaseMessage]:
    """Return changed messages that record all originals which the old ones did.

    What a change leaves out of the metadata is recorded on the last message, since
    its marker may still be there.

    Args:
        before: The messages as they were.
        after: The changed ones.
    """
    kept = list(after)
    found = set(recorded_keys(kept))
    lost = [key for key in recorded_keys(before) if key not in found]
    if lost and kept:
        kept[-1] = with_keys(kept[-1], lost)
    return kept


def _policy(given: object) -> CompressionPolicy | None:
    return given if isinstance(given, CompressionPolicy) else None


def _arguments(given: object) -> dict[str, Any] | None:
    if not isinstance(given, Mapping) or not all(isinstance(k, str) for k in given):
        return None
    return dict(given)


_FITTING: Mapping[str, Callable[[object], Any]] = {
    "policy": _policy,
    "messages": as_messages,
    "arguments": _arguments,
}
"""For each field that may change, what takes a new value, or refuses it."""
