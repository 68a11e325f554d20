"""Where extensions change what is sent, the report is of what was sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from calling import history, scripted
from langchain_core.messages import BaseMessage, SystemMessage
from recount import in_texts, recount

from headroom_langchain import HeadroomChatModel
from headroom_langchain.lifecycle.events import InputCompressed, PreSend

Change = Callable[[Sequence[BaseMessage]], list[BaseMessage]]


def longer(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return messages with one more at the front."""
    return [SystemMessage("Answer in one word."), *messages]


def shorter(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return messages without the first one."""
    return [*messages[1:]]


def other(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return as many messages, the first of which says more."""
    first, *rest = messages
    text = f"{first.text} Say it in one word."
    return [first.model_copy(update={"content": text}), *rest]


class Changing:
    """Changes messages at a stage, in the rounds that are named."""

    def __init__(self, change: Change, stage: type[Any], rounds: set[int]) -> None:
        self._change, self._stage, self._rounds = change, stage, rounds

    def on_pipeline_event(self, event: Any) -> Any:
        if not isinstance(event, self._stage):
            return None
        if getattr(event, "round", 1) not in self._rounds:
            return None
        return replace(event, messages=self._change(event.messages))


@pytest.mark.parametrize("rounds", [{1}, {2}, {1, 2}, {3}])
@pytest.mark.parametrize("stage", [InputCompressed, PreSend])
@pytest.mark.parametrize("change", [longer, shorter, other])
def test_changed_messages_are_counted_as_they_were_sent(
    change: Change, stage: type[Any], rounds: set[int]
) -> None:
    """Each request has the tokens of its own messages, whoever changed them."""
    inner = scripted([2])
    extension = Changing(change, stage, rounds)
    model = HeadroomChatModel(inner, extensions=[extension])
    model.invoke(history())
    report = model.report
    assert report is not None
    sent = recount(inner)
    assert [(each.tokens, each.tokens_tool) for each in report.requests] == (
        [(each.texts, each.tool) for each in sent]
    )
    assert report.tokens_before == in_texts(history())
    total = sum(each.all for each in sent)
    assert report.tokens_net_saved == report.tokens_before - total
