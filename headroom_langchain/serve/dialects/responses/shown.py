"""What the client is shown of an answer: one response, however many rounds it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from headroom_langchain.serve.dialects.dialect import Spoken
from headroom_langchain.serve.dialects.responses.items import (
    CALLS,
    awaits_client,
    hidden_calls,
    is_hidden,
    said,
)
from headroom_langchain.serve.dialects.responses.tool import is_ours
from headroom_langchain.serve.dialects.usage import added
from headroom_langchain.serve.wire.body import Json

CLOSING_ID = "msg_headroom_"
"""How the ids of messages begin that this package writes."""

_KEPT = ("id", "created_at")
"""What a response has from the first one to the last."""


@dataclass(slots=True, kw_only=True)
class Shown:
    """The response that the client takes the answer for."""

    asked: Json
    """The client's request; responses repeat much of it."""
    summed: bool
    """Whether the usage of all rounds counts, or that of the last."""
    first: Json | None = None
    """The first response of the upstream, by whose id the client knows the answer."""
    items: list[Json] = field(default_factory=list)
    """What the client has seen in rounds that are over."""
    rounds: list[Spoken] = field(default_factory=list)
    """The rounds that are over."""

    def over(self, spoken: Spoken) -> None:
        """Note a round that another one follows, or none."""
        self.items += visible(spoken.content)
        self.rounds.append(spoken)

    def response(self, response: Json) -> Json:
        """Return a response as if it were the first, and to the client's request."""
        if self.first is None:
            self.first = response
        own = {key: self.first[key] for key in _KEPT if key in self.first}
        own["previous_response_id"] = self.asked.get("previous_response_id")
        own["tool_choice"] = self.asked.get("tool_choice") or "auto"
        tools = response.get("tools")
        if isinstance(tools, list):
            own["tools"] = [tool for tool in tools if not is_ours(tool)]
        return {**response, **{key: own[key] for key in own if key in response}}

    def whole(self, response: Json, more: Sequence[Json] = ()) -> Json:
        """Return the last response with all that the client has seen.

        Args:
            response: The upstream's, of the last round.
            more: Items behind those of the rounds.
        """
        usages = [one.usage for one in self.rounds[0 if self.summed else -1 :]]
        usage = added(usages)
        whole = {**self.response(response), **({"usage": usage} if usage else {})}
        content = [item for one in self.rounds for item in one.content]
        if len(self.rounds) > 1 or more or any(map(is_hidden, content)):
            whole["output"] = [*self.items, *more]
        return whole


def visible(content: Sequence[Json]) -> list[Json]:
    """Return what the client sees of a round."""
    return [item for item in content if not is_hidden(item)]


def spoken(
    content: Sequence[Json], response: Json, *, complete: bool, failed: bool, text: bool
) -> Spoken:
    """Return a round.

    Args:
        content: What the model said.
        response: How the upstream ended it; empty when it did not.
        complete: Whether it did.
        failed: Whether that was an error.
        text: Whether the client has seen any text or call before.
    """
    cut = response.get("status") == "incomplete"
    usage = response.get("usage")
    own = response.get("id")
    return Spoken(
        complete=complete,
        failed=failed,
        calls=hidden_calls(content, cut=cut),
        others=awaits_client(content),
        content=tuple(content),
        id=own if isinstance(own, str) else None,
        usage=usage if isinstance(usage, dict) else None,
        text=text
        or any(said(item) or item.get("type") in CALLS for item in visible(content)),
    )


def closing_id(first: str | None) -> str:
    """Return the id of the message that ends an answer in which nothing was said.

    Args:
        first: The id of the response.
    """
    own = first if isinstance(first, str) else ""
    return CLOSING_ID + own.removeprefix("resp_")


def closing_item(first: str | None, text: str) -> Json:
    """Return that message."""
    return {
        "id": closing_id(first),
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [
            {"type": "output_text", "annotations": [], "logprobs": [], "text": text}
        ],
    }
