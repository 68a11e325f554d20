"""An answer as a stream of chunks, from its first round to its last.

Text goes out as it comes. The pieces of hidden calls are kept from the client, and so
is all that ends a round, from the chunk with the finish reason on, until it is known
whether another round follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from headroom_langchain.ccr.rounds.joining import separated
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.dialects.chat.pieces import Calls
from headroom_langchain.serve.dialects.chat.speech import REPEATED, Speech, joined
from headroom_langchain.serve.dialects.dialect import Spoken
from headroom_langchain.serve.dialects.usage import added
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.frames import Frame, event
from headroom_langchain.serve.wire.problems import Problem, body

_DONE: Final = b"[DONE]"
_SAME: Final = ("id", "created", "model")
"""What all chunks of an answer have in common."""


class ChatStream:
    """An answer as the client sees it."""

    def __init__(self, policy: CompressionPolicy) -> None:
        """Begin before the first chunk."""
        self._sums = policy.usage == "sum"
        self._same: Json = {}
        self._role_sent = False
        self._said = False
        """Whether the client has seen a text or a call."""
        self._before = ""
        """The last character of the text that the client has seen."""
        self._spent: Json | None = None
        """What was counted for the rounds before this one."""
        self._later = False
        self._calls = Calls(0)
        self._round = _Round()

    def take(self, frame: Frame) -> bytes:
        """Take in a chunk; returns what the client is sent for it."""
        if frame.data.strip() == _DONE:
            return self._done(frame)
        chunk = None if self._round.failed else frame.json()
        if chunk is None:
            return frame.raw
        if chunk.get("error"):
            self._round.failed = True
            return frame.raw
        self._note(chunk)
        if (choice := _choice_of(chunk)) is not None:
            return self._take(frame, chunk, choice)
        if self._round.finish is None and not isinstance(chunk.get("usage"), dict):
            return _written(frame, chunk, self._as_own(chunk))
        self._round.held.append(_Held(frame, chunk, chunk))
        return b""

    def round(self) -> Spoken:
        """Return the round that has ended."""
        round_ = self._round
        said = {**round_.said(), "tool_calls": self._calls.whole()}
        speech = Speech.of(said, finish=round_.finish, origin=round_.id)
        return Spoken(
            complete=round_.failed or round_.done or round_.finish is not None,
            failed=round_.failed,
            calls=speech.calls,
            others=speech.others,
            content=(speech.message,),
            id=round_.id,
            usage=round_.usage,
            text=self._said,
        )

    def proceed(self) -> None:
        """Begin another round."""
        self._spent = added([self._spent, self._round.usage])
        self._later = True
        self._calls = Calls(self._calls.next)
        self._round = _Round()

    def finish(self, closing: str = "") -> bytes:
        """Return the chunks that end the answer."""
        closing = separated(self._before, closing)
        written = [self._made({"content": closing})] if closing else []
        written += map(self._ending, self._round.held)
        return b"".join(written)

    def error(self, problem: Problem) -> bytes:
        """Return the event that ends the answer with an error."""
        return b"data: " + body("openai", problem) + b"\n\n"

    def _done(self, frame: Frame) -> bytes:
        if self._round.failed:
            return frame.raw
        self._round.done = True
        self._round.held.append(_Held(frame))
        pieces = self._calls.end()
        return self._made({"tool_calls": pieces}) if pieces else b""

    def _take(self, frame: Frame, chunk: Json, choice: Json) -> bytes:
        round_ = self._round
        delta = choice.get("delta")
        delta = delta if isinstance(delta, dict) else {}
        round_.add(delta)
        reason = choice.get("finish_reason")
        shown = self._visible(delta, last=reason is not None)
        says = _says(shown, role=not self._role_sent)
        if says:
            self._see(shown)
        if reason is None and round_.finish is None:
            if shown != delta and not says:
                return b""
            own = self._as_own(chunk)
            if shown != delta:
                own = _with_choice(own, {**choice, "delta": shown})
            return _written(frame, chunk, own)
        round_.finish = reason or round_.finish
        # What is said goes out at once, what ends the round stays here.
        rest = dict(choice)
        if says or shown != delta:
            rest["delta"] = {} if says else shown
        if says and "logprobs" in choice:
            rest["logprobs"] = None
        round_.held.append(_Held(frame, chunk, _with_choice(chunk, rest)))
        if not says:
            return b""
        saying = {**choice, "delta": shown, "finish_reason": None}
        own = _with_choice(self._as_own(chunk), saying)
        if "usage" in own:
            own["usage"] = None
        return event(frame.event, own)

    def _ending(self, held: _Held) -> bytes:
        """Return what the client is sent of what was held."""
        if held.chunk is None or held.rest is None:
            return held.frame.raw
        own = self._as_own(held.rest)
        choice = _choice_of(own)
        if choice and choice.get("finish_reason") == "tool_calls" and self._hides_all:
            own = _with_choice(own, {**choice, "finish_reason": "stop"})
        return _written(held.frame, held.chunk, own)

    @property
    def _hides_all(self) -> bool:
        """Whether calls were made, and the client has seen none."""
        return self._calls.any and not self._calls.next

    def _visible(self, delta: Json, *, last: bool) -> Json:
        """Return what the client may see of a piece of the message."""
        shown = delta
        if self._later and self._role_sent and "role" in delta:
            shown = _without(delta, "role")
        if isinstance(text := delta.get("content"), str) and text:
            if self._later and self._round.silent:
                shown = {**shown, "content": separated(self._before, text)}
            self._round.silent, self._before = False, text[-1]
        entries = delta.get("tool_calls")
        pieces = self._calls.take(entries) if isinstance(entries, list) else []
        if last:
            pieces += self._calls.end()
        if pieces and pieces != entries:
            shown = {**shown, "tool_calls": pieces}
        elif entries and not pieces:
            shown = _without(shown, "tool_calls")
        return shown

    def _see(self, shown: Json) -> None:
        self._role_sent = self._role_sent or bool(shown.get("role"))
        said = any(shown.get(key) for key in ("content", "refusal", "tool_calls"))
        self._said = self._said or said

    def _note(self, chunk: Json) -> None:
        round_ = self._round
        for key in _SAME:
            if chunk.get(key):
                self._same.setdefault(key, chunk[key])
        round_.id = round_.id or chunk.get("id") or None
        if isinstance(usage := chunk.get("usage"), dict):
            round_.usage = usage
        round_.last = chunk

    def _as_own(self, chunk: Json) -> Json:
        """Return a chunk as one of this answer, whichever round it is of."""
        if not self._later:
            return chunk
        own: Json = {**chunk, **self._same}
        usage = chunk.get("usage")
        if self._sums and isinstance(usage, dict):
            own["usage"] = added([self._spent, usage])
        return own

    def _made(self, delta: Json) -> bytes:
        """Return a chunk that the upstream did not send."""
        if not self._role_sent:
            delta = {"role": "assistant", **delta}
        last = self._as_own(self._round.last)
        kept = ("id", "object", "created", "model", "system_fingerprint")
        chunk: Json = {key: last[key] for key in kept if key in last}
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
        self._see(delta)
        return event("", {**chunk, "choices": [choice]})


@dataclass(frozen=True, slots=True)
class _Held:
    """A frame that is kept until it is known whether it ends the answer."""

    frame: Frame
    chunk: Json | None = None
    """As it came; `None` for what is no chunk."""
    rest: Json | None = None
    """What is left of it to be sent."""


class _Round:
    """One round as far as it has come."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.finish: str | None = None
        self.done = False
        self.failed = False
        self.silent = True
        """Whether it has said no text yet."""
        self.usage: Json | None = None
        self.last: Json = {}
        """The chunk that came last."""
        self.held: list[_Held] = []
        """What ends the round."""
        self._pieces: dict[str, list[Any]] = {}

    def add(self, delta: Json) -> None:
        """Take in a piece of the message."""
        for key in ("content", *REPEATED):
            if delta.get(key) is not None:
                self._pieces.setdefault(key, []).append(delta[key])

    def said(self) -> Json:
        """Return the message without its calls."""
        return {key: joined(pieces) for key, pieces in self._pieces.items()}


def _choice_of(chunk: Json) -> Json | None:
    choices = chunk.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else None


def _with_choice(chunk: Json, choice: Json) -> Json:
    return {**chunk, "choices": [choice, *chunk["choices"][1:]]}


def _without(delta: Json, key: str) -> Json:
    return {name: value for name, value in delta.items() if name != key}


def _says(delta: Json, *, role: bool) -> bool:
    """Tell whether a piece of a message says anything.

    Args:
        delta: The piece.
        role: Whether its role is something.
    """
    return any(
        value not in (None, "", [], {})
        for key, value in delta.items()
        if role or key != "role"
    )


def _written(frame: Frame, chunk: Json, own: Json) -> bytes:
    return frame.raw if own == chunk else event(frame.event, own)
