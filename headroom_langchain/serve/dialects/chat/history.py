"""Hidden exchanges in the history of a conversation: named, written, put back.

A client shows an answer of several rounds as one message without hidden calls. What
was hidden is noted under a name that is made of what every client shows again, however
it writes it: the text without blank space, and the calls.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from langchain_core.messages import AIMessage

from headroom_langchain.ccr.rounds.record import Record, Round
from headroom_langchain.serve.dialects.chat.speech import (
    answered,
    text_of,
    visible_calls,
)
from headroom_langchain.serve.dialects.dialect import Exchange
from headroom_langchain.serve.wire.body import Json

_WIRE: Final = "wire"
_BEGINNING: Final = 2000
"""Characters that tell a message from others."""


class Names:
    """Names the notes on the answers of a conversation, while it is read."""

    def __init__(self) -> None:
        """Begin before the first message."""
        self._before: Json = {}
        self._result = ""
        self._given = Counter[str]()

    def read(self, message: Json) -> None:
        """Go on behind a message."""
        if message.get("role") == "assistant":
            text = text_of(message.get("content"))
            self._given[self._name(text, visible_calls(message))] += 1
        self._before = message
        self._result = str(message.get("tool_call_id") or self._result)

    def of(self, text: str, calls: Sequence[Json]) -> str:
        """Return the name for an answer that stands here.

        Words may be said twice, also in another conversation: the last result of a
        tool before them, and how often they were said before tell them apart.

        Args:
            text: What the client has seen of it.
            calls: The calls that the client has seen.
        """
        name = self._name(text, calls)
        again = self._given[name]
        return f"{name}-{again}" if again else name

    def _name(self, text: str, calls: Sequence[Json]) -> str:
        before = self._before
        said = _bare(text_of(before.get("content"))[:_BEGINNING])
        asked = [before.get("role"), self._result, said]
        seen = [_bare(text), [_call_of(call) for call in calls], asked]
        written = json.dumps(seen, sort_keys=True).encode()
        return f"exchange:{hashlib.sha256(written).hexdigest()[:32]}"


def names(messages: Sequence[Json]) -> dict[int, str]:
    """Return the names of the notes on answers, by the place of the answer."""
    reading, found = Names(), dict[int, str]()
    for place, message in enumerate(messages):
        if message.get("role") == "assistant":
            text = text_of(message.get("content"))
            found[place] = reading.of(text, visible_calls(message))
        reading.read(message)
    return found


def noted(exchanges: Sequence[Exchange], name: str, max_tokens: int) -> Json:
    """Write the rounds of an answer.

    Args:
        exchanges: The rounds.
        name: The name of the note.
        max_tokens: Estimated tokens of answers that it may have.
    """
    rounds = [
        Round(
            message=AIMessage("", additional_kwargs={_WIRE: _message_of(exchange)}),
            answers=exchange.answers,
        )
        for exchange in exchanges
    ]
    record = Record(rounds=tuple(rounds), digest=name)
    return record.bounded(max_tokens).to_json()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """An answer as the upstream has seen it."""

    messages: tuple[Json, ...]
    """All of its rounds."""
    results: tuple[Json, ...]
    """What the last of them was told."""
    calls: tuple[str, ...]
    """The ids of all calls of the last round."""

    def placed(self, following: Sequence[Json]) -> Iterator[tuple[int, Json]]:
        """Yield where results belong among the messages behind the answer.

        Results stand in the order of their calls.

        Args:
            following: Those messages.
        """
        there = list[str]()
        for message in following:
            if message.get("role") != "tool":
                break
            there.append(message.get("tool_call_id") or "")
        for result in self.results:
            later = self.calls[self.calls.index(result["tool_call_id"]) + 1 :]
            places = [there.index(call) for call in later if call in there]
            yield min(places, default=len(there)), result


def restored(note: Json, shown: Json, *, followed: bool) -> Restored | None:
    """Return what stands in the place of an answer.

    Args:
        note: What was noted of it.
        shown: The message in which its client shows it.
        followed: Whether results of its calls follow.

    Returns:
        The messages, or `None` when there is nothing to be put back.
    """
    record = Record.from_json(note)
    if record is None or not record.rounds:
        return None
    said = (one.message.additional_kwargs.get(_WIRE) for one in record.rounds)
    wires: list[Json] = [wire for wire in said if isinstance(wire, dict)]
    if len(wires) < len(record.rounds):
        return None
    *before, last = zip(wires, record.rounds, strict=True)
    messages: list[Json] = []
    for wire, one in before:
        message, told = answered(wire, one.answers)
        messages += [message, *told]
    message, told = answered(last[0], last[1].answers if followed else ())
    if not (messages or told):
        return None
    calls = tuple(str(call.get("id")) for call in message.get("tool_calls") or ())
    if message.get("content") or calls:
        messages.append(_marked(message, shown))
    return Restored(messages=tuple(messages), results=tuple(told), calls=calls)


def _message_of(exchange: Exchange) -> Json:
    return exchange.spoken.content[0]


def _marked(message: Json, shown: Json) -> Json:
    """Carry over the client's mark for a provider's cache."""
    if mark := shown.get("cache_control"):
        return {**message, "cache_control": mark}
    content = shown.get("content")
    last = content[-1] if isinstance(content, list) and content else None
    mark = last.get("cache_control") if isinstance(last, dict) else None
    if not mark or not message.get("content"):
        return message
    own = message["content"]
    parts = [{"type": "text", "text": own}] if isinstance(own, str) else list(own)
    return {**message, "content": [*parts[:-1], {**parts[-1], "cache_control": mark}]}


def _call_of(call: Json) -> list[Any]:
    kind = "custom" if "custom" in call else "function"
    written = call.get(kind)
    function = written if isinstance(written, dict) else {}
    arguments = function.get("arguments", function.get("input"))
    return [call.get("id"), function.get("name"), _value_of(arguments)]


def _value_of(arguments: Any) -> Any:
    """Return what arguments say, which clients may write anew."""
    if not isinstance(arguments, str):
        return arguments
    try:
        # Some clients write 1 where the model wrote 1.0.
        return json.loads(arguments.strip() or "{}", parse_int=float)
    except (ValueError, RecursionError):
        return _bare(arguments)


def _bare(text: str) -> str:
    return "".join(text.split())
