"""Who adds up the calls that happen somewhere, beside the model that makes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from langchain_core.callbacks import BaseCallbackManager, Callbacks

from headroom_langchain.accounts.ledger import Counted, Ledger

_LEDGERS: ContextVar[tuple[Ledger, ...]] = ContextVar("headroom_ledgers", default=())


class Watching(Counted):
    """A callback handler that has a ledger."""


@contextmanager
def counted_in(ledger: Ledger) -> Iterator[None]:
    """Let a ledger count what is called in a block of code."""
    token = _LEDGERS.set((*_LEDGERS.get(), ledger))
    try:
        yield
    finally:
        _LEDGERS.reset(token)


def ledgers_of(*callbacks: Callbacks) -> list[Ledger]:
    """Return the ledgers that count what happens here, under some callbacks."""
    ledgers = [*_LEDGERS.get()]
    for each in callbacks:
        handlers = each.handlers if isinstance(each, BaseCallbackManager) else each
        found = [one for one in handlers or () if isinstance(one, Watching)]
        ledgers += [one.ledger for one in found]
    return ledgers
