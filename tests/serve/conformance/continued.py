"""The law of the prompt cache: every request begins with the one before."""

from __future__ import annotations

import json
from itertools import pairwise

from upstreams import Got
from upstreams.script import Json

from conformance.speaking import Speaker


def items(got: Got) -> list[Json]:
    """Return what the model reads; of items, what it does not read is left out."""
    unread = ("id", "status")
    return [
        {"type": "message"} | {k: v for k, v in item.items() if k not in unread}
        for item in got.conversation
    ]


def goes_on(speaker: Speaker, got: list[Got]) -> bool:
    """Check that every request goes on where the one before ended.

    Raises:
        AssertionError: One does not.
    """
    for before, after in pairwise(got):
        read = items(before)
        assert items(after)[: len(read)] == read
        assert _list(after, "tools") == _list(before, "tools")
        # Clients of Responses write the items of answers in an order of their own.
        if speaker.path != "responses":
            assert _list(after, "messages").startswith(_list(before, "messages"))
    return True


def _list(got: Got, key: str) -> bytes:
    """Return the bytes of a list in a body, without its last bracket."""
    text = got.body.decode()
    at = text.index(f'"{key}":') + len(key) + 3
    end: int = json.JSONDecoder().raw_decode(text, at)[1]
    return text[at : end - 1].encode()
