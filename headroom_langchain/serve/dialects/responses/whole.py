"""An answer in one piece: the responses of its rounds, made into one."""

from __future__ import annotations

from headroom_langchain.serve.dialects.dialect import Spoken
from headroom_langchain.serve.dialects.responses.shown import (
    Shown,
    closing_item,
    spoken,
)
from headroom_langchain.serve.wire.body import Json

_FAILED = ("failed", "cancelled")


class WholeAnswer:
    """The answer to one request."""

    def __init__(self, shown: Shown) -> None:
        """Begin before the first response."""
        self._shown = shown
        self._response: Json = {}

    def take(self, answer: Json) -> None:
        """Take in the upstream's response of a round."""
        self._response = answer
        output = answer.get("output")
        content = [one for one in output if isinstance(one, dict)] if output else []
        failed = answer.get("status") in _FAILED or bool(answer.get("error"))
        self._shown.response(answer)
        self._shown.over(
            spoken(
                content,
                answer,
                complete=True,
                failed=failed,
                text=any(before.text for before in self._shown.rounds),
            )
        )

    def round(self) -> Spoken:
        """Return that round."""
        return self._shown.rounds[-1]

    def finish(self, closing: str = "") -> Json:
        """Return the response for the client."""
        first = (self._shown.first or {}).get("id")
        more = [closing_item(first, closing)] if closing else []
        return self._shown.whole(self._response, more)
