"""What calls save in money: the net figure, at the user's prices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from calling import history, scripted, thread, usage
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.messages.ai import UsageMetadata

from headroom_langchain import HeadroomChatModel
from headroom_langchain.accounts.billing import billed
from headroom_langchain.accounts.price_list import DEFAULT_PRICES
from headroom_langchain.accounts.prices import ModelPrice, Prices
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.reports.report import CallReport, RequestReport
from headroom_langchain.testing import ScriptedChatModel, Turn

PRICE = ModelPrice(input=10.0, output=50.0, cached_input=1.0, cache_write=12.5)
MILLION = 1_000_000


def called(*spent: UsageMetadata | None) -> tuple[HeadroomChatModel, CallReport]:
    """Call a model once, with a request for each usage."""
    asks = scripted([len(spent) - 1]).turns
    turns = [_with(turn, one) for turn, one in zip(asks, spent, strict=True)]
    model = HeadroomChatModel(ScriptedChatModel(turns=turns))
    model.invoke(history(), thread("a"))
    assert model.report is not None
    return model, model.report


def _with(turn: Any, spent: UsageMetadata | None) -> Any:
    def play(messages: Any) -> Turn:
        asks: Turn = turn(messages)
        return replace(asks, usage=spent)

    return play


def extra(report: CallReport) -> int:
    """Return the tokens that the first request would have had more."""
    return report.tokens_before - report.requests[0].tokens_sent


def test_one_request_saves_what_it_left_out() -> None:
    """Without a cache, what was left out has the price of fresh input."""
    _, report = called(usage(1000, 20))
    saved = PRICE.savings(report)
    assert saved.paid == pytest.approx((1000 * 10 + 20 * 50) / MILLION)
    assert saved.saved == pytest.approx(extra(report) * 10 / MILLION)
    assert not saved.estimated
    assert 0 < saved.percent < 100


def test_requests_after_a_retrieval_are_subtracted() -> None:
    """All rounds are paid for; without this package there would have been one."""
    _, report = called(usage(1000, 20), usage(1500, 30))
    saved = PRICE.savings(report)
    assert saved.paid == pytest.approx((2500 * 10 + 50 * 50) / MILLION)
    plain = (1000 + extra(report)) * 10 + 30 * 50
    assert saved.plain == pytest.approx(plain / MILLION)


def test_what_is_new_would_have_been_written_to_the_cache() -> None:
    """Where a provider writes to its cache, new texts have the price of that."""
    _, report = called(usage(1000, 20, cached=300, written=600))
    saved = PRICE.savings(report)
    paid = 100 * 10 + 300 * 1 + 600 * 12.5 + 20 * 50
    assert saved.paid == pytest.approx(paid / MILLION)
    # The schema of the tool stands in the cached part of the request.
    schema = report.requests[0].tokens_tool
    left_out = report.tokens_saved * 12.5 - schema * 1
    assert saved.saved == pytest.approx(left_out / MILLION)


def test_what_an_earlier_call_had_would_have_been_in_the_cache() -> None:
    """Texts that were sent before count at the price of cached input."""
    model = HeadroomChatModel(
        scripted([0, 0], usage(5000, 20, cached=4000)), namespace="n"
    )
    messages = history()
    model.invoke(messages, thread("a"))
    model.invoke([*messages, AIMessage("The disk."), HumanMessage("And?")], thread("a"))
    report = model.report
    assert report is not None
    saved = PRICE.savings(report)
    assert saved.saved == pytest.approx(extra(report) * 1 / MILLION)


def test_totals_have_the_money_of_their_calls() -> None:
    """What a conversation saved is the sum of what its calls saved."""
    model = HeadroomChatModel(scripted([1, 0, 2], usage(900, 10, cached=100)))
    saved = []
    for _ in range(3):
        model.invoke(history(), thread("a"))
        assert model.report is not None
        saved.append(PRICE.savings(model.report))
    one, two, three = saved
    total = PRICE.savings(model.total)
    assert total.paid == pytest.approx((one + two + three).paid)
    assert total.plain == pytest.approx((one + two + three).plain)


def test_without_usage_money_is_estimated() -> None:
    """What no provider counted is estimated, and said to be."""
    _, report = called(None, usage(1000))
    saved = PRICE.savings(report)
    assert saved.estimated
    sent = report.requests[0].tokens_sent
    assert saved.paid == pytest.approx(((sent + 1000) * 10 + 5 * 50) / MILLION)


def test_a_retrieval_can_cost_more_than_was_saved() -> None:
    """Savings in money are negative where they are."""
    _, report = called(usage(10_000), usage(10_500), usage(11_000))
    assert PRICE.savings(report).saved < 0


def details(**counts: int) -> RequestReport:
    """Return a request of 1,000 tokens of which some are told apart."""
    spent: Any = {**usage(1000, 7), "input_token_details": counts}
    return RequestReport(number=1, tokens=0, usage=spent)


@pytest.mark.parametrize(
    ("counts", "cached", "written"),
    [
        ({}, 0, 0),
        ({"cache_read": 100, "audio": 5}, 100, 0),
        ({"priority_cache_read": 100}, 100, 0),
        ({"cache_read": 100, "cache_creation": 50}, 100, 50),
        ({"cache_creation": 0, "ephemeral_5m_input_tokens": 50}, 0, 50),
        ({"cache_creation": 50, "ephemeral_1h_input_tokens": 50}, 0, 50),
        ({"cache_read": None, "cache_creation": None}, 0, 0),
    ],
)
def test_the_details_of_every_client_are_understood(
    counts: dict[str, int], cached: int, written: int
) -> None:
    """Cached tokens are part of the input, under each of the names they have."""
    bill = billed(details(**counts))
    assert (bill.cached, bill.written) == (cached, written)
    assert bill.fresh + bill.cached + bill.written == 1000
    assert bill.output == 7


def test_a_price_without_a_cache_is_that_of_input() -> None:
    """Where no price of cached input is given, it costs what other input does."""
    _, report = called(usage(1000, 20, cached=300, written=600))
    saved = ModelPrice(input=10.0).savings(report)
    assert saved.paid == pytest.approx(1000 * 10 / MILLION)


@pytest.mark.parametrize("price", [-1.0, float("nan")])
def test_a_price_is_a_number_from_zero_on(price: float) -> None:
    """A price that makes no sense is refused where it is written."""
    with pytest.raises(ConfigurationError, match="from 0 on"):
        ModelPrice(input=1.0, cached_input=price)


def test_an_unknown_model_has_no_price() -> None:
    """Money is never guessed."""
    _, report = called(usage(1000))
    assert report.model == "scripted"
    assert Prices().of("scripted") is None
    assert Prices().of(None) is None
    assert Prices().savings(report) is None


def test_a_model_without_a_price_leaves_no_sum() -> None:
    """The money of several models is known when that of each is."""
    model, report = called(usage(1000))
    assert model.ledger.savings() is None
    known = Prices({"scripted": PRICE})
    assert model.ledger.savings(known) == known.savings(report) == PRICE.savings(report)


@pytest.mark.parametrize(
    ("model", "input_price"),
    [
        ("my-model", 1.0),
        ("My-Model-2026-02-03", 1.0),
        ("my-model-large", 2.0),
        ("my-other", None),
        ("not-my-model", None),
        ("claude-sonnet-4-5-20250929", 7.0),
        ("claude-opus-4-1-20250805", 15.0),
        ("claude-opus-4-5", 5.0),
        ("gpt-5.4-2026-03-05", 2.5),
        ("gpt-5.4-pro", None),
        ("gpt-5.4-mini", 0.75),
    ],
)
def test_the_longest_pattern_of_the_user_comes_first(
    model: str, input_price: float | None
) -> None:
    """A user's pattern goes before the list prices, and dates do not matter."""
    prices = Prices(
        {
            "my-model": ModelPrice(input=1.0),
            "my-model-*": ModelPrice(input=2.0),
            "claude-sonnet-*": ModelPrice(input=7.0),
        }
    )
    found = prices.of(model)
    assert (found and found.input) == input_price
    assert Prices(defaults=False).of(model) is None


def test_list_prices_are_in_order() -> None:
    """Cached input is cheaper than fresh input, and output the dearest."""
    for price in DEFAULT_PRICES.values():
        assert price.cached_input is not None
        assert price.cached_input < price.input < price.output
        assert price.cache_write is None or price.input < price.cache_write
