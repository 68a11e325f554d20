"""For tests of code that uses models: models and servers that play a script.

The servers are in `headroom_langchain.testing.servers`, and the laws for a store of
one's own in `headroom_langchain.testing.store_laws`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

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


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
