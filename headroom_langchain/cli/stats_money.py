"""What savings are worth, at prices that are known or that the user names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headroom_langchain.accounts.prices import ModelPrice, Prices, Savings
from headroom_langchain.ccr.store.figures import Figures, Line, summed
from headroom_langchain.cli.failure import CommandError
from headroom_langchain.reports.totals import Billed, Totals

if TYPE_CHECKING:
    from argparse import Namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What calls cost, and what they would have cost."""

    savings: Savings
    prices: str
    """Whose prices these are."""
    unpriced: tuple[str, ...]
    """The models of which no price is known; their calls are not in it."""


def money(lines: Sequence[Line], options: Namespace) -> Money | None:
    """Return what was saved in money, `None` where no price is known.

    Args:
        lines: The book of a store.
        options: With a `price`, or the name of a `model`, for all calls; otherwise
            each model has the price that is known of it.

    Raises:
        CommandError: There is no price of the model that is named.
    """
    paid_for = {
        model: figures
        for model, figures in summed(lines, lambda line: line.topic.model).items()
        if figures.requests
    }
    prices = {model: _price(model, options) for model in paid_for}
    known = [
        price.savings(_totals(paid_for[model]))
        for model, price in prices.items()
        if price is not None
    ]
    if not known:
        return None
    return Money(
        savings=sum(known[1:], known[0]),
        prices=_whose(options),
        unpriced=tuple(sorted(name for name in prices if prices[name] is None)),
    )


def _price(model: str, options: Namespace) -> ModelPrice | None:
    if options.price is not None:
        fresh, cached, output = (*options.price, None, None)[:3]
        return ModelPrice(input=fresh, cached_input=cached, output=output or 0.0)
    if options.model is None:
        return Prices().of(model)
    price = Prices().of(options.model)
    if price is None:
        msg = f"no price of {options.model!r} is known: give --price IN,CACHED,OUT"
        raise CommandError(msg)
    return price


def _whose(options: Namespace) -> str:
    if options.price is not None:
        return f"at {', '.join(f'{price:g}' for price in options.price)} a million"
    from headroom_langchain.accounts.price_list import PRICES_TAKEN

    of = f" of {options.model}" if options.model is not None else ""
    return f"in USD, list prices{of} of {PRICES_TAKEN}"


def _totals(figures: Figures) -> Totals:
    return Totals(
        uncounted=figures.uncounted,
        paid=Billed(
            fresh=figures.paid_fresh,
            cached=figures.paid_cached,
            written=figures.paid_written,
            output=figures.paid_output,
        ),
        plain=Billed(
            fresh=figures.plain_fresh,
            cached=figures.plain_cached,
            written=figures.plain_written,
            output=figures.plain_output,
        ),
    )
