"""One request of Responses, and the requests that are made of it.

A conversation is kept by the provider, behind `previous_response_id` or `conversation`,
or by the client, who sends all items each time. What was hidden is put back the same
way: by reference to the last response of an answer, of which the client knows the
first; by items behind those of the request; or by notes on the items that came back.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final, Literal

from langchain_core.messages import BaseMessage

from headroom_langchain.ccr.rounds.answering import NO_MORE
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.dialects.dialect import Exchange, Notes
from headroom_langchain.serve.dialects.responses import anchors
from headroom_langchain.serve.dialects.responses.conversation import (
    as_messages,
    rewritten,
    unanswered,
)
from headroom_langchain.serve.dialects.responses.input import Input
from headroom_langchain.serve.dialects.responses.items import (
    call_id_of,
    outputs,
    repeated,
)
from headroom_langchain.serve.dialects.responses.kept import (
    CALL,
    kept_at,
    note_kept,
)
from headroom_langchain.serve.dialects.responses.shown import (
    CLOSING_ID,
    Shown,
    closing_item,
)
from headroom_langchain.serve.dialects.responses.streamed import StreamedAnswer
from headroom_langchain.serve.dialects.responses.tool import (
    choice_of,
    choice_with_ours,
    entry,
    is_ours,
    tools_of,
)
from headroom_langchain.serve.dialects.responses.whole import WholeAnswer
from headroom_langchain.serve.wire.body import Body, Json

_PREVIOUS: Final = "previous_response_id"


class ResponsesRequest:
    """One request of a client."""

    def __init__(self, body: Body, policy: CompressionPolicy) -> None:
        """Take over a body whose form has been looked at."""
        self._body = body
        self._policy = policy
        self._value = body.value
        self._input = Input(body)
        self._choice = choice_of(body.value)
        self._stored = body.value.get("store") is not False
        self._kept_at = kept_at(body.value)
        self._messages: Sequence[BaseMessage] = ()
        self._known: tuple[str, ...] = ()
        self._exchanges: list[Exchange] = []

    @property
    def stream(self) -> bool:
        """Whether the client wants a stream."""
        return self._value.get("stream") is True

    @property
    def model(self) -> str:
        """The model it names."""
        model = self._value.get("model")
        return model if isinstance(model, str) else ""

    @property
    def able(self) -> bool:
        """Whether the model could retrieve, or the request must be changed at all."""
        return self._open or bool(self._kept_at)

    @cached_property
    def _open(self) -> bool:
        forced = self._choice.forbids and self._policy.when_forced == "original"
        own = any(map(is_ours, tools_of(self._value)))
        return not (forced or own or self._value.get("background"))

    @property
    def wanted(self) -> Sequence[str]:
        """Names of the notes on what only the provider keeps."""
        calls = unanswered(self._input.items)
        return [*self._kept_at, *(CALL + call_id for call_id in calls)]

    def messages(self, notes: Notes) -> Sequence[BaseMessage]:
        """Return its conversation as a plan reads it."""
        self._go_on(notes)
        if not self._open:
            return ()
        elsewhere = {
            name.removeprefix(CALL): note
            for name, note in notes.items()
            if name.startswith(CALL)
        }
        self._messages = as_messages(self._input.items, elsewhere)
        return self._messages

    @property
    def known(self) -> Sequence[str]:
        """The keys of originals in what only the provider keeps."""
        return self._known if self._open else ()

    def shorten(self, messages: Sequence[BaseMessage]) -> None:
        """Put in the texts of compressed messages."""
        for index, path, text in rewritten(self._messages, messages):
            self._input.write(index, path, text)

    @property
    def past(self) -> Sequence[str]:
        """Names of the notes on hidden exchanges in its items."""
        return anchors.past(self._input.items)

    def restore(self, notes: Notes, replay: Literal["always", "same_turn"]) -> None:
        """Put hidden exchanges back where they were."""
        anchors.restore(self._input, notes, replay)

    def offer(self) -> None:
        """Offer the retrieve tool, where the client's demands leave room for it."""
        tools = tools_of(self._value)
        first = self._choice.forbids and self._policy.when_forced == "retrieve"
        if not self._open or (self._choice.forbids and not tools and not first):
            return
        if tools:
            self._body.insert(("tools", len(tools)), entry(tools))
        else:
            self._body.add("tools", [entry(tools)])
        if choice := choice_with_ours(self._value, self._choice, first=first):
            self._body.add("tool_choice", choice)

    def proceed(self, exchange: Exchange) -> bytes:
        """Return the body of the next round, which goes on behind the exchange."""
        self._exchanges.append(exchange)
        spoken = exchange.spoken
        answered = outputs(spoken.content, exchange.answers)
        if self._choice.forbids and "tool_choice" in self._value:
            self._body.add("tool_choice", self._value["tool_choice"])
        elif self._choice.kind == "free" and _exhausted(exchange):
            self._body.add("tool_choice", "none")
        if self._value.get("conversation"):
            self._input.be(answered)
        elif self._stored and spoken.id:
            self._body.add(_PREVIOUS, spoken.id)
            self._input.be(answered)
        else:
            said = (repeated(item, stored=False) for item in spoken.content)
            self._input.append([*filter(None, said), *answered])
        return self._body.bytes()

    def streamed(self) -> StreamedAnswer:
        """Return the answer to it, as a stream."""
        return StreamedAnswer(self._shown())

    def whole(self) -> WholeAnswer:
        """Return the answer to it, in one piece."""
        return WholeAnswer(self._shown())

    def notes(self, last: Exchange, keys: Sequence[str]) -> Notes:
        """Return what later requests must know of the answer."""
        exchanges = [*self._exchanges, last]
        first = exchanges[0].spoken.id
        noted = anchors.noted(
            self._input.items,
            exchanges,
            stored=self._stored,
            last=closing_item(first, ""),
        )
        if self._stored:
            known = list(dict.fromkeys([*self._known, *keys]))
            noted |= note_kept(self._value, exchanges, known)
        return noted

    def written(self) -> bytes:
        """Return the body for the upstream."""
        return self._body.bytes()

    def _shown(self) -> Shown:
        summed = self._policy.usage == "sum"
        return Shown(asked=self._value, summed=summed)

    def _go_on(self, notes: Notes) -> None:
        """Go on behind what the provider keeps, which is more than the client knows."""
        for index, item in enumerate(self._input.items):
            if str(item.get("id")).startswith(CLOSING_ID):
                self._input.forget_id(index)
        known, owed = dict[str, None](), dict[str, Json]()
        for name in self.wanted:
            note = notes.get(name, {})
            known |= dict.fromkeys(note.get("keys", ()))
            owed |= {call_id_of(one): one for one in note.get("owed", ())}
            if last := note.get("last"):
                self._body.add(_PREVIOUS, last)
        self._known = tuple(known)
        self._input.insert(0, list(owed.values()))


def _exhausted(exchange: Exchange) -> bool:
    """Tell whether the model was told to answer now."""
    return all(answer.text == NO_MORE for answer in exchange.answers)
