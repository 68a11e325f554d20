"""A request of Chat Completions, and the requests that are made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from langchain_core.messages import BaseMessage

from headroom_langchain.ccr.rounds.machine import NOTHING_SAID
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.dialects.chat.conversation import changes, read
from headroom_langchain.serve.dialects.chat.history import (
    Names,
    names,
    noted,
    restored,
)
from headroom_langchain.serve.dialects.chat.offer import Offer, is_declared
from headroom_langchain.serve.dialects.chat.speech import (
    answered,
    text_of,
    visible_calls,
)
from headroom_langchain.serve.dialects.chat.stream import ChatStream
from headroom_langchain.serve.dialects.chat.whole import ChatWhole
from headroom_langchain.serve.dialects.dialect import Exchange, Notes
from headroom_langchain.serve.wire.body import Body, Json


class ChatRequest:
    """A request and its conversation."""

    def __init__(self, body: Body, policy: CompressionPolicy) -> None:
        """Take over a body that `is_understood`."""
        self._body = body
        self._policy = policy
        self._messages: list[Json] = body.value["messages"]
        self._offer = Offer.of(body.value, policy)
        self._exchanges: list[Exchange] = []
        self._names: dict[int, str] = {}

    @property
    def stream(self) -> bool:
        """Whether the client wants a stream."""
        return self._body.value.get("stream") is True

    @property
    def model(self) -> str:
        """The model it names; empty when it names none."""
        model = self._body.value.get("model")
        return model if isinstance(model, str) else ""

    @property
    def able(self) -> bool:
        """Whether the model could call the retrieve tool in it, and be answered."""
        asked = self._body.value
        alone = asked.get("n") in (None, 1)
        own = is_declared(asked) or bool(asked.get("functions"))
        return alone and not own and self._offer.able

    @property
    def wanted(self) -> Sequence[str]:
        """No notes: a request brings all of its conversation."""
        return ()

    def messages(self, notes: Notes) -> Sequence[BaseMessage]:  # noqa: ARG002 - the protocol's
        """Return its conversation as a plan reads it."""
        return read(self._messages)

    @property
    def known(self) -> Sequence[str]:
        """No keys: a request brings all of its conversation."""
        return ()

    def shorten(self, messages: Sequence[BaseMessage]) -> None:
        """Put in the texts of compressed messages."""
        for path, text in changes(self._messages, messages):
            self._body.replace(path, text)

    @property
    def past(self) -> Sequence[str]:
        """Names of the notes on hidden exchanges in its history."""
        self._names = names(self._messages) if self._offer.backed else {}
        return tuple(dict.fromkeys(self._names.values()))

    def restore(self, notes: Notes, replay: Literal["always", "same_turn"]) -> None:
        """Put hidden exchanges back where they were."""
        roles = [message["role"] for message in self._messages]
        human = max((i for i, role in enumerate(roles) if role == "user"), default=-1)
        first = 0 if replay == "always" else human
        for place, name in self._names.items():
            if place >= first and name in notes:
                self._put_back(place, notes[name])

    def offer(self) -> None:
        """Offer the retrieve tool."""
        self._offer.make(self._body)

    def written(self) -> bytes:
        """Return the body for the upstream."""
        return self._body.bytes()

    def proceed(self, exchange: Exchange) -> bytes:
        """Return the body of the next round, which goes on behind the exchange."""
        self._exchanges.append(exchange)
        message, results = answered(exchange.spoken.content[0], exchange.answers)
        end = ("messages", len(self._messages))
        self._body.insert(end, message, *results)
        if len(self._exchanges) > self._policy.max_rounds:
            self._offer.close(self._body)
        return self._body.bytes()

    def streamed(self) -> ChatStream:
        """Return the answer to it, as a stream."""
        return ChatStream(self._policy)

    def whole(self) -> ChatWhole:
        """Return the answer to it, in one piece."""
        return ChatWhole(self._policy)

    def notes(self, last: Exchange, keys: Sequence[str]) -> Notes:  # noqa: ARG002 - the protocol's
        """Return what later requests must know of the answer."""
        exchanges = [*self._exchanges, last]
        if not any(exchange.answers for exchange in exchanges):
            return {}
        said = [exchange.spoken.content[0] for exchange in exchanges]
        calls = visible_calls(said[-1])
        text = "".join(text_of(message.get("content")) for message in said)
        if not (text or calls):
            text = NOTHING_SAID
        names = Names()
        for message in self._messages:
            names.read(message)
        name = names.of(text, calls)
        return {name: noted(exchanges, name, self._policy.max_record_tokens)}

    def _put_back(self, place: int, note: Json) -> None:
        following = self._messages[place + 1 :]
        followed = bool(following) and following[0]["role"] == "tool"
        answer = restored(note, self._messages[place], followed=followed)
        if answer is None:
            return
        self._body.replace(("messages", place), *answer.messages)
        for index, result in answer.placed(following):
            self._body.insert(("messages", place + 1 + index), result)


def is_understood(value: Json) -> bool:
    """Tell whether a body has the form of a request."""
    messages, tools = value.get("messages"), value.get("tools")
    choice = value.get("tool_choice")
    if isinstance(choice, dict):
        choice = choice.get("type", "")
    return (
        isinstance(messages, list)
        and all(
            isinstance(message, dict) and isinstance(message.get("role"), str)
            for message in messages
        )
        and isinstance(tools, list | None)
        and isinstance(choice, str | None)
    )
