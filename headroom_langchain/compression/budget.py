"""How much of a text may be shown: less of it, the longer it is."""

from __future__ import annotations

import math


def power_budget(tokens: int, *, factor: float, power: float) -> int:
    """Return `factor * tokens ** power`, and at most all tokens.

    Args:
        tokens: Estimated tokens of the text.
        factor: What the power is multiplied with.
        power: Below 1, so that the budget grows slower than the text.
    """
    return min(tokens, round(factor * math.pow(tokens, power)))
