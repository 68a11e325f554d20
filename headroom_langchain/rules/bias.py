"""What a hook may say about one message: show more or less of it, or all."""

from __future__ import annotations

from dataclasses import dataclass

from headroom_langchain.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Bias:
    """How the texts of one message are treated.

    Raises:
        ConfigurationError: `budget` is not above 0.
    """

    budget: float = 1.0
    """Factor on what an excerpt may have: 2.0 shows about twice as much."""
    protect: bool = False
    """Whether the message goes out as it is."""

    def __post_init__(self) -> None:
        """Check the factor."""
        if not 0 < self.budget < float("inf"):
            msg = f"Bias(budget={self.budget!r}) must be above 0 and finite."
            raise ConfigurationError(msg)


NEUTRAL = Bias()
"""What holds when nobody says anything."""
