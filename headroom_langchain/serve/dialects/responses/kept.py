"""What must be known of conversations that only the provider keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from headroom_langchain.serve.dialects.dialect import Exchange
from headroom_langchain.serve.dialects.responses.items import (
    CALLS,
    arguments_of,
    call_id_of,
    is_hidden,
    outputs,
)
from headroom_langchain.serve.wire.body import Json

CALL: Final = "call:"
"""How the names of notes begin that say what a call was."""


def kept_at(value: Json) -> list[str]:
    """Return the names of the notes on the conversation that a request goes on."""
    previous, conversation = value.get("previous_response_id"), _conversation(value)
    names = []
    if isinstance(previous, str) and previous:
        names.append(f"response:{previous}")
    if conversation:
        names.append(f"conversation:{conversation}")
    return names


def note_calls(
    content: Iterable[Mapping[str, Any]], kept: Mapping[str, Any] | None = None
) -> dict[str, Json]:
    """Return a note for each call of the client's tools: outputs will come alone.

    Args:
        content: What the model said.
        kept: What else must be known when the outputs come.
    """
    return {
        CALL + call_id: {
            "name": item.get("name"),
            "arguments": arguments_of(item),
            **(kept or {}),
        }
        for item in content
        if item.get("type") in CALLS
        and not is_hidden(item)
        and (call_id := call_id_of(item))
    }


def note_kept(
    value: Json, exchanges: Sequence[Exchange], keys: Sequence[str]
) -> dict[str, Json]:
    """Return the notes on an answer that the provider keeps.

    A note is never written twice. So what a conversation has come to is noted with
    the calls whose outputs it waits for.

    Args:
        value: The request.
        exchanges: The rounds of the answer.
        keys: The originals that the model may ask for from now on.
    """
    last = exchanges[-1]
    content = last.spoken.content
    # The provider has these calls, so the next request has to answer them.
    owed = outputs(content, last.answers)
    kept: Json = {"keys": list(keys), "owed": owed}
    if conversation := _conversation(value):
        known = {f"conversation:{conversation}": {"keys": list(keys)}} if keys else {}
        return note_calls(content, kept) | known
    notes = note_calls(content)
    if (first := exchanges[0].spoken.id) and (keys or owed or len(exchanges) > 1):
        notes[f"response:{first}"] = {"last": last.spoken.id, **kept}
    return notes


def _conversation(value: Json) -> str:
    """Return the id of the conversation that a request names; empty for none."""
    named = value.get("conversation")
    own = named.get("id") if isinstance(named, dict) else named
    return own if isinstance(own, str) else ""
