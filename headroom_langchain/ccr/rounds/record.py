"""The hidden exchanges of an answer, kept on the answer itself.

An answer that took several rounds looks to its caller like one message. What the
model really said in each round, and what it was told, stands in the message's
`additional_kwargs["headroom"]`: with it the next request can repeat the exchange
byte for byte, which is what a provider's prompt cache needs. Trimming the
message trims its record; there is nothing else to keep in step.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Self

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.plan.messages import METADATA_KEY
from headroom_langchain.tokens import estimate_tokens

VERSION: Final = 1

DROPPED: Final = (
    "[headroom: this answer was dropped to bound the record of the message; "
    "ask again if it is needed]"
)
"""Stands in a record for an answer that was too old to be kept."""

_SENT_METADATA: Final = ("id", "model_name", "model_provider", "output_version")
"""The response metadata that clients of providers read when they send a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model was told for one hidden call."""

    call_id: str | None
    text: str
    error: bool = False

    def message(self) -> ToolMessage:
        """Return the tool message that the model sees."""
        return ToolMessage(
            content=self.text,
            name=RETRIEVE_TOOL_NAME,
            tool_call_id=self.call_id or "",
            status="error" if self.error else "success",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One message of the model as it was, and the answers to its hidden calls."""

    message: AIMessage
    answers: tuple[Answer, ...] = ()
    usage: UsageMetadata | None = None
    """What the provider counted for this round alone."""

    @classmethod
    def of(
        cls,
        message: AIMessage,
        answers: Sequence[Answer] = (),
        usage: UsageMetadata | None = None,
    ) -> Self:
        """Make a round whose message is just what a record would bring back.

        Sent at once and replayed later it is then the same bytes.
        """
        plain = AIMessage(**_message_to_json(message))
        return cls(message=plain, answers=tuple(answers), usage=usage)

    def messages(self) -> list[BaseMessage]:
        """Return the round as it stands in a request."""
        return [self.message, *(answer.message() for answer in self.answers)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All rounds of one answer."""

    rounds: tuple[Round, ...]
    digest: str
    """Digest of the answer as the caller saw it; see `visible_digest`."""

    @property
    def dropped(self) -> int:
        """How many answers were dropped."""
        answers = (answer for round_ in self.rounds for answer in round_.answers)
        return sum(answer.text == DROPPED for answer in answers)

    def bounded(self, max_tokens: int) -> Self:
        """Return the record with its oldest answers dropped down to a size."""
        sizes = [
            [estimate_tokens(answer.text) for answer in round_.answers]
            for round_ in self.rounds
        ]
        excess = sum(map(sum, sizes)) - max_tokens
        rounds = []
        for round_, tokens in zip(self.rounds, sizes, strict=True):
            answers = []
            for answer, size in zip(round_.answers, tokens, strict=True):
                if excess > 0:
                    excess -= size
                    answers.append(_dropped(answer))
                else:
                    answers.append(answer)
            rounds.append(replace(round_, answers=tuple(answers)))
        return type(self)(rounds=tuple(rounds), digest=self.digest)

    def to_json(self) -> dict[str, Any]:
        """Return the record as values that JSON has."""
        rounds = [
            {
                "message": _message_to_json(round_.message),
                "answers": [
                    {"id": answer.call_id, "text": answer.text, "error": answer.error}
                    for answer in round_.answers
                ],
                "usage": round_.usage,
            }
            for round_ in self.rounds
        ]
        return {"v": VERSION, "digest": self.digest, "rounds": rounds}

    @classmethod
    def from_json(cls, value: object) -> Self | None:
        """Read a record; `None` when it is none that this version wrote."""
        if not isinstance(value, dict) or value.get("v") != VERSION:
            return None
        try:
            rounds = tuple(
                Round(
                    message=AIMessage(**entry["message"]),
                    answers=tuple(map(_answer, entry["answers"])),
                    usage=entry.get("usage"),
                )
                for entry in value["rounds"]
            )
            return cls(rounds=rounds, digest=value["digest"])
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
            return None


def visible_digest(message: AIMessage) -> str:
    """Return a digest of what a caller sees of an answer: its text and its calls.

    It is the same for every `output_version`, and differs once somebody edits
    the answer; a record is then out of date and is not replayed.
    """
    calls = [[call["name"], call["args"], call["id"]] for call in message.tool_calls]
    seen = json.dumps([str(message.text), calls], sort_keys=True, default=repr)
    return hashlib.sha256(seen.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def expand(
    messages: Sequence[BaseMessage],
    replay: Literal["always", "same_turn", "never"] = "always",
) -> tuple[list[BaseMessage], tuple[str, ...]]:
    """Put hidden exchanges back where they were.

    Args:
        messages: A conversation as its caller keeps it.
        replay: Which records are put back; `same_turn` means those behind the
            last human message.

    Returns:
        The conversation as the model has seen it, without records, and notes on
        records that could not be put back.
    """
    turn = max(
        (i for i, message in enumerate(messages) if isinstance(message, HumanMessage)),
        default=-1,
    )
    expanded: list[BaseMessage] = []
    spoken: list[int] = []
    notes: list[str] = []
    for index, message in enumerate(messages):
        if not isinstance(message, AIMessage) or (
            METADATA_KEY not in message.additional_kwargs
        ):
            expanded.append(message)
            continue
        wanted = replay == "always" or (replay == "same_turn" and index > turn)
        record = Record.from_json(message.additional_kwargs[METADATA_KEY])
        if wanted and record is not None and record.digest == visible_digest(message):
            expanded.extend(_replayed(record, message))
            spoken.append(_last_spoken(expanded))
            continue
        if wanted:
            notes.append(
                f"the record of message {index} does not fit it and is not replayed: "
                "the cached prefix breaks there"
            )
        expanded.append(_without_record(message))
    for place in spoken:
        _order_results(expanded, place)
    return expanded, tuple(notes)


def _last_spoken(messages: Sequence[BaseMessage]) -> int:
    """Return where the model spoke last."""
    places = range(len(messages) - 1, -1, -1)
    return next(place for place in places if isinstance(messages[place], AIMessage))


def _order_results(messages: list[BaseMessage], place: int) -> None:
    """Put the results behind a message in the order of its calls.

    Where a wire has no ids for calls, the order says which result is whose.
    """
    spoken = messages[place]
    if not isinstance(spoken, AIMessage):
        return
    order = {call["id"]: number for number, call in enumerate(spoken.tool_calls)}
    results: list[ToolMessage] = []
    for message in messages[place + 1 :]:
        if not isinstance(message, ToolMessage):
            break
        results.append(message)
    results.sort(key=lambda result: order.get(result.tool_call_id, len(order)))
    messages[place + 1 : place + 1 + len(results)] = results


def _replayed(record: Record, message: AIMessage) -> Iterator[BaseMessage]:
    for round_ in record.rounds:
        yield from round_.messages()
    if not record.rounds:
        yield _without_record(message)


def _without_record(message: AIMessage) -> AIMessage:
    kept = {k: v for k, v in message.additional_kwargs.items() if k != METADATA_KEY}
    return message.model_copy(update={"additional_kwargs": kept})


def _answer(entry: dict[str, Any]) -> Answer:
    match entry:
        case {
            "id": str() | None as call_id,
            "text": str() as text,
            "error": bool() as error,
        }:
            return Answer(call_id=call_id, text=text, error=error)
        case _:
            msg = f"{entry!r} is no answer of a record"
            raise TypeError(msg)


def _dropped(answer: Answer) -> Answer:
    return Answer(call_id=answer.call_id, text=DROPPED, error=answer.error)


def _message_to_json(message: AIMessage) -> dict[str, Any]:
    metadata = message.response_metadata
    sent = {key: metadata[key] for key in _SENT_METADATA if key in metadata}
    extra = message.additional_kwargs
    return {
        "content": message.content,
        "id": message.id,
        "name": message.name,
        "tool_calls": [dict(call) for call in message.tool_calls],
        "invalid_tool_calls": [dict(call) for call in message.invalid_tool_calls],
        "additional_kwargs": {k: v for k, v in extra.items() if _is_json(v)},
        "response_metadata": sent,
    }


def _is_json(value: object) -> bool:
    match value:
        case None | bool() | int() | float() | str():
            return True
        case list():
            return all(map(_is_json, value))
        case dict():
            return all(isinstance(k, str) for k in value) and all(
                map(_is_json, value.values())
            )
        case _:
            return False
