"""A callback handler that adds up what calls saved, over chains, graphs and agents.

It is told by the calls themselves: whatever `HeadroomChatModel`, middleware, node or
hook runs under a configuration that has the handler counts in it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from langchain_core.callbacks import BaseCallbackHandler

from headroom_langchain.accounts.ledger import Ledger
from headroom_langchain.accounts.prices import Prices, Savings
from headroom_langchain.accounts.watching import Watching, counted_in
from headroom_langchain.reports.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Mapping


class HeadroomCallbackHandler(Watching, BaseCallbackHandler):
    """Adds up what calls sent and saved.

    It goes where callbacks go: into the configuration of a call, of a chain or of an
    agent, or among the `callbacks` of one model. It is safe between threads and tasks.

    Example:
        ```python
        handler = HeadroomCallbackHandler()
        agent.invoke({"messages": [...]}, config={"callbacks": [handler]})
        handler.total.tokens_net_saved
        handler.total_of("thread-7")
        handler.savings(Prices())
        ```
    """

    def __init__(self, ledger: Ledger | None = None) -> None:
        """Start at zero, or go on with a ledger that others share."""
        super().__init__()
        self.ledger = ledger if ledger is not None else Ledger()

    @property
    def models(self) -> Mapping[str | None, Totals]:
        """The sum of all calls of each model, by its name."""
        return self.ledger.models

    def total_of(self, conversation: str | None) -> Totals:
        """Return the sum of the calls of a conversation: its `thread_id`."""
        return self.ledger.total_of(conversation)

    def savings(self, prices: Prices | None = None) -> Savings | None:
        """Return what all calls saved in money; see `Ledger.savings`."""
        return self.ledger.savings(prices)

    def __repr__(self) -> str:
        """Return the name of the class and the sum."""
        return f"{type(self).__name__}({self.total!r})"


@contextmanager
def headroom_usage() -> Generator[HeadroomCallbackHandler]:
    """Add up all calls that are made in a block of code.

    It holds for the context of the block, so tasks and threads that run at the same
    time each have their own.

    Yields:
        What adds up.

    Example:
        ```python
        with headroom_usage() as figures:
            agent.invoke({"messages": [...]})
        print(figures.total)
        ```
    """
    handler = HeadroomCallbackHandler()
    with counted_in(handler.ledger):
        yield handler
