"""What operators see of a server: metrics, a log, a journal, and the page at `/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headroom_langchain.lazy_names import lazy_names

if TYPE_CHECKING:
    from headroom_langchain.serve.operations.operations import Operations
    from headroom_langchain.serve.operations.worker_counts import (
        forget_workers,
        prepare_workers,
    )

__all__ = ["Operations", "forget_workers", "prepare_workers"]

_HOMES = {
    "Operations": "operations",
    "forget_workers": "worker_counts",
    "prepare_workers": "worker_counts",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
