"""Anthropic Messages."""

from __future__ import annotations

from typing import Final

from headroom_langchain.serve.dialects.dialect import Dialect
from headroom_langchain.serve.dialects.messages.protocol import Messages

MESSAGES: Final[Dialect] = Messages()
"""The protocol."""
