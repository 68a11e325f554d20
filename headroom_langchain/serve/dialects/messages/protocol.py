"""The Messages API of Anthropic: how its requests are read, and its streams end."""

from __future__ import annotations

import re
from typing import Any, Final

from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.dialects.dialect import Notes
from headroom_langchain.serve.dialects.messages.request import ROLES, MessagesRequest
from headroom_langchain.serve.wire.body import Body
from headroom_langchain.serve.wire.frames import Frame, event
from headroom_langchain.serve.wire.problems import Provider

_PING: Final = event("ping", {"type": "ping"})

_END: Final = re.compile(
    rb"[\r\n]event: ?(?:error[\r\n]"
    rb"|message_stop(?>\r\n|\n|\r)(?:[^\r\n]+(?>\r\n|\n|\r))+[\r\n])"
)
"""An error, of which the rest may be long, or a whole last event."""


class Messages:
    """The protocol."""

    name: Final = "messages"
    provider: Provider = "anthropic"
    heartbeat: Final = _PING
    notes_unread: Final = False

    def read(self, body: Body, policy: CompressionPolicy) -> MessagesRequest | None:
        """Read a request; `None` for one that it does not understand."""
        value = body.value
        said, system = value.get("messages"), value.get("system")
        known = (
            isinstance(said, list)
            and said
            and all(map(_is_message, said))
            and (system is None or _is_content(system))
            and isinstance(value.get("tools"), list | None)
            and _is_choice(value.get("tool_choice"))
        )
        return MessagesRequest(body, policy) if known else None

    def ended(self, tail: bytes) -> bool:
        """Tell whether a stream that is passed on unread has come to its end."""
        if b"message_stop" not in tail and b"error" not in tail:
            return False
        return _END.search(tail) is not None

    def watched(self, frame: Frame) -> Notes:  # noqa: ARG002 - the protocol's
        """Return nothing: later requests repeat everything."""
        return {}


def _is_message(message: Any) -> bool:
    return (
        isinstance(message, dict)
        and isinstance(role := message.get("role"), str)
        and role in ROLES
        and _is_content(message.get("content"))
    )


def _is_content(content: Any) -> bool:
    if isinstance(content, str):
        return True
    return isinstance(content, list) and all(isinstance(b, dict) for b in content)


def _is_choice(choice: Any) -> bool:
    if choice is None:
        return True
    return isinstance(choice, dict) and isinstance(choice.get("type"), str)
