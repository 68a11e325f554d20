"""A request of the Messages API, and the requests of later rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from headroom_langchain.calls.tool_choice import ToolChoice, tool_name
from headroom_langchain.ccr.rounds.machine import NOTHING_SAID
from headroom_langchain.ccr.rounds.record import Record, Round
from headroom_langchain.plan.messages import text_blocks
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.dialects.dialect import Exchange, Notes
from headroom_langchain.serve.dialects.messages.blocks import is_hidden
from headroom_langchain.serve.dialects.messages.history import (
    Names,
    Restored,
    blocks_of,
    exchanged,
    places,
    restored,
    said_in,
)
from headroom_langchain.serve.dialects.messages.streamed import MessagesStreamed
from headroom_langchain.serve.dialects.messages.whole import MessagesWhole
from headroom_langchain.serve.dialects.retrieve_tool import DESCRIPTION, NAME, SCHEMA
from headroom_langchain.serve.wire.body import Body, Json, Path

ROLES: Final[Mapping[str, type[BaseMessage]]] = {
    "user": HumanMessage,
    "assistant": AIMessage,
    "system": SystemMessage,
}
"""Who speaks in a message."""

_TOOL: Final[Json] = {
    "name": NAME,
    "input_schema": SCHEMA,
    "description": DESCRIPTION,
}


class MessagesRequest:
    """One request of a client."""

    def __init__(self, body: Body, policy: CompressionPolicy) -> None:
        """Take over a body.

        Args:
            body: Whose `messages` are all of a known form.
            policy: The rules.
        """
        self._body = body
        self._policy = policy
        self._said: list[Json] = body.value["messages"]
        self._shortened: dict[Path, str] = {}
        self._exchanges: list[Exchange] = []
        self._answer: MessagesStreamed | MessagesWhole | None = None

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
        """Whether the model could call the retrieve tool in it, and be answered.

        Where the client leaves it no such call, the policy says whether texts are
        shortened all the same; no round is added in which it could retrieve first.
        In a thread that the provider keeps no tool can come later, and a hidden round
        would stay.
        """
        if self._body.value.get("thread") is not None:
            return False
        if any(tool_name(tool) == NAME for tool in self._tools):
            return False
        return not self._choice.forbids or self._policy.when_forced == "excerpt"

    @property
    def wanted(self) -> Sequence[str]:
        """No notes: its texts all stand in it."""
        return ()

    @property
    def known(self) -> Sequence[str]:
        """No keys: the client sends every original again."""
        return ()

    def messages(self, notes: Notes) -> Sequence[BaseMessage]:  # noqa: ARG002 - the protocol's
        """Return its conversation as a plan reads it, its system prompt first."""
        return self._messages

    def shorten(self, messages: Sequence[BaseMessage]) -> None:
        """Put in the texts of compressed messages."""
        before = self._messages
        prompts = len(before) - len(self._said)
        for index, (old, new) in enumerate(zip(before, messages, strict=True)):
            if old.content is new.content:
                continue
            place = index - prompts
            base: Path = ("system",) if place < 0 else ("messages", place, "content")
            texts = zip(text_blocks([old]), text_blocks([new]), strict=True)
            for was, now in texts:
                if was.text != now.text:
                    path = base + _path(old.content, was.path)
                    self._shortened[path] = now.text
                    self._body.replace(path, now.text)

    @property
    def past(self) -> Sequence[str]:
        """Names of the notes on hidden exchanges in its history."""
        return tuple(self._answers)

    def restore(self, notes: Notes, replay: Literal["always", "same_turn"]) -> None:
        """Put hidden exchanges back where they were."""
        first = 0 if replay == "always" else self._turn
        for name, index in self._answers.items():
            record = Record.from_json(notes.get(name))
            if index < first or record is None or not record.rounds:
                continue
            follower = index + 1
            followed = (
                follower < len(self._said) and self._said[follower]["role"] == "user"
            )
            if back := restored(record, self._said[index], followed=followed):
                self._body.replace(("messages", index), *back.messages)
                self._tell(follower, back)

    def offer(self) -> None:
        """Offer the retrieve tool behind all others.

        Where no call is allowed and no tool offered, it stays so: a tool would change
        what the provider has cached, to no avail.
        """
        tools = self._tools
        if tools:
            self._body.insert(("tools", len(tools)), _TOOL)
        elif not self._choice.forbids:
            self._body.add("tools", [_TOOL])

    def written(self) -> bytes:
        """Return the body for the upstream."""
        return self._body.bytes()

    def proceed(self, exchange: Exchange) -> bytes:
        """Return the body of the next round."""
        self._exchanges.append(exchange)
        again = exchanged(exchange.spoken.content, exchange.answers)
        self._body.insert(("messages", len(self._said)), *again)
        used = self._answer.container if self._answer is not None else None
        if used is not None and isinstance(used.get("id"), str):
            self._work_in(used["id"])
        return self._body.bytes()

    def streamed(self) -> MessagesStreamed:
        """Return the answer to it, as a stream."""
        self._answer = streamed = MessagesStreamed(self._policy.usage)
        return streamed

    def whole(self) -> MessagesWhole:
        """Return the answer to it, in one piece."""
        self._answer = whole = MessagesWhole(self._policy.usage)
        return whole

    def notes(self, last: Exchange, keys: Sequence[str]) -> Notes:  # noqa: ARG002 - the protocol's
        """Return the hidden exchanges of the answer, under what the client shows."""
        if not self._exchanges and not last.answers:
            return {}
        rounds = [
            (said_in(each.spoken.content, each.answers), each.answers)
            for each in (*self._exchanges, last)
        ]
        if not last.spoken.text:
            rounds[-1][0].append({"type": "text", "text": NOTHING_SAID})
        if not rounds[-1][0]:
            rounds.pop()
        blocks = [block for content, _ in rounds for block in content]
        names = Names()
        for message in self._said:
            names.read(message)
        name = names.of(block for block in blocks if not is_hidden(block))
        record = Record(
            rounds=tuple(
                Round(message=AIMessage(content=list[Any](content)), answers=answers)
                for content, answers in rounds
            ),
            digest=name,
        )
        return {name: record.bounded(self._policy.max_record_tokens).to_json()}

    @cached_property
    def _messages(self) -> list[BaseMessage]:
        system = self._body.value.get("system")
        prompt = [SystemMessage(content=system)] if system else []
        said = self._said
        return [*prompt, *(ROLES[one["role"]](content=one["content"]) for one in said)]

    @property
    def _tools(self) -> list[Any]:
        return self._body.value.get("tools") or []

    @cached_property
    def _choice(self) -> ToolChoice:
        value = self._body.value
        output = value.get("output_config")
        wanted = output.get("format") if isinstance(output, dict) else None
        return ToolChoice.of(
            {
                "tool_choice": value.get("tool_choice"),
                "tools": self._tools,
                "output_format": wanted or value.get("output_format"),
            }
        )

    @cached_property
    def _answers(self) -> dict[str, int]:
        """Where the answers of the model are, by the names of notes on them."""
        names, answers = Names(), dict[str, int]()
        for index, message in enumerate(self._said):
            if message["role"] == "assistant":
                answers.setdefault(names.of(blocks_of(message)), index)
            names.read(message)
        return answers

    @property
    def _turn(self) -> int:
        """Where a human spoke last."""
        return max(
            (
                index
                for index, message in enumerate(self._said)
                if message["role"] == "user"
                and any(b.get("type") != "tool_result" for b in blocks_of(message))
            ),
            default=0,
        )

    def _tell(self, index: int, back: Restored) -> None:
        """Put the results of hidden calls into the message behind them."""
        if not back.results:
            return
        path: Path = ("messages", index, "content")
        content = self._said[index]["content"]
        if isinstance(content, str):
            text = self._shortened.get(path, content)
            own = [{"type": "text", "text": text}] if text.strip() else []
            self._body.replace(path, [*back.results, *own])
            return
        for place, result in places(content, back.results, back.calls):
            self._body.insert((*path, place), result)

    def _work_in(self, container: str) -> None:
        """Let the API run code where it did in the round before."""
        own = self._body.value.get("container")
        if isinstance(own, dict):
            self._body.add("container", {**own, "id": container})
        elif own is None:
            self._body.add("container", container)


def _path(content: Any, path: tuple[int, ...]) -> Path:
    """Return where in a content a text stands, as the body has it."""
    if not path:
        return ()
    block = content[path[0]]
    if block.get("type") != "tool_result":
        return (path[0], "text")
    if len(path) == 1:
        return (path[0], "content")
    inner = (path[0], "content", path[1])
    return inner if isinstance(block["content"][path[1]], str) else (*inner, "text")
