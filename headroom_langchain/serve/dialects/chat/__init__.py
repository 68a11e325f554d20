"""OpenAI Chat Completions, which many other providers speak too."""

from __future__ import annotations

from typing import Final

from headroom_langchain.serve.dialects.chat.completions import ChatCompletions
from headroom_langchain.serve.dialects.dialect import Dialect

CHAT: Final[Dialect] = ChatCompletions()
"""The protocol."""
