"""Requests sent again: what is cached, what breaks, what it costs."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from saving import RECORDS, conversation

from headroom_langchain.compressing import Job
from headroom_langchain.evaluation import replay as module
from headroom_langchain.evaluation.replay import Replay, Sent
from headroom_langchain.evaluation.saved import Conversation
from headroom_langchain.evaluation.summary import Prices, saved_percent, summarize
from headroom_langchain.reports.results import CompressionResult
from headroom_langchain.rules.policy import CompressionPolicy


def _words(text: str) -> int:
    return len(text.split())


def _saved(messages: list[BaseMessage]) -> Conversation:
    return Conversation(name="saved", messages=tuple(messages), output=False)


def test_every_answer_was_asked_for_with_what_came_before() -> None:
    """Requests end before each answer; what was sent before counts as cached."""
    messages: list[BaseMessage] = [
        HumanMessage("one two"),
        AIMessage("three"),
        HumanMessage("four five six"),
        AIMessage("seven"),
    ]
    replayed = Replay(CompressionPolicy(retrieval=False), _words).run(_saved(messages))
    assert replayed.requests == 2
    assert replayed.plain == Sent(tokens=2 + 6, cached=2)
    assert replayed.compressed == replayed.plain


def test_messages_nobody_answered_are_one_more_request() -> None:
    """What stands after the last answer is sent, too."""
    messages: list[BaseMessage] = [HumanMessage("a"), AIMessage("b"), HumanMessage("c")]
    policy = CompressionPolicy(retrieval=False)
    replayed = Replay(policy, _words).run(_saved(messages))
    assert replayed.requests == 2
    assert replayed.plain == Sent(tokens=1 + 3, cached=1)


def test_the_retrieval_tool_is_paid_for_in_every_request() -> None:
    """Its definition is sent each time, and cached from the second request on."""
    messages = conversation()
    plain = Replay(CompressionPolicy(retrieval=False), _words).run(_saved(messages))
    with_tool = Replay(CompressionPolicy(trigger=("tokens", 10**6)), _words)
    offered = with_tool.run(_saved(messages))
    tool = offered.compressed.tokens - plain.plain.tokens
    assert tool > 0
    assert tool % offered.requests == 0
    cached = tool // offered.requests * (offered.requests - 1)
    assert offered.compressed.cached == plain.plain.cached + cached


def test_a_broken_prefix_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that changes after it was sent shows as a break, and as not cached."""

    class Forgetful(Job[BaseMessage]):
        """Adds to every result how many messages there are."""

        def run(self) -> CompressionResult[BaseMessage]:
            result = super().run()
            for at, message in enumerate(result.messages):
                if isinstance(message, ToolMessage):
                    text = f"{message.text}\n{len(result.messages)}"
                    changed = message.model_copy(update={"content": text})
                    result.messages[at] = changed
            return result

    good = Replay(CompressionPolicy(), _words).run(_saved(conversation()))
    monkeypatch.setattr(module, "Job", Forgetful)
    bad = Replay(CompressionPolicy(), _words).run(_saved(conversation()))
    assert good.breaks == 0
    assert bad.breaks == 1
    assert bad.compressed.cached < good.compressed.cached


def test_kinds_add_up_and_cost_follows_the_cache() -> None:
    """Texts are summed by kind or by reason, and cached tokens have their price."""
    replayed = Replay(CompressionPolicy(), _words).run(_saved(conversation()))
    summary = summarize([replayed, replayed], Prices(fresh=10.0, cached=1.0))
    records, small = summary.kinds
    assert (records.kind, records.left, records.texts) == ("json_records", False, 2)
    assert (small.kind, small.left, small.texts) == ("below trigger", True, 2)
    assert records.tokens_before == 2 * _words(RECORDS)
    sent = replayed.plain
    expected = 2 * ((sent.tokens - sent.cached) * 10 + sent.cached) / 1_000_000
    assert summary.cost_plain == pytest.approx(expected)
    assert summary.cost_compressed < summary.cost_plain
    assert saved_percent(200, 50) == 75.0
    assert saved_percent(0, 50) == 0.0
