"""OpenAI Responses: items, stored conversations, and streams of numbered events."""

from __future__ import annotations

from typing import Final

from headroom_langchain.serve.dialects.dialect import Dialect
from headroom_langchain.serve.dialects.responses.dialect import Responses

__all__ = ["RESPONSES"]

RESPONSES: Final[Dialect] = Responses()
"""The protocol."""
