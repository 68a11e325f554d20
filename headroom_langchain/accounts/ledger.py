"""Running totals of calls, by conversation and by model.

Figures are added when they happen, so the totals are right also while calls go on,
and of those that were left early.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from operator import add
from typing import Final, Protocol

from headroom_langchain.accounts.prices import Prices, Savings
from headroom_langchain.ccr.store.forking import fork_safe_lock
from headroom_langchain.reports.report import CallReport
from headroom_langchain.reports.totals import NOTHING, Totals, combined

DEFAULT_MAX_CONVERSATIONS: Final = 256
_NOTHING: Final = NOTHING.figures


class Reporting(Protocol):
    """A call that can say at any time what it did so far."""

    @property
    def conversation(self) -> str | None:
        """The conversation it belongs to, if one is known."""
        ...

    @property
    def model(self) -> str | None:
        """The model that it calls, if its name is known."""
        ...

    def report(self, total: Totals) -> CallReport:
        """Return what it did; `total` is that of its conversation."""
        ...


class _Page:
    """What is kept of a conversation."""

    __slots__ = ("figures", "last", "marks")

    def __init__(self) -> None:
        self.figures: tuple[int, ...] = _NOTHING
        self.last: Reporting | None = None
        self.marks: frozenset[object] = frozenset()


class Ledger:
    """Adds up calls; safe between threads and tasks.

    Calls without a `thread_id` or `session_id` count as one conversation, `None`. One
    ledger can serve several models and agents.
    """

    def __init__(self, *, max_conversations: int = DEFAULT_MAX_CONVERSATIONS) -> None:
        """Start at zero.

        Args:
            max_conversations: How many conversations are kept apart, 256 by default.
                Beyond that the one that was quiet for longest is forgotten; what it
                added to `total` stays.
        """
        self._max = max_conversations
        self._lock = fork_safe_lock()
        self._pages: OrderedDict[str | None, _Page] = OrderedDict()
        self._models: dict[str | None, tuple[int, ...]] = {}
        self._total: tuple[int, ...] = _NOTHING
        self._last: Reporting | None = None

    def __reduce__(self) -> tuple[Callable[[], Ledger], tuple[()]]:
        """Pickle the settings: in another process the ledger begins at zero."""
        return partial(Ledger, max_conversations=self._max), ()

    @property
    def total(self) -> Totals:
        """The sum of all calls."""
        with self._lock:
            return Totals.of(self._total)

    @property
    def models(self) -> dict[str | None, Totals]:
        """The sum of all calls of each model, by its name, if one is known."""
        with self._lock:
            return {name: Totals.of(sums) for name, sums in self._models.items()}

    @property
    def conversations(self) -> tuple[str | None, ...]:
        """The conversations that are kept apart, the one heard of last at the end."""
        with self._lock:
            return tuple(self._pages)

    def total_of(self, conversation: str | None) -> Totals:
        """Return the sum of the calls of a conversation; zero for an unknown one."""
        with self._lock:
            page = self._pages.get(conversation)
            return NOTHING if page is None else Totals.of(page.figures)

    @property
    def report(self) -> CallReport | None:
        """What the call did that was begun last, or `None` before the first."""
        with self._lock:
            last = self._last
        return None if last is None else last.report(self.total_of(last.conversation))

    def report_of(self, conversation: str | None) -> CallReport | None:
        """Return what the last call of a conversation did, or `None`."""
        with self._lock:
            page = self._pages.get(conversation)
            last = None if page is None else page.last
        return None if last is None else last.report(self.total_of(conversation))

    def savings(self, prices: Prices | None = None) -> Savings | None:
        """Return what all calls saved in money.

        Args:
            prices: What tokens cost, by model; the list prices by default.

        Returns:
            The sum over all models, or `None` when one of them has no price.
        """
        prices = prices if prices is not None else Prices()
        saved = Savings(paid=0.0, plain=0.0, estimated=False)
        for model, totals in self.models.items():
            price = prices.of(model)
            if price is None:
                return None
            saved += price.savings(totals)
        return saved

    # What calls tell

    def marks(self, conversation: str | None) -> frozenset[object]:
        """Return the marks of the last call of a conversation."""
        with self._lock:
            page = self._pages.get(conversation)
            return frozenset() if page is None else page.marks

    def begin(self, call: Reporting, marks: frozenset[object] = frozenset()) -> None:
        """Note that a call has begun.

        Args:
            call: The call.
            marks: What tells its texts from others.
        """
        with self._lock:
            self._last = call
            page = self._page(call.conversation)
            page.last, page.marks = call, marks

    def add(self, call: Reporting, figures: tuple[int, ...]) -> None:
        """Add what a call sent or learned since it told last.

        Args:
            call: The call.
            figures: Those of `Totals`, in their order.
        """
        with self._lock:
            page = self._page(call.conversation)
            page.figures = combined(add, page.figures, figures)
            known = self._models.get(call.model, _NOTHING)
            self._models[call.model] = combined(add, known, figures)
            self._total = combined(add, self._total, figures)

    def _page(self, conversation: str | None) -> _Page:
        page = self._pages.get(conversation)
        if page is None:
            page = self._pages[conversation] = _Page()
            if len(self._pages) > self._max:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(conversation)
        return page


class Counted:
    """Something whose calls a ledger adds up."""

    ledger: Ledger
    """What adds up."""

    @property
    def report(self) -> CallReport | None:
        """What was begun last, or `None` before the first.

        With several at a time that may be anybody's; `report_of` tells those of one
        conversation.
        """
        return self.ledger.report

    def report_of(self, conversation: str | None) -> CallReport | None:
        """Return what was done last in a conversation; `None` for an unknown one.

        Args:
            conversation: Its `thread_id` or `session_id`; `None` for what had neither.
        """
        return self.ledger.report_of(conversation)

    @property
    def total(self) -> Totals:
        """The sum of all that was done."""
        return self.ledger.total
