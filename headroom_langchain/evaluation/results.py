"""All that an evaluation found out, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass

from headroom_langchain.evaluation.answers import Answers
from headroom_langchain.evaluation.replay import Replayed
from headroom_langchain.evaluation.saved import Unread
from headroom_langchain.evaluation.summary import Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What compression would do, and what a model made of it."""

    replayed: tuple[Replayed, ...]
    summary: Summary
    unread: tuple[Unread, ...]
    counted: str
    """The encoding that tokens were counted with, or `estimate`."""
    answers: tuple[Answers, ...]
    model: str | None
    """The model that answered."""
