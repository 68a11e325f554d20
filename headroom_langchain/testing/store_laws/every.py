"""Every law of a store."""

from __future__ import annotations

from typing import Final

from headroom_langchain.testing.store_laws import (
    concurrency,
    content,
    figures,
    housekeeping,
    limits,
    namespaces,
    processes,
    sharing,
)
from headroom_langchain.testing.store_laws.law import StoreLaw

STORE_LAWS: Final[tuple[StoreLaw, ...]] = (
    *content.LAWS,
    *namespaces.LAWS,
    *concurrency.LAWS,
    *housekeeping.LAWS,
    *limits.LAWS,
    *figures.LAWS,
    *sharing.LAWS,
    *processes.LAWS,
)
"""Every law of a store, in the order in which they are looked at."""
