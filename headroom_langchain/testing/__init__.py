"""For tests of code that uses models: models and servers that play a script.

The servers are in `headroom_langchain.testing.servers`, and the laws for a store of
one's own in `headroom_langchain.testing.store_laws`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headroom_langchain.lazy_names import lazy_names

if TYPE_CHECKING:
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

# Imported when they are asked for: the laws of a store need no models.
_HOMES = {
    "Call": "turns",
    "Chunking": "turns",
    "Part": "turns",
    "Played": "scripted",
    "Request": "scripted",
    "ScriptedChatModel": "scripted",
    "ScriptedWithoutStreaming": "scripted",
    "ScriptedWithoutTools": "scripted",
    "Shape": "shapes",
    "Turn": "turns",
    "TurnLike": "turns",
    "ask_for_original": "turns",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
