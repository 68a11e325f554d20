"""What tokens cost, and what was saved in money."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from headroom_langchain.errors import ConfigurationError
from headroom_langchain.reports.totals import Billed, Totals

if TYPE_CHECKING:
    from headroom_langchain.reports.report import CallReport

_MILLION: Final = 1_000_000
_DATED: Final = re.compile(r"-20\d\d-?[01]\d-?[0-3]\d$")
"""How providers name one state of a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """What calls cost, and what they would have cost, in the currency of the prices."""

    paid: float
    """What was paid for, over all requests."""
    plain: float
    """What the same calls would have cost without this package."""
    estimated: bool
    """Whether a provider told no usage for some request, so that its tokens are
    estimated, and its output is not in it."""

    @property
    def saved(self) -> float:
        """The difference; negative when retrievals cost more than was saved."""
        return self.plain - self.paid

    @property
    def percent(self) -> float:
        """What was saved of what it would have cost, from 0 to 100."""
        return 100 * self.saved / self.plain if self.plain else 0.0

    def __add__(self, other: Savings) -> Savings:
        """Add up what was saved at different prices."""
        return Savings(
            paid=self.paid + other.paid,
            plain=self.plain + other.plain,
            estimated=self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPrice:
    """What a million tokens of a model cost, in any currency."""

    input: float
    """Of input that the provider reads."""
    output: float = 0.0
    """Of what the model writes."""
    cached_input: float | None = None
    """Of input that the provider has in its prompt cache; `None` is `input`."""
    cache_write: float | None = None
    """Of input that the provider puts into its prompt cache; `None` is `input`."""

    def __post_init__(self) -> None:
        """Refuse prices below zero.

        Raises:
            ConfigurationError: A price is negative.
        """
        prices = (self.input, self.output, self.cached_input, self.cache_write)
        if any(price is not None and not price >= 0 for price in prices):
            msg = f"{self!r}: a price is a number from 0 on, for a million tokens."
            raise ConfigurationError(msg)

    def of(self, billed: Billed) -> float:
        """Return what tokens cost."""
        cached = self.input if self.cached_input is None else self.cached_input
        written = self.input if self.cache_write is None else self.cache_write
        cost = (
            billed.fresh * self.input
            + billed.cached * cached
            + billed.written * written
            + billed.output * self.output
        )
        return cost / _MILLION

    def savings(self, calls: CallReport | Totals) -> Savings:
        """Return what calls saved.

            paid  = what the provider counted over all requests of the call:
                    fresh, cached and cache-written input, and output
            plain = the first request as the provider counted it
                    + the tokens left out of texts that are new in this call
                    + those left out of texts that the call before had too
                    - the retrieve tool and the answers of earlier retrievals in it
                    + the output of the last request
            saved = plain - paid

        So it is the net figure: further requests, answers, the tool's schema and the
        output that asked for them are subtracted. Where the provider caches (the first
        request read from its cache), the third and fourth line have the price of
        cached input; where it writes to its cache, the second has the price of that.
        What was left out is estimated, since no provider counted it.

        It assumes that with the originals the model would have answered at once, as in
        its last round, and that the provider would have cached them as it cached the
        rest of the request.

        Args:
            calls: A report of one call, or totals of calls of this model.
        """
        totals = calls if isinstance(calls, Totals) else calls.figures
        return Savings(
            paid=self.of(totals.paid),
            plain=self.of(totals.plain),
            estimated=totals.uncounted > 0,
        )


class Prices:
    """Prices of models by name.

    A pattern matches the whole name, upper and lower case alike, as in
    `exclude_tools`; a date at the end of a name does not matter, unless the very name
    is in the table. Of all patterns that match, the longest counts.

    Example:
        ```python
        prices = Prices({"my-model-*": ModelPrice(input=1.2, output=6.0)})
        prices.savings(llm.report)
        ```
    """

    def __init__(
        self,
        table: Mapping[str, ModelPrice] | None = None,
        *,
        defaults: bool = True,
    ) -> None:
        """Set up a table.

        Args:
            table: Prices by name or pattern.
            defaults: Whether `DEFAULT_PRICES` serve for models that no pattern of
                the table matches.

        Raises:
            ConfigurationError: Something in the table is no `ModelPrice`.
        """
        self._table = dict(table or {})
        for name, price in self._table.items():
            if not isinstance(price, ModelPrice):
                msg = f"the price of {name!r} is {price!r}: write ModelPrice(input=...)"
                raise ConfigurationError(msg)
        self._defaults = defaults

    def of(self, model: str | None) -> ModelPrice | None:
        """Return the price of a model, or `None` for one that is not in the table."""
        from headroom_langchain.accounts.price_list import DEFAULT_PRICES

        if model is None:
            return None
        found = _longest(self._table, model)
        if found is None and self._defaults:
            found = _longest(DEFAULT_PRICES, model)
        return found

    def savings(self, report: CallReport, model: str | None = None) -> Savings | None:
        """Return what a call saved in money, or `None` when its price is not known.

        Args:
            report: The report of the call.
            model: The name of the model, for one that does not tell its own.
        """
        price = self.of(model or report.model)
        return None if price is None else price.savings(report)


def _longest(table: Mapping[str, ModelPrice], model: str) -> ModelPrice | None:
    folded = {pattern.casefold(): price for pattern, price in table.items()}
    name = model.casefold()
    if name in folded:
        return folded[name]
    for each in (_DATED.sub("", name), name):
        matching = [pattern for pattern in folded if fnmatchcase(each, pattern)]
        if matching:
            return folded[max(matching, key=len)]
    return None
