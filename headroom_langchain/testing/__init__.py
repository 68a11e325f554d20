"""For tests of code that uses models: models and servers that play a script.

The servers are in `headroom_langchain.testing.servers`.
"""

from __future__ import annotations

from headroom_langchain.testing.scripted import (
    Played,
    Request,
    ScriptedChatModel,
    ScriptedWithoutStreaming,
    ScriptedWithoutTools,
)
from headroom_langchain.testing.shapes import Shape
from headroom_langchain.testing.turns import (
    Call,
    Chunking,
    Part,
    Turn,
    TurnLike,
    ask_for_original,
)

__all__ = [
    "Call",
    "Chunking",
    "Part",
    "Played",
    "Request",
    "ScriptedChatModel",
    "ScriptedWithoutStreaming",
    "ScriptedWithoutTools",
    "Shape",
    "Turn",
    "TurnLike",
    "ask_for_original",
]
