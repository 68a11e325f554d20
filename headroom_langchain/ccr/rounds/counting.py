"""What was counted over all rounds of an answer.

Every round is paid for, so its counts are added up: those that langchain-core
knows, and the provider's own that clients leave beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from langchain_core.messages.ai import UsageMetadata, add_usage

_COUNTS: Final = ("token_usage", "usage")
"""Where clients leave the provider's own counts."""


def summed_usage(
    left: UsageMetadata | None, right: UsageMetadata | None
) -> UsageMetadata | None:
    """Add up two counts, either of which may be missing."""
    return add_usage(left, right) if left or right else None


def with_all_counts(
    last: Mapping[str, Any], rounds: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what is known of the last round, with the counts of all of them.

    Args:
        last: What is known of the last round.
        rounds: What is known of each round, the last one included.
    """
    counted = dict(last)
    for key in _COUNTS:
        if isinstance(last.get(key), Mapping):
            total: Any = None
            for known in rounds:
                total = added_counts(total, known.get(key))
            counted[key] = total
    return counted


def with_all_logprobs(
    last: Mapping[str, Any], rounds: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what is known of the last round, with the log probabilities of all.

    Args:
        last: What is known of the last round.
        rounds: What is known of each round, the last one included.
    """
    given = [known["logprobs"] for known in rounds if known.get("logprobs")]
    if not all(isinstance(value, Mapping) for value in given) or not given:
        return dict(last)
    listed = {
        key: [entry for value in given for entry in value.get(key) or ()]
        for key in given[-1]
        if any(value.get(key) for value in given)
    }
    return {**last, "logprobs": {**given[-1], **listed}}


def added_counts(left: Any, right: Any) -> Any:
    """Add numbers, and the numbers in mappings; of all else the last counts.

    Args:
        left: What was counted so far, or `None`.
        right: What was counted next, or `None`.
    """
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        keys = [*left, *(key for key in right if key not in left)]
        return {key: added_counts(left.get(key), right.get(key)) for key in keys}
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if numbers and not isinstance(left, bool) and not isinstance(right, bool):
        return left + right
    return left if right is None else right
