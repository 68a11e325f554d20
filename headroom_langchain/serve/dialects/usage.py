"""What a provider counted over the rounds of an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

from headroom_langchain.ccr.rounds.counting import added_counts
from headroom_langchain.serve.wire.body import Json


def added(usages: Iterable[Mapping[str, Any] | None]) -> Json | None:
    """Add up what was counted for rounds.

    Numbers are added, also those in objects within; of all else the last one counts.

    Args:
        usages: What was counted for each round; `None` where nothing was.

    Returns:
        The sum as an object of its own, or `None` when nothing was counted at all.
    """
    counted = [dict(usage) for usage in usages if usage is not None]
    return reduce(added_counts, counted) if counted else None
