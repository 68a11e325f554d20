"""On every surface, what is reported is what was sent."""

from __future__ import annotations

from typing import Any, get_args

import graphs
import pytest
import surfaces
from plays import BIG, SCENARIOS, history
from recount import in_texts, recount

from headroom_langchain import HeadroomChatModel
from headroom_langchain.callbacks import HeadroomCallbackHandler, headroom_usage
from headroom_langchain.testing.shapes import Shape

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*is in beta", "ignore:The v3 streaming protocol"
)

SURFACES = {**surfaces.SURFACES, **graphs.SURFACES}
CONFIG: Any = {"tags": ["mine"], "configurable": {"thread_id": "t-1"}}

PATHS = ("invoke", "ainvoke", "stream", "astream", "async events v3")
"""Surfaces that reach the wrapper in different ways."""

SHORT = ("no retrieval", "one", "three")
"""Scenarios with none, one and several retrievals."""

LONG = sorted(set(SCENARIOS) - set(SHORT))


async def assert_adds_up(surface: str, scenario: str, shape: Shape) -> None:
    """The figures are those of a recount of what the model was sent."""
    play = SCENARIOS[scenario]
    inner = play.model(shape)
    model = HeadroomChatModel(inner)
    with headroom_usage() as figures:
        await SURFACES[surface](model, history(BIG), CONFIG)
    sent, total = recount(inner), figures.total
    assert total.calls == len(sent) / len(play.turns)
    assert total.requests == len(sent)
    assert total.tokens_sent == sum(each.all for each in sent)
    assert total.tokens_before == in_texts(history(BIG)) * total.calls
    assert total.tokens_net_saved == total.tokens_before - total.tokens_sent
    assert total.input_tokens == play.usage["input_tokens"] * total.calls
    assert total.output_tokens == play.usage["output_tokens"] * total.calls
    assert (
        total.cache_read_tokens
        == total.calls * (play.usage["input_token_details"]["cache_read"])
    )
    assert total.uncounted == 0
    assert figures.models == {"scripted": total}
    if not surface.startswith("middleware"):
        # The wrapper of the middleware is its own.
        assert model.total == total
    assert_reported(figures, play_turns=len(play.turns))
    if total.calls == 1:
        report = figures.report
        assert report is not None
        assert [(each.tokens, each.tokens_tool) for each in report.requests] == (
            [(each.texts, each.tool) for each in sent]
        )
        assert [each.usage for each in report.requests] == (
            [turn.usage for turn in play.turns]
        )


def assert_reported(figures: HeadroomCallbackHandler, play_turns: int) -> None:
    """The report of the last call has its part of the total."""
    report = figures.report
    assert report is not None
    assert report.conversation == "t-1"
    assert report.total == figures.total == figures.total_of("t-1")
    assert report.rounds == len(report.requests) == play_turns
    assert [request.number for request in report.requests] == (
        [*range(1, play_turns + 1)]
    )
    sent = sum(request.tokens_sent for request in report.requests)
    assert report.tokens_net_saved == report.tokens_before - sent
    retrieved = [r.tokens for r in report.retrievals]
    assert report.tokens_retrieved == sum(retrieved)
    later = [request.tokens_sent for request in report.requests[1:]]
    told = [r.tokens for r in report.retrievals if r.round < report.rounds]
    assert report.tokens_resent == sum(later) - sum(told)
    assert report.figures.tokens_net_saved == report.tokens_net_saved


@pytest.mark.parametrize("shape", get_args(Shape))
@pytest.mark.parametrize("scenario", SHORT)
@pytest.mark.parametrize("surface", SURFACES)
async def test_every_request_is_counted_as_it_was_sent(
    surface: str, scenario: str, shape: Shape
) -> None:
    """With none, one and several retrievals the report is the recount."""
    await assert_adds_up(surface, scenario, shape)


@pytest.mark.parametrize("scenario", LONG)
@pytest.mark.parametrize("surface", PATHS)
async def test_calls_that_end_oddly_are_counted_too(
    surface: str, scenario: str
) -> None:
    """Mixed turns, too many questions and broken ones add up as others do."""
    await assert_adds_up(surface, scenario, "anthropic")
