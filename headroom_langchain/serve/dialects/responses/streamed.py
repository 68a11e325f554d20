"""An answer as a stream: its events pass, and move up where something is hidden."""

from __future__ import annotations

from typing import Any, Final

from headroom_langchain.serve.dialects.dialect import Spoken
from headroom_langchain.serve.dialects.responses.items import is_hidden
from headroom_langchain.serve.dialects.responses.round import Round
from headroom_langchain.serve.dialects.responses.shown import (
    Shown,
    closing_item,
    spoken,
)
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.frames import Frame, event
from headroom_langchain.serve.wire.problems import Problem

_STARTS: Final = ("response.created", "response.queued", "response.in_progress")
_ENDS: Final = ("response.completed", "response.incomplete")
_FAILURES: Final = ("response.failed", "error")
_PASSING: Final = frozenset(
    {
        "response.output_text.delta",
        "response.reasoning_summary_text.delta",
        "response.reasoning_text.delta",
        "response.refusal.delta",
    }
)
"""The events that most of a stream is made of, and that are never hidden."""

_CODES: Final = {429: "rate_limit_exceeded"}
_REFUSED: Final = range(400, 500)


class StreamedAnswer:
    """The answer to one request."""

    def __init__(self, shown: Shown) -> None:
        """Begin before the first event."""
        self._shown = shown
        self._round = Round()
        self._moved = False
        """Whether numbers and places are other than the upstream's."""
        self._number: int | None = None
        """The number of the next event; `None` where events have none."""
        self._places = 0
        """How many items the client has seen begin."""
        self._end: tuple[Frame, Json] | None = None
        self._done = b""
        """What some servers send behind everything."""

    def take(self, frame: Frame) -> bytes:
        """Take in an event of the upstream; returns what the client is sent for it."""
        if frame.event in _PASSING and not self._moved:
            if self._number is not None:
                self._number += 1
            return frame.raw
        if (data := frame.json()) is not None:
            return self._taken(frame, data, str(data.get("type") or frame.event))
        if frame.data != b"[DONE]":
            return frame.raw
        self._done = frame.raw
        return b""

    def round(self) -> Spoken:
        """Return the round that has ended."""
        ended = self._round
        return spoken(
            ended.content(),
            ended.response,
            complete=self._end is not None or ended.failed,
            failed=ended.failed,
            text=any(before.text for before in self._shown.rounds),
        )

    def proceed(self) -> None:
        """Begin another round: its events belong to the same answer."""
        self._shown.over(self.round())
        self._round = Round()
        self._end = None

    def finish(self, closing: str = "") -> bytes:
        """Return the events that end the answer, with its usage summed up."""
        self._shown.over(self.round())
        frame, data = self._end or (Frame(b"", "response.completed", b""), {})
        said, more = b"", list[Json]()
        if closing:
            more = [closing_item((self._shown.first or {}).get("id"), closing)]
            said = b"".join(
                self._send(Frame(b"", name, b""), {"type": name, **fields})
                for name, fields in _events(more[0], self._places)
            )
        whole = self._shown.whole(_response(data), more)
        return said + self._send(frame, data, response=whole) + self._done

    def error(self, problem: Problem) -> bytes:
        """Return the event that ends the answer with an error."""
        refused = problem.status in _REFUSED
        usual = "invalid_request_error" if refused else "server_error"
        code = problem.type or _CODES.get(problem.status, usual)
        told = {"code": code, "message": problem.message, "param": None}
        # Clients read either the fields of the event, or those of an error in it.
        data = {"type": "error", **told, "error": {"type": code, **told}}
        return event("error", {**data, "sequence_number": self._number or 0})

    def _taken(self, frame: Frame, data: Json, kind: str) -> bytes:
        if kind in _ENDS:
            self._end = (frame, data)
            self._round.end(_response(data))
            return b""
        if kind in _FAILURES:
            return self._failed(frame, data)
        if kind in _STARTS:
            return self._started(frame, data)
        if isinstance(index := data.get("output_index"), int):
            return self._placed(frame, data, kind, index)
        return self._send(frame, data)

    def _started(self, frame: Frame, data: Json) -> bytes:
        if self._shown.rounds:
            return b""
        return self._send(frame, data, response=self._shown.response(_response(data)))

    def _failed(self, frame: Frame, data: Json) -> bytes:
        self._round.failed = True
        if not isinstance(data.get("response"), dict):
            return self._send(frame, data)
        self._round.end(_response(data))
        self._shown.over(self.round())
        whole = self._shown.whole(_response(data))
        return self._send(frame, data, response=whole)

    def _placed(self, frame: Frame, data: Json, kind: str, index: int) -> bytes:
        item = data.get("item")
        if index not in self._round.places:
            hidden = isinstance(item, dict) and is_hidden(item)
            self._round.places[index] = None if hidden else self._places
            self._places += not hidden
        self._round.note(kind, index, data)
        place = self._round.places[index]
        self._moved = self._moved or place != index
        return b"" if place is None else self._send(frame, data, output_index=place)

    def _send(self, frame: Frame, data: Json, **changes: Any) -> bytes:
        """Return the bytes of an event, which are its own where nothing changes."""
        number = data.get("sequence_number")
        if self._number is None and isinstance(number, int):
            self._number = number
        sent = {**data, **changes}
        if self._number is not None and (number is not None or not frame.raw):
            sent["sequence_number"] = self._number
            self._moved = self._moved or number != self._number
            self._number += 1
        return frame.raw if sent == data else event(frame.event, sent)


def _response(data: Json) -> Json:
    response = data.get("response")
    return response if isinstance(response, dict) else {}


def _events(item: Json, index: int) -> list[tuple[str, Json]]:
    """Return the events of a message that is said in one piece."""
    part = item["content"][0]
    place = {"output_index": index, "item_id": item["id"], "content_index": 0}
    opened = {**item, "status": "in_progress", "content": []}
    words: Json = {"text": part["text"], "logprobs": []}
    piece: Json = {"delta": part["text"], "logprobs": []}
    return [
        ("response.output_item.added", {"output_index": index, "item": opened}),
        ("response.content_part.added", {**place, "part": {**part, "text": ""}}),
        ("response.output_text.delta", {**place, **piece}),
        ("response.output_text.done", {**place, **words}),
        ("response.content_part.done", {**place, "part": part}),
        ("response.output_item.done", {"output_index": index, "item": item}),
    ]
