"""The protocol: which requests are understood, and what is seen of unread answers."""

from __future__ import annotations

import re
from typing import Final

from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.dialects.dialect import Notes
from headroom_langchain.serve.dialects.responses.kept import note_calls
from headroom_langchain.serve.dialects.responses.request import ResponsesRequest
from headroom_langchain.serve.wire.body import Body
from headroom_langchain.serve.wire.frames import Frame
from headroom_langchain.serve.wire.problems import Provider

_ENDED: Final = re.compile(
    rb'[\r\n](?:event: ?|data: ?\{ ?"type": ?")'
    rb"(?:response\.(?:completed|failed|incomplete)|error)\b"
)
_FINISHED: Final = ("response.completed", "response.incomplete", "")


class Responses:
    """OpenAI Responses."""

    name: Final = "responses"
    provider: Final[Provider] = "openai"
    heartbeat: Final = b": ping\n\n"
    notes_unread: Final = True
    """The outputs of calls come without the calls, which only the provider keeps."""

    def read(self, body: Body, policy: CompressionPolicy) -> ResponsesRequest | None:
        """Read a request; `None` for one that it does not understand."""
        given = body.value.get("input")
        if isinstance(given, list):
            understood = all(isinstance(item, dict) for item in given)
        else:
            understood = given is None or isinstance(given, str)
        listed = isinstance(body.value.get("tools"), list | None)
        return ResponsesRequest(body, policy) if understood and listed else None

    def ended(self, tail: bytes) -> bool:
        """Tell whether a stream that is passed on unread has come to its end."""
        return _ENDED.search(tail) is not None

    def watched(self, frame: Frame) -> Notes:
        """Return notes on the calls of a response that the provider keeps."""
        if frame.event not in _FINISHED or b'_call"' not in frame.data:
            return {}
        response = (frame.json() or {}).get("response")
        if not isinstance(response, dict) or response.get("store") is False:
            return {}
        output = response.get("output")
        listed = output if isinstance(output, list) else []
        return note_calls(item for item in listed if isinstance(item, dict))
