"""An answer as a stream of events, which may be those of several rounds.

What the client may see goes out as it comes. Only the events of a hidden call are kept
back, and those that end a round until it is known whether another one follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from headroom_langchain.serve.dialects.dialect import Spoken
from headroom_langchain.serve.dialects.messages.blocks import OpenBlock, is_hidden
from headroom_langchain.serve.dialects.messages.said import Said, answer_usage
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.frames import Frame, event
from headroom_langchain.serve.wire.problems import Problem, body

_TOLD_FIRST: Final = frozenset({"cache_creation", "inference_geo", "service_tier"})
"""Parts of the usage that clients take from the first event of an answer."""


class MessagesStreamed:
    """One answer, from its first round to its last."""

    def __init__(self, counts: Literal["sum", "last"]) -> None:
        """Start before the first event.

        Args:
            counts: Which rounds its usage counts.
        """
        self._counts: Literal["sum", "last"] = counts
        self._before: list[Said] = []
        self._round = _Round()
        self._started = False
        self._indexes = 0
        """Blocks that the client has seen."""
        self._takers: dict[str, Callable[[Frame, Json], bytes]] = {
            "content_block_start": self._begin,
            "error": self._fail,
            "message_delta": self._end,
            "message_start": self._start,
            "message_stop": self._stop,
            "ping": self._rest,
        }

    @property
    def container(self) -> Json | None:
        """Where the API has run code in this round, if it has."""
        return self._round.said().container

    def take(self, frame: Frame) -> bytes:
        """Take in an event; returns what the client is sent for it."""
        data = frame.json()
        if self._round.failed or (data is None and self._round.stopped):
            return b""
        if data is None:
            return frame.raw
        named = data.get("type")
        kind = named if isinstance(named, str) else frame.event
        if frame.event == "error":
            kind = "error"
        return self._takers.get(kind, self._within)(frame, data)

    def round(self) -> Spoken:
        """Return the round that has ended."""
        round_ = self._round
        return round_.said().spoken(
            complete=round_.stopped or round_.failed,
            failed=round_.failed,
            text=any(said.says for said in self._before),
        )

    def proceed(self) -> None:
        """Begin another round."""
        self._before.append(self._round.said())
        self._round = _Round()

    def finish(self, closing: str = "") -> bytes:
        """Return the events that end the answer."""
        said, round_ = self._round.said(), self._round
        text = self._closing(closing) if closing else b""
        if not self._before and said.stopped == said.stop_reason:
            return text + b"".join(frame.raw for frame in round_.held)
        rounds = [*self._before, said]
        delta = {**_object(round_.ending, "delta"), "stop_reason": said.stopped}
        used = [said.container for said in rounds if said.container is not None]
        if used:
            delta["container"] = used[-1]
        ending: Json = {"type": "message_delta", **round_.ending, "delta": delta}
        if self._before:
            first = _TOLD_FIRST.difference(_object(round_.ending, "usage"))
            usage = answer_usage(rounds, self._counts)
            ending["usage"] = {k: v for k, v in usage.items() if k not in first}
        stop = event("message_stop", {"type": "message_stop"})
        return text + event("message_delta", ending) + stop

    def error(self, problem: Problem) -> bytes:
        """Return the event that ends the answer with an error."""
        return b"event: error\ndata: " + body("anthropic", problem) + b"\n\n"

    def _start(self, frame: Frame, data: Json) -> bytes:
        started, self._started = self._started, True
        self._round.message = _object(data, "message")
        return b"" if started else frame.raw

    def _rest(self, frame: Frame, data: Json) -> bytes:  # noqa: ARG002 - as all takers
        # Clients expect the start of a message before everything else.
        return frame.raw if self._started else b""

    def _fail(self, frame: Frame, data: Json) -> bytes:
        self._round.failed = True
        # Clients overlook an error whose event has no name.
        return frame.raw if frame.event == "error" else event("error", data)

    def _end(self, frame: Frame, data: Json) -> bytes:
        self._round.end(frame, data)
        return b""

    def _stop(self, frame: Frame, data: Json) -> bytes:  # noqa: ARG002 - as all takers
        self._round.held.append(frame)
        self._round.stopped = True
        return b""

    def _begin(self, frame: Frame, data: Json) -> bytes:
        index, start = data.get("index"), data.get("content_block")
        if not isinstance(index, int) or not isinstance(start, dict):
            return frame.raw
        if is_hidden(start):
            self._round.blocks[index] = OpenBlock(start, None)
            return b""
        self._round.blocks[index] = OpenBlock(start, self._indexes)
        self._indexes += 1
        return self._within(frame, data)

    def _within(self, frame: Frame, data: Json) -> bytes:
        index = data.get("index")
        block = self._round.blocks.get(index) if isinstance(index, int) else None
        if block is None:
            return frame.raw
        if isinstance(delta := data.get("delta"), dict):
            block.add(delta)
        if block.index is None:
            return b""
        if block.index == index:
            return frame.raw
        return event(frame.event, {**data, "index": block.index})

    def _closing(self, text: str) -> bytes:
        place: Json = {"index": self._indexes}
        self._indexes += 1
        block = {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": text}
        events: tuple[tuple[str, Json], ...] = (
            ("content_block_start", {"content_block": block}),
            ("content_block_delta", {"delta": delta}),
            ("content_block_stop", {}),
        )
        return b"".join(
            event(name, {"type": name, **place, **fields}) for name, fields in events
        )


class _Round:
    """What has come of a round."""

    def __init__(self) -> None:
        self.message: Json = {}
        self.blocks: dict[int, OpenBlock] = {}
        self.held: list[Frame] = []
        """The events that end it."""
        self.ending: Json = {}
        """What these events say, but for the last."""
        self.stopped = False
        self.failed = False

    def end(self, frame: Frame, data: Json) -> None:
        """Take in an event that says why the round has ended."""
        self.held.append(frame)
        usage, delta = _object(self.ending, "usage"), _object(self.ending, "delta")
        self.ending = {
            **data,
            "delta": {**delta, **_object(data, "delta")},
            "usage": _counted(usage, _object(data, "usage")),
        }

    def said(self) -> Said:
        """Return the round as far as it came."""
        delta = _object(self.ending, "delta")
        told = _counted(_object(self.message, "usage"), _object(self.ending, "usage"))
        container = delta.get("container") or self.message.get("container")
        return Said(
            blocks=tuple(block.closed() for block in self.blocks.values()),
            stop_reason=delta.get("stop_reason"),
            usage=told or None,
            id=self.message.get("id"),
            container=container if isinstance(container, dict) else None,
        )


def _object(data: Json, key: str) -> Json:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _counted(before: Json, now: Json) -> Json:
    """Return the counts so far; what an event leaves open is as it was before."""
    given = {key: value for key, value in now.items() if value is not None}
    return {**now, **before, **given}
