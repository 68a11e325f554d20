"""Totals are sums of what calls did, whatever is called, left or failing."""

from __future__ import annotations

import asyncio
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import pytest
from calling import asking, history, scripted, thread, usage
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage
from recount import in_texts, recount

from headroom_langchain import CompressionPolicy, HeadroomChatModel
from headroom_langchain.accounts.ledger import Ledger
from headroom_langchain.reports.totals import Totals
from headroom_langchain.testing import ScriptedChatModel, Turn

COUNTS = st.integers(-(10**9), 10**9)
SIZE = len(Totals().figures)
TOTALS = st.builds(Totals.of, st.lists(COUNTS, min_size=SIZE, max_size=SIZE))


@given(TOTALS, TOTALS, TOTALS)
@settings(deadline=None, max_examples=50)
def test_totals_add_up_like_numbers(one: Totals, two: Totals, three: Totals) -> None:
    """The order of adding does not matter, nothing is lost, and it can be undone."""
    assert one + two == two + one
    assert (one + two) + three == one + (two + three)
    assert one + Totals() == one
    assert one + two - two == one
    assert Totals.of(one.figures) == one
    assert (one + two).tokens_saved == one.tokens_saved + two.tokens_saved


Way = Literal["invoke", "stream", "left", "failing"]
WAYS: list[Way] = ["invoke", "stream", "left", "failing"]
NAMES = ["a", "b", None]


@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.integers(0, 3), st.sampled_from(WAYS)),
        max_size=6,
    )
)
@settings(deadline=None, max_examples=25)
def test_any_sequence_of_calls_adds_up(
    calls: list[tuple[str | None, int, Way]],
) -> None:
    """The total of each conversation is the recount of what was sent in it.

    A request that failed at once is in the report of its call, and in no total.
    """
    ledger, sent = Ledger(), dict[str | None, list[int]]()
    for name, retrievals, way in calls:
        inner = played(retrievals, way)
        call(HeadroomChatModel(inner, ledger=ledger), name, way)
        requests = recount(inner)
        came_back = requests[:-1] if way == "failing" else requests
        if came_back:
            sent.setdefault(name, []).append(sum(each.all for each in came_back))
        report = ledger.report_of(name)
        assert report is not None
        assert [each.tokens for each in report.requests] == (
            [each.texts for each in requests]
        )
        assert [each.failed for each in report.requests] == (
            [each not in came_back for each in requests]
        )
    before = in_texts(history())
    for name, tokens in sent.items():
        total = ledger.total_of(name)
        assert (total.calls, total.tokens_sent) == (len(tokens), sum(tokens))
        assert total.tokens_before == before * len(tokens)
        assert total.tokens_net_saved == before * len(tokens) - sum(tokens)
    summed = sum(map(ledger.total_of, sent), start=Totals())
    assert ledger.total == summed
    assert sum(ledger.models.values(), start=Totals()) == summed


def played(retrievals: int, way: Way) -> ScriptedChatModel:
    """Return a model for one call."""
    inner = scripted([retrievals], usage(100))
    if way == "failing":
        turns = [*inner.turns][:-1]
        inner = ScriptedChatModel(turns=[*turns, Turn(error=OSError("gone"))])
    return inner


def call(model: HeadroomChatModel, name: str | None, way: Way) -> None:
    """Call a model in a conversation."""
    config: Any = thread(name) if name else {}
    if way == "invoke":
        model.invoke(history(), config)
    elif way == "failing":
        with pytest.raises(OSError, match="gone"):
            model.invoke(history(), config)
    else:
        stream = model.stream(history(), config)
        for _ in stream:
            if way == "left":
                break
        stream.close()  # type: ignore[attr-defined] # it is a generator


def test_a_stream_that_was_left_is_counted_as_far_as_it_went() -> None:
    """What was sent is in the total, and its usage is unknown."""
    model = HeadroomChatModel(scripted([2], usage(100)))
    stream = model.stream(history())
    next(stream)
    assert (model.total.requests, model.total.uncounted) == (1, 1)
    stream.close()  # type: ignore[attr-defined] # it is a generator
    assert (model.total.requests, model.total.uncounted) == (1, 1)
    assert model.total.input_tokens == 0


CONVERSATIONS = [f"thread-{number}" for number in range(4)]


def scripted_for_many(calls: int) -> ScriptedChatModel:
    """Return a model whose every call retrieves once."""
    return ScriptedChatModel(turns=[asking(1, usage(10))] * 2 * calls)


def assert_each_has_its_own(model: HeadroomChatModel, calls: int) -> None:
    """Every conversation has its part, and no more."""
    each = calls // len(CONVERSATIONS)
    for number, name in enumerate(CONVERSATIONS):
        total = model.ledger.total_of(name)
        assert (total.calls, total.requests, total.retrievals) == (each, 2 * each, each)
        assert total.tokens_before == each * in_texts(history(*range(number + 1)))
        assert total.tokens_net_saved == total.tokens_before - total.tokens_sent
        report = model.report_of(name)
        assert report is not None
        assert report.conversation == name
        assert report.tokens_before * each == total.tokens_before
        assert report.total == total
    assert model.total.calls == calls
    inner: Any = model.inner
    assert model.total.tokens_sent == sum(each.all for each in recount(inner))


def test_threads_do_not_mix_their_conversations() -> None:
    """With 64 threads the totals of each conversation are exact."""
    calls = 64
    model = HeadroomChatModel(scripted_for_many(calls))

    def one(number: int) -> None:
        which = number % len(CONVERSATIONS)
        messages = history(*range(which + 1))
        model.invoke(messages, thread(CONVERSATIONS[which]))

    with ThreadPoolExecutor(calls) as pool:
        list(pool.map(one, range(calls)))
    assert_each_has_its_own(model, calls)


async def test_tasks_do_not_mix_their_conversations() -> None:
    """With 64 tasks the totals of each conversation are exact, streamed or not."""
    calls = 64
    model = HeadroomChatModel(scripted_for_many(calls))

    async def one(number: int) -> None:
        which = number % len(CONVERSATIONS)
        messages = history(*range(which + 1))
        config = thread(CONVERSATIONS[which])
        if number % 8 < len(CONVERSATIONS):
            await model.ainvoke(messages, config)
        else:
            async for _ in model.astream(messages, config):
                pass

    await asyncio.gather(*map(one, range(calls)))
    assert_each_has_its_own(model, calls)


def test_answers_of_earlier_calls_are_subtracted() -> None:
    """What is replayed of a retrieval counts as sent, and not as given."""
    inner = scripted([1, 0])
    model = HeadroomChatModel(inner)
    messages = history()
    answer = model.invoke(messages)
    first = model.report
    model.invoke([*messages, answer, HumanMessage("And now?")])
    second = model.report
    assert first is not None
    assert second is not None
    assert second.figures.tokens_replayed == first.tokens_retrieved > 0
    sent = recount(inner)[-1]
    assert second.requests[0].tokens == sent.texts
    assert second.requests[0].tokens_tool == sent.tool
    given = second.tokens_before - first.tokens_retrieved
    assert second.tokens_net_saved == given - sent.all


def test_retrievals_can_cost_more_than_was_saved() -> None:
    """Net savings are negative where they are."""
    messages = history()
    short = "\n".join(messages[-1].text.splitlines()[85:115])
    messages[-1] = messages[-1].model_copy(update={"content": short})
    policy = CompressionPolicy(trigger=("tokens", 100))
    model = HeadroomChatModel(scripted([3]), policy=policy)
    model.invoke(messages)
    assert model.report is not None
    assert model.report.tokens_saved > 0
    assert model.report.tokens_net_saved < 0


def test_the_quietest_conversation_is_forgotten_first() -> None:
    """Beyond the limit a conversation is forgotten, and its part of the total stays."""
    ledger = Ledger(max_conversations=2)
    model = HeadroomChatModel(scripted([0] * 4), ledger=ledger)
    for name in ("a", "b", "a", "c"):
        model.invoke(history(), thread(name))
    assert ledger.conversations == ("a", "c")
    assert model.report_of("b") is None
    assert ledger.total_of("b") == Totals()
    assert ledger.total.calls == 4


def test_a_ledger_in_another_process_begins_at_zero() -> None:
    """A pickled ledger has its limit and nothing of what was counted."""
    model = HeadroomChatModel(scripted([0]), ledger=Ledger(max_conversations=1))
    model.invoke(history(), thread("a"))
    again: Ledger = pickle.loads(pickle.dumps(model.ledger))  # noqa: S301 - written just now
    assert again.total == Totals()
    for name in ("a", "b"):
        HeadroomChatModel(scripted([0]), ledger=again).invoke(history(), thread(name))
    assert again.conversations == ("b",)


def test_a_report_has_no_texts() -> None:
    """What is kept of a call keeps no message and no original alive."""
    model = HeadroomChatModel(scripted([1]))
    model.invoke(history())
    assert model.report is not None
    assert "served 0 250" not in repr(model.report)


def test_copies_count_in_the_ledger_of_what_they_are_copies_of() -> None:
    """Bound, configured and copied models add to the totals of the first one."""
    model = HeadroomChatModel(scripted([0] * 4))
    tool = {"name": "look", "description": "Look.", "parameters": {}}
    others: list[Any] = [
        model,
        model.bind_tools([{"type": "function", "function": tool}]),
        model.with_config(tags=["mine"]),
        model.model_copy(update={"namespace": "other"}),
    ]
    for number, each in enumerate(others, start=1):
        assert isinstance(each.invoke(history()), AIMessage)
        assert model.total.calls == number
        assert model.report is not None
        assert model.report.total.calls == number


def test_before_the_first_call_there_is_nothing() -> None:
    """A new model has totals, and they are zero."""
    model = HeadroomChatModel(scripted())
    assert model.total == Totals()
    assert model.report is None
    assert model.report_of("a") is None
