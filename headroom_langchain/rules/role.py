"""Who wrote a text."""

from __future__ import annotations

from typing import Literal

Role = Literal["tool", "human", "system", "assistant"]
"""Who wrote a text block."""
