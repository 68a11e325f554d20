"""When a turn is over: after each round it is decided what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from headroom_langchain.ccr.rounds.machine import NOTHING_SAID
from headroom_langchain.serve.dialects.dialect import Spoken
from headroom_langchain.serve.wire.problems import Problem

BROKEN = Problem(
    status=502, message="The upstream's stream ended before its answer did."
)
"""What the client is told of an answer that has no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Hidden calls are to be answered."""

    number: int
    """The round that asked, counted from 1."""
    exhausted: bool
    """Whether they come too late to be served."""
    over: bool
    """Whether the answer ends all the same, since the client's tools come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The answer ends."""

    closing: str = ""
    """What is said because nothing else was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The answer ends with an error."""

    problem: Problem
    told: bool
    """Whether the client knows already."""


Next: TypeAlias = Asked | Finished | Broken

Ended: TypeAlias = Literal["answered", "failed"]


class Rounds:
    """The rounds of one turn."""

    def __init__(self, max_rounds: int) -> None:
        """Start before the first round.

        Args:
            max_rounds: How often the model may ask for originals.
        """
        self._max_rounds = max_rounds
        self._last = False
        self.count = 0
        """Rounds that have ended."""

    def after(self, spoken: Spoken) -> Next:
        """Decide what follows a round."""
        self.count += 1
        if spoken.failed or not spoken.complete:
            return Broken(problem=BROKEN, told=spoken.failed)
        if not spoken.calls:
            return Finished()
        if self._last and not spoken.others:
            return Finished(closing="" if spoken.text else NOTHING_SAID)
        exhausted = self.count > self._max_rounds
        self._last = self._last or exhausted
        return Asked(number=self.count, exhausted=exhausted, over=spoken.others)

    def end_soon(self) -> None:
        """Let the next round be the last: asking more leads nowhere."""
        self._last = True
