"""The protocol Chat Completions."""

from __future__ import annotations

import re
from typing import Final

from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.dialects.chat.request import ChatRequest, is_understood
from headroom_langchain.serve.dialects.dialect import Notes
from headroom_langchain.serve.wire.body import Body
from headroom_langchain.serve.wire.frames import Frame, Frames
from headroom_langchain.serve.wire.problems import Provider

_DONE: Final = re.compile(rb"[\r\n]data: ?\[DONE\]")
# Within a text of JSON quotes are escaped, so that these are keys.
_FINISHED: Final = re.compile(rb'"finish_reason"[ \t]*:[ \t]*"')
_ERROR: Final = re.compile(rb'"error"[ \t]*:[ \t]*[{"]')


class ChatCompletions:
    """Chat Completions of OpenAI, which many others speak too."""

    name: Final = "chat"
    provider: Final[Provider] = "openai"
    heartbeat: Final = b": ping\n\n"
    notes_unread: Final = False

    def read(self, body: Body, policy: CompressionPolicy) -> ChatRequest | None:
        """Read a request; `None` for one that it does not understand."""
        return ChatRequest(body, policy) if is_understood(body.value) else None

    def ended(self, tail: bytes) -> bool:
        """Tell whether a stream that is passed on unread has come to its end.

        Some upstreams send no `[DONE]`; a finish reason is then the end.

        Args:
            tail: The bytes of a chunk, and some before it.
        """
        if _DONE.search(tail) or _FINISHED.search(tail):
            return True
        if not _ERROR.search(tail):
            return False
        values = (frame.json() for frame in Frames().feed(tail + b"\n\n"))
        return any(value is not None and value.get("error") for value in values)

    def watched(self, frame: Frame) -> Notes:  # noqa: ARG002 - the protocol's
        """Return nothing: a request brings all of its conversation."""
        return {}
